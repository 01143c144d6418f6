"""Filters of templates. All have a bounded cost and output; none repeats or pads.

Each filter subtracts its work from the allowance of the whole rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

MAX_ITEMS = 200
"""Items in a `for`, or in the list that a filter takes."""
MAX_DIGITS = 40
"""Characters of a number."""
WORK = "_work"
"""Name of the rendering's `Work`, which no template can use."""
AT_MOST, WEIGHED = "_at_most", "_weighed"
"""Filters that are put around the list of a `for`, and around compared values."""


class Unusable(ValueError):
    """A value cannot be used in this way; the message holds the reason."""


@dataclass(slots=True)
class Work:
    """The allowance: the number of characters that may still be handled."""

    left: int

    def spend(self, characters: int) -> None:
        self.left -= characters + 1
        if self.left < 0:
            raise Unusable("the text is too long")


def printable(value: object) -> object:
    """Return the value when it may be put out: a text, a number, or a truth value. Raises Unusable."""
    if isinstance(value, str | bool | int | float | Undefined):
        return value
    raise Unusable("a list or a group of attributes cannot be printed: name one of them")


def _text(context: Context, value: object) -> str:
    """Return the value as text, and count its length as work."""
    text = str(printable(value))
    _spend(context, len(text))
    return text


def _items(context: Context, value: object) -> Sequence[object]:
    if isinstance(value, Undefined):
        str(value)  # raises the error for an undefined name
    if isinstance(value, Mapping):
        value = sorted(value)
    if not isinstance(value, list | tuple):
        raise Unusable("expected a list, not a single text")
    if len(value) > MAX_ITEMS:
        raise Unusable(f"a list has {len(value)} items, more than {MAX_ITEMS}")
    _spend(context, len(value))
    return value


def _spend(context: Context, characters: int) -> None:
    work = context.resolve(WORK)
    if not isinstance(work, Work):
        raise TypeError("the rendering has no limit")
    work.spend(characters)


@pass_context
def default(_context: Context, value: object, other: object = "", boolean: bool = False) -> object:
    """Return `other` when the attribute is missing; with `boolean` also when it is empty."""
    return other if isinstance(value, Undefined) or (boolean and not value) else value


def _changed(by: Callable[[str], str]) -> Callable[[Context, object], str]:
    """Return a filter that changes a text by `by`."""

    @pass_context
    def changed(context: Context, value: object) -> str:
        return by(_text(context, value))

    return changed


@pass_context
def truncate(context: Context, value: object, length: int = 255, end: str = "…") -> str:
    """Return at most `length` characters, including `end`."""
    text, end = _text(context, value), _text(context, end)
    return text if len(text) <= length else text[: max(0, length - len(end))].rstrip() + end


@pass_context
def replace(context: Context, value: object, old: str, new: str) -> str:
    """Replace every `old` by `new`."""
    text, old, new = _text(context, value), _text(context, old), _text(context, new)
    if not old:
        raise Unusable("the text to replace must not be empty")
    _spend(context, max(0, text.count(old) * (len(new) - len(old))))
    return text.replace(old, new)


@pass_context
def join(context: Context, value: object, between: str = "") -> str:
    texts = [_text(context, each) for each in _items(context, value)]
    _spend(context, len(between) * len(texts))
    return between.join(texts)


@pass_context
def first(context: Context, value: object) -> object:
    """Return the first item; an empty text for an empty list."""
    items = _items(context, value)
    return items[0] if items else ""


@pass_context
def last(context: Context, value: object) -> object:
    items = _items(context, value)
    return items[-1] if items else ""


@pass_context
def length(context: Context, value: object) -> int:
    """Return the length of a text in characters, or of a list in items."""
    return len(_text(context, value)) if isinstance(value, str | Undefined) else len(_items(context, value))


@pass_context
def items(context: Context, value: object) -> Sequence[object]:
    """Return the pairs of name and value of a group of attributes, sorted by name."""
    if not isinstance(value, Mapping | Undefined):
        raise Unusable("only a group of attributes, such as labels, has items")
    return [(name, value[name]) for name in _items(context, value)]


@pass_context
def to_int(context: Context, value: object, default: int = 0) -> int:
    """Return the integer part of the number in the text, such as 3 for `3.7`; `default` without a number."""
    found = _number(context, value)
    return default if found is None or found in (float("inf"), float("-inf")) else int(found)


@pass_context
def to_float(context: Context, value: object, default: float = 0.0) -> float:
    found = _number(context, value)
    return default if found is None else found


@pass_context
def rounded(context: Context, value: object, digits: int = 0) -> float | int:
    """Return the number, rounded to so many digits after the point; an integer for 0 digits."""
    number = _number(context, value)
    if number is None or not 0 <= digits <= MAX_DIGITS:
        raise Unusable("a value to round is not a number")
    return round(number, digits) if digits else round(number)


def _number(context: Context, value: object) -> float | None:
    text = _text(context, value).strip()
    try:
        number = float(text) if len(text) <= MAX_DIGITS else None
    except ValueError:
        return None
    return number if number == number else None


@pass_context
def _weighed(context: Context, value: object) -> object:
    if isinstance(value, str):
        _spend(context, len(value))
    elif isinstance(value, list | tuple | Mapping):
        _items(context, value)
    return value


FILTERS: dict[str, Callable[..., Any]] = {
    "capitalize": _changed(str.capitalize),
    "count": length,
    "d": default,
    "default": default,
    "first": first,
    "float": to_float,
    "int": to_int,
    "items": items,
    "join": join,
    "last": last,
    "length": length,
    "lower": _changed(str.lower),
    "replace": replace,
    "round": rounded,
    "title": _changed(str.title),
    "trim": _changed(str.strip),
    "truncate": truncate,
    "upper": _changed(str.upper),
}
"""The filters of templates, by name."""

OWN: dict[str, Callable[..., Any]] = {AT_MOST: pass_context(_items), WEIGHED: _weighed}
