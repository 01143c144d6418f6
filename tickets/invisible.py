"""Decides what becomes of each invisible character: in a subject, in a longer text, on a terminal, in a log.

Such characters hide text from a reader, turn its order round, or write to a terminal. Some are also spelling: Persian
needs the non-joiner, an emoji of several parts the joiner. So each kind has a place where its characters stay.

| place | function | invisible characters |
|---|---|---|
| a subject, or another line of a ticket | `line` | are removed |
| a description, a note | `passage` | are removed; a change of direction ends with its line at the latest |
| a terminal, for people | `shown` | those that could deceive are shown as an escape, the others removed |
| a log, or a text in debugging | `escaped` | are shown as an escape |

Keys, ids and digests are made of the text as it came, and never pass through here.

Source: Unicode Standard Annex 9 (directions), Technical Standards 39 (joiners) and 51 (emoji).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Treatment = Literal["keep", "remove", "space", "line", "replace", "escape", "balance"]
Place = Literal["line", "passage", "shown", "escaped"]

REPLACEMENT = "\ufffd"
EMBEDDINGS, ISOLATES = "\u202a\u202b", "\u2066\u2067\u2068"
POP_EMBEDDING, POP_ISOLATE = "\u202c", "\u2069"
MAX_DEPTH = 20
"""Changes of direction inside each other; those inside more are removed."""

_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u1780-\u17ff\u1800-\u18af\ua840-\ua87f\ua8e0-\ua8ff\ufb50-\ufdff"
                      "\ufe70-\ufefc\U00010a00-\U00010a5f\U00010ec0-\U00010eff\U00011000-\U00011fff"
                      "\U0001e900-\U0001e95f]")  # fmt: skip
_MONGOLIAN = re.compile("[\u1820-\u18af]")
_JAMO = re.compile("[\u1100-\u115e\u1161-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]")
_SKIN_TONES = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
_KEYCAP = "\u20e3"
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
_LONGEST_FLAG = 8  # characters


def _near(text: str, at: int) -> str:
    return text[at] if 0 <= at < len(text) else ""


def _category(character: str) -> str:
    return unicodedata.category(character) if character else ""


def _joins(text: str, at: int) -> bool:
    """True between letters of a script that joins its letters; for the joiner, also after one and between emoji."""
    before, after = _near(text, at - 1), _near(text, at + 1)
    if _JOINING.match(before):
        return text[at] == "\u200d" or _JOINING.match(after) is not None
    if text[at] != "\u200d" or _category(after) not in ("So", "Sm"):
        return False
    while before and before in f"\ufe0f{_SKIN_TONES}":
        at -= 1
        before = _near(text, at - 1)
    return _category(before) == "So"


def _varies(text: str, at: int) -> bool:
    """True after a symbol, an ideograph or a letter of a script without cases, and in a keycap."""
    before = _near(text, at - 1)
    if before.isascii():
        return before != "" and before in "0123456789#*" and _near(text, at + 1) == _KEYCAP
    return _category(before) in ("So", "Sm", "Po", "Pd", "Lo")


def _varies_mongolian(text: str, at: int) -> bool:
    return _MONGOLIAN.match(_near(text, at - 1)) is not None


def _fills_jamo(text: str, at: int) -> bool:
    return any(_JAMO.match(_near(text, each)) for each in (at - 1, at + 1))


def _is_in_flag(text: str, at: int) -> bool:
    start = text.rfind("\U0001f3f4", max(0, at - _LONGEST_FLAG), at)
    found = _FLAG.match(text, start) if start >= 0 else None
    return found is not None and at < found.end()


def _ends_line(text: str, at: int) -> bool:
    return _near(text, at + 1) == "\n"


@dataclass(frozen=True, slots=True)
class Kind:
    """Characters with one treatment, at each place."""

    name: str
    characters: str
    """The inside of a character class of a regular expression."""
    line: Treatment
    passage: Treatment
    shown: Treatment
    escaped: Treatment = "escape"
    stays: Callable[[str, int], bool] | None = None
    """True where the character at this position belongs to the spelling. None: nowhere."""
    stays_at: tuple[Place, ...] = ("line", "passage", "shown", "escaped")


KINDS = (
    Kind("NUL", "\\x00", "space", "replace", "replace"),
    Kind("line separators", "\\x0b\\x0c\\x85\u2028\u2029", "space", "line", "replace"),
    Kind("carriage return", "\\r", "space", "line", "replace", stays=_ends_line, stays_at=("passage",)),
    Kind("control characters", "\\x01-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f", "space", "remove", "replace"),
    Kind("overrides of the direction", "\u202d\u202e", "remove", "remove", "escape"),
    Kind("changes of the direction", "\u202a-\u202c\u2066-\u2069", "remove", "balance", "escape"),
    # A mark has the effect of one letter that is not seen. People who write from right to left need it in sentences.
    Kind("marks of a direction", "\u061c\u200e\u200f", "remove", "keep", "remove"),
    Kind("spaces without width", "\u200b\u2060\ufeff", "remove", "remove", "remove"),
    Kind("hyphens and operators without width", "\u00ad\u034f\u17b4\u17b5\u2061-\u2065\u206a-\u206f\ufff0-\ufffb"
         "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a", "remove", "remove", "remove"),
    Kind("blank letters", "\u3164\uffa0", "remove", "remove", "remove"),
    Kind("fillers of Hangul", "\u115f\u1160", "remove", "remove", "remove", stays=_fills_jamo),
    Kind("joiners", "\u200c\u200d", "remove", "remove", "remove", stays=_joins),
    Kind("variation selectors", "\ufe00-\ufe0f\U000e0100-\U000e01ef", "remove", "remove", "remove", stays=_varies),
    Kind("variation selectors of Mongolian", "\u180b-\u180f", "remove", "remove", "remove", stays=_varies_mongolian),
    Kind("tags", "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff", "remove", "remove", "escape", stays=_is_in_flag),
)  # fmt: skip
"""Line feed and tab are text, except in one line; lone surrogates are repaired by `tickets.text.clean`."""

_INVISIBLE = re.compile("[" + "".join(each.characters for each in KINDS) + "]")
_CLASSES = tuple((re.compile(f"[{each.characters}]"), each) for each in KINDS)


def kind_of(character: str) -> Kind | None:
    """Return the kind of an invisible character; None for a visible one."""
    return next((kind for inside, kind in _CLASSES if inside.match(character)), None)


def line(text: str) -> str:
    """Return the text for a subject: without invisible characters."""
    return _treated(text, "line")


def passage(text: str) -> str:
    """Return the text for a description or a note: lines of their own order, without hidden text."""
    found = _treated(text, "passage")
    if not any(each in found for each in f"{EMBEDDINGS}{ISOLATES}{POP_EMBEDDING}{POP_ISOLATE}"):
        return found
    return "\n".join(map(balanced, found.split("\n")))


def shown(text: str) -> str:
    """Return the text for people at a terminal; line feeds and tabs stay."""
    return _treated(text, "shown")


def escaped(text: str) -> str:
    """Return the text with an escape, such as `\\u202e`, for each invisible character; line feeds and tabs stay."""
    return _treated(text, "escaped")


def escaped_json(document: str) -> str:
    """Return the same JSON document with escapes of JSON for the characters that `escaped` shows."""
    return _INVISIBLE.sub(lambda found: _json_escape(found, document), document)


def balanced(text: str) -> str:
    """Return one line in which every change of direction is ended, and every end has a change."""
    ends: list[str] = []  # the characters that end the open changes, the innermost last
    return "".join((*_balanced(text, ends), *reversed(ends)))


def _balanced(text: str, ends: list[str]) -> Iterator[str]:
    for character in text:
        if character in EMBEDDINGS or character in ISOLATES:
            if len(ends) >= MAX_DEPTH:
                continue
            ends.append(POP_EMBEDDING if character in EMBEDDINGS else POP_ISOLATE)
        elif character == POP_ISOLATE and POP_ISOLATE in ends:
            while ends[-1] != POP_ISOLATE:  # an isolate also ends the embeddings inside it
                yield ends.pop()
            ends.pop()
        elif character == POP_EMBEDDING and ends[-1:] == [POP_EMBEDDING]:
            ends.pop()
        elif character in (POP_ISOLATE, POP_EMBEDDING):
            continue
        yield character


def _treated(text: str, place: Place) -> str:
    return _INVISIBLE.sub(lambda found: _treatment(found, text, place), text)


def _treatment(found: re.Match[str], text: str, place: Place) -> str:
    character = found[0]
    kind = kind_of(character)
    if kind is None or (kind.stays is not None and place in kind.stays_at and kind.stays(text, found.start())):
        return character
    match getattr(kind, place):
        case "space":
            return " "
        case "line":
            return "\n"
        case "replace":
            return REPLACEMENT
        case "escape":
            return _escape(character)
        case "keep" | "balance":
            return character
    return ""


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _json_escape(found: re.Match[str], document: str) -> str:
    character = found[0]
    kind = kind_of(character)
    if kind is not None and kind.stays is not None and kind.stays(document, found.start()):
        return character
    halves = character.encode("utf-16-be")
    return "".join(f"\\u{halves[at]:02x}{halves[at + 1]:02x}" for at in range(0, len(halves), 2))
