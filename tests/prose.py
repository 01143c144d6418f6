"""Checks that docstrings are plain English: statements that name their subject, and none of the patterns below.

Run by `python3 dev.py check`; exits with 1 and a line for each fault. The rules are PEP 257's, and ours.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator

from tests.limits import FOLDERS, ROOT, NotPython, parsed

OPENINGS = re.compile(r"^(It|Its|They|He|She|What|Who|Whoever|Whose|Which|Why|How|When|Where|Whether|Of|Nothing)\b")
"""First words that leave the subject of a module, class or function unnamed."""
ATTRIBUTE_OPENINGS = re.compile(r"^(It|Its|They|What|Who|Whose|Which|Whether|Of|Nothing)\b")
"""The same for an attribute. "When it began." and "How long it waits." say what an attribute holds."""

PATTERNS = {
    re.compile(r"\bnothing is (?:no|neither|not)\b", re.IGNORECASE): "write that the thing is missing",
    re.compile(r"\bwhat (?:is|are|was|were) to be\b", re.IGNORECASE): "name the thing",
    re.compile(r"\bwhich of (?:them|those) (?:is|are)\b", re.IGNORECASE): "name the thing",
    re.compile(r"\bwho(?:ever)? (?:may say so|said so)\b", re.IGNORECASE): "name the person",
}
"""Phrases that are read twice, each with advice."""


def docstrings(tree: ast.Module) -> Iterator[tuple[ast.AST, int, str]]:
    """Yield the owner, the line and the text of each docstring; an attribute's docstring follows the attribute."""
    for owner in ast.walk(tree):
        body = (
            owner.body if isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) else []
        )
        for before, node in zip([owner, *body], body, strict=False):
            if isinstance(before, ast.Assign | ast.AnnAssign) or before is owner:
                match node:
                    case ast.Expr(ast.Constant(str(text))):
                        yield before, node.lineno, inspect.cleandoc(text)


def faults(name: str, source: str | bytes) -> Iterator[str]:
    """Yield a line for each fault of a module's docstrings."""
    try:
        tree = parsed(name, source)
    except NotPython as error:
        yield str(error)
        return
    for owner, line, text in docstrings(tree):
        first = text.partition("\n")[0]
        if isinstance(owner, ast.Module) and re.search(r"\?(\s|$)", re.sub(r"`[^`]*`", "", text)):
            yield f"{name}:{line}: a module docstring is a statement, without a question"
        openings = ATTRIBUTE_OPENINGS if isinstance(owner, ast.Assign | ast.AnnAssign) else OPENINGS
        if openings.match(first):
            yield f"{name}:{line}: the first line names its subject: {first[:60]!r}"
        for pattern, advice in PATTERNS.items():
            if found := pattern.search(" ".join(text.split())):
                yield f"{name}:{line}: {found.group()!r}: {advice}"


def main() -> int:
    """Check every Python file of the repository; return the exit code."""
    files = [*(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")), ROOT / "dev.py"]
    named = ((path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in sorted(files))
    for fault in (found := [each for name, source in named for each in faults(name, source)]):
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
