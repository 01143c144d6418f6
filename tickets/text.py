"""Cleans text of characters that databases reject, and cuts text without visible damage.

A character is a Unicode code point. A cut never divides a group of code points that a reader sees as one character.
"""

from __future__ import annotations

import re
import unicodedata

from tickets.invisible import line, passage

ELLIPSIS = "…"
REPLACEMENT = "\ufffd"

_SURROGATE = re.compile("[\ud800-\udfff]")
_ZERO_WIDTH_JOINER = "\u200d"
_MARKS = frozenset({"Mn", "Mc", "Me"})  # categories that combine with the preceding character
_LONGEST_CLUSTER = 64  # characters; a longer cluster is not real text, and may be cut anywhere


def clean(text: str) -> str:
    """Replace NUL and lone surrogates with U+FFFD; join the halves of surrogate pairs."""
    text = text.replace("\0", REPLACEMENT)
    if _SURROGATE.search(text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def one_line(text: str) -> str:
    """Remove invisible characters, and turn every run of white space and control characters into one space."""
    return " ".join(line(clean(text)).split())


def many_lines(text: str) -> str:
    """Remove invisible characters, and end every change of direction with its line."""
    return passage(clean(text))


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters (at least 1), with an ellipsis at the end of a longer text."""
    if len(text) <= limit:
        return text
    return text[: boundary(text, limit - len(ELLIPSIS))].rstrip() + ELLIPSIS


def fit(text: str, limit: int, tail: str = "") -> str:
    """Return `text` and `tail` in at most `limit` characters; a cut adds a notice line before the tail."""
    if len(text) + len(tail) <= limit:
        return text + tail
    notice = f"\n[cut here: the whole text has {len(text)} characters]"
    return text[: boundary(text, limit - len(notice) - len(tail))].rstrip() + notice + tail


def boundary(text: str, at: int) -> int:
    """Return the last place up to `at` (less than the length) where a cut divides no visible character."""
    for place in range(at, max(0, at - _LONGEST_CLUSTER), -1):
        if not _joined(text, place):
            return place
    return max(0, at)


def _joined(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return True
    if before.isascii() and after.isascii():
        return False
    if _is_flag_half(after):
        return _is_flag_half(before) and _flag_halves_before(text, at) % 2 == 1
    return before == _ZERO_WIDTH_JOINER or after == _ZERO_WIDTH_JOINER or _extends(after)


def _extends(character: str) -> bool:
    """True for combining marks, variation selectors, skin tones, tags, and the vowels and finals of Hangul."""
    return (
        unicodedata.category(character) in _MARKS
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or "\u1160" <= character <= "\u11ff"
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_halves_before(text: str, at: int) -> int:
    halves = 0
    while at > halves and halves < _LONGEST_CLUSTER and _is_flag_half(text[at - 1 - halves]):
        halves += 1
    return halves
