"""Checks that files stay under 400 lines and functions under 50; `[tool.limits]` of `pyproject.toml` lists exceptions.

Ruff limits parameters and branches: `[tool.ruff.lint.pylint]` and `[tool.ruff.lint.mccabe]`.
Run by `python3 dev.py check`; exits with 1 and a line for each problem.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("connectors", "tickets", "worker", "benchmarks", "tests")
MAX_FILE, MAX_FUNCTION = 400, 50  # lines
MAX_EXCEPTIONS = 5


def too_long(path: str, source: str) -> Iterator[tuple[str, int]]:
    """Yield what is too long in a file, with its lines: `path` or `path:function`. Decorators do not count."""
    if (lines := len(source.splitlines())) > MAX_FILE:
        yield path, lines
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION:
                yield f"{path}:{node.name}", lines


def problems(found: dict[str, int], exceptions: dict[str, str]) -> list[str]:
    """Return excess lengths without an exception, unneeded exceptions, and whether there are too many exceptions."""
    return [
        *(f"{name} has {lines} lines" for name, lines in sorted(found.items()) if name not in exceptions),
        *(f"{name} is short enough: end its exception" for name in exceptions if name not in found),
        *([f"{len(exceptions)} exceptions, at most {MAX_EXCEPTIONS}"] if len(exceptions) > MAX_EXCEPTIONS else []),
    ]


def main() -> int:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["limits"]
    files = [*(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")), ROOT / "dev.py"]
    named = ((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in sorted(files))
    checked = [(name, source) for name, source in named if not name.startswith(tuple(settings["exempt"]))]
    found = {name: lines for path, source in checked for name, lines in too_long(path, source)}
    for problem in (every := problems(found, settings["exceptions"])):
        print(problem, file=sys.stderr)
    return 1 if every else 0


if __name__ == "__main__":
    raise SystemExit(main())
