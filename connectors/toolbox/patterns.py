"""Regular expressions and globs from users, for texts from strangers: RE2, which takes linear time.

One difference from RE2's documentation: `.` also matches a line end, since messages have several lines.

Source: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any

import re2
from pydantic import AfterValidator

MAX_EXPRESSION = 1024  # characters of a regular expression
MAX_MEMORY = 1 << 20  # bytes of a compiled expression


@cache
def compiled(expression: str) -> Any:
    """Return the compiled expression. Raises ValueError with the reason."""
    if len(expression) > MAX_EXPRESSION:
        raise ValueError(f"the regular expression has {len(expression)} characters: expected at most {MAX_EXPRESSION}")
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    options.dot_nl = True
    try:
        return re2.compile(expression, options=options)
    except re2.error as error:
        said = error.args[0] if error.args else "no reason given"
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ValueError(f"the regular expression cannot be read as RE2: {reason}") from None


def groups(expression: str) -> frozenset[str]:
    """Return the names of the expression's groups."""
    return frozenset(compiled(expression).groupindex)


def is_in(expression: str, text: str) -> bool:
    """True if the expression matches anywhere in the text."""
    return compiled(expression).search(encodable(text)) is not None


def named(expression: str, text: str) -> dict[str, str] | None:
    """Return the named groups of the first match in the text, without empty ones; None without a match."""
    found = compiled(expression).search(encodable(text))
    return None if found is None else {name: said for name, said in found.groupdict().items() if said}


def encodable(text: str) -> str:
    """Replace lone surrogates, which have no UTF-8: RE2 reads UTF-8."""
    return text.encode("utf-8", "replace").decode()


def fits(glob: str, text: str) -> bool:
    """True if the whole text matches the glob: a star stands for any text, a question mark for one character."""
    return compiled(_of_glob(glob)).fullmatch(encodable(text)) is not None


def _of_glob(glob: str) -> str:
    # Case is ignored, as in the addresses that globs are for.
    return "(?i)" + "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in glob)


def _is_expression(value: str) -> str:
    compiled(value)
    return value


def _is_glob(value: str) -> str:
    compiled(_of_glob(value))
    return value


Expression = Annotated[str, AfterValidator(_is_expression)]
"""A regular expression of RE2."""

Glob = Annotated[str, AfterValidator(_is_glob)]
