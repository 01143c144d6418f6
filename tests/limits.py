"""Checks that files stay under 400 lines and functions under 50; `[tool.limits]` of `pyproject.toml` lists exceptions.

Ruff limits parameters and branches: `[tool.ruff.lint.pylint]` and `[tool.ruff.lint.mccabe]`.
Run by `python3 dev.py check`; exits with 1 and a line for each problem.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("connectors", "tickets", "worker", "benchmarks", "tests")
MAX_FILE, MAX_FUNCTION = 400, 50  # lines
MAX_EXCEPTIONS = 5


class NotPython(Exception):
    """A file that cannot be parsed; the message holds its name and the reason."""


def parsed(name: str, source: str | bytes) -> ast.Module:
    """Return the syntax tree of a file. Raises NotPython, also for bytes that are not UTF-8."""
    try:
        return ast.parse(source, name)
    except (SyntaxError, ValueError) as error:
        raise NotPython(f"{name}: cannot be read as Python: {getattr(error, 'msg', None) or error}") from None


def too_long(path: str, source: str | bytes) -> Iterator[tuple[str, int]]:
    """Yield what is too long in a file, with its lines: `path` or `path:function`. Decorators do not count.

    Raises NotPython.
    """
    if (lines := len(source.splitlines())) > MAX_FILE:
        yield path, lines
    for node in ast.walk(parsed(path, source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION:
                yield f"{path}:{node.name}", lines


def checked(files: Iterable[tuple[str, bytes]], exceptions: dict[str, str]) -> list[str]:
    """Return the problems of files, given as name and content."""
    found: dict[str, int] = {}
    unreadable = []
    for name, source in files:
        try:
            found |= dict(too_long(name, source))
        except NotPython as error:
            unreadable.append(str(error))
    return [*unreadable, *problems(found, exceptions)]


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
    named = ((path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in sorted(files))
    kept = ((name, source) for name, source in named if not name.startswith(tuple(settings["exempt"])))
    for problem in (every := checked(kept, settings["exceptions"])):
        print(problem, file=sys.stderr)
    return 1 if every else 0


if __name__ == "__main__":
    raise SystemExit(main())
