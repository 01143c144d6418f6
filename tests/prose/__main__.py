"""Checks the prose of the repository; exits with 1 and a line for each fault. Run by `python3 dev.py check`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from tests.limits import FOLDERS, ROOT, NotPython, parsed
from tests.prose.code import docstring_faults, docstrings, message_faults, without_code
from tests.prose.linter import Text, linter_faults
from tests.prose.pages import PAGES, page_faults, prose
from tests.prose.phrases import Fault

_NOT_READ = {
    "docs/moves.md": "a table of old and new names",
    "docs/sql.md": "statements and plans, written by a program",
    "docs/reference/commands.md": "made of helps and docstrings, which are checked in the code",
    "docs/reference/metrics.md": "made of helps, which are checked in the code",
    "docs/reference/settings.md": "made of docstrings, which are checked in the code",
}
"""Pages whose prose is checked elsewhere, and pages without prose."""


def unreleased(changelog: str) -> str:
    """Return the beginning of a changelog, without the versions that were released."""
    released = re.search(r"^## \[?\d", changelog, re.MULTILINE)
    return changelog[: released.start()] if released else changelog


def pages() -> Iterator[tuple[str, str]]:
    """Yield name and text of each page."""
    for path in PAGES:
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        if name not in _NOT_READ:
            yield name, unreleased(text) if name == "CHANGELOG.md" else text


def modules() -> Iterator[tuple[str, bytes]]:
    """Yield name and source of each Python module."""
    files = [*(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")), ROOT / "dev.py"]
    for path in sorted(files):
        yield path.relative_to(ROOT).as_posix(), path.read_bytes()


def faults() -> Iterator[Fault]:
    """Yield the faults of the repository."""
    texts = []
    for name, page in pages():
        yield from page_faults(name, page)
        texts.append(Text(name, 1, prose(page)))
    for name, source in modules():
        yield from module_faults(name, source, texts)
    yield from linter_faults(texts)


def module_faults(name: str, source: bytes, texts: list[Text]) -> Iterator[Fault]:
    """Yield the faults of a Python module, and add its docstrings to `texts`."""
    try:
        tree = parsed(name, source)
    except NotPython as error:
        yield Fault(name, 1, str(error).removeprefix(f"{name}: "))
        return
    yield from docstring_faults(name, tree)
    texts += (Text(name, line, without_code(text)) for _, line, text in docstrings(tree))
    yield from message_faults(name, source.decode(), tree)


def main() -> int:
    """Print the faults, in the order of files and lines; return the exit code."""
    found = sorted(set(faults()))
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
