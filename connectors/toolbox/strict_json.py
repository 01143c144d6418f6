"""Reads bytes as JSON and raises only `UnreadableMessage`.

Stricter than Python's reader: UTF-8 only, unique names in an object, no NaN, no infinity, a limit on digits. Another
reader would read the refused inputs differently, or they would raise other exceptions later.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

from connectors.contract.events import MAX_ID_LENGTH
from connectors.contract.messages import UnreadableMessage
from connectors.toolbox.reasons import (
    ID,
    LIST,
    OBJECT,
    TEXT,
    TIME,
    Located,
    UnreadableItem,
    found,
    path_of,
    too_long,
    unexpected,
    unexpected_value,
)
from connectors.toolbox.text import Instant, cut, instant

MAX_DIGITS = 400
"""Characters of a number; a float has at most 309 digits before its point."""


class _NotStrict(ValueError):
    """JSON that another reader would read differently; the message says what the document holds."""


def read_object(body: bytes, path: str = "") -> dict[str, Any]:
    """Return the JSON object in the body, or in a part of it; `path` is that part's own.

    Raises UnreadableMessage with the reason.
    """
    try:
        return object_in(body, path)
    except UnreadableItem as error:
        raise UnreadableMessage(str(error)) from None


def object_in(text: bytes, path: str) -> dict[str, Any]:
    """Return the JSON object in the text of the field at the path. Raises UnreadableItem."""
    value = _read(text, path)
    if not isinstance(value, dict):
        raise unexpected_value(path, value, OBJECT)
    return Located(value, path) if path else value


def read_list(body: bytes) -> list[Any]:
    """Return the JSON list in the body.

    Raises UnreadableMessage with the reason.
    """
    try:
        value = _read(body, "")
    except UnreadableItem as error:
        raise UnreadableMessage(str(error)) from None
    if not isinstance(value, list):
        raise UnreadableMessage(str(unexpected_value("", value, LIST)))
    return value


def _read(text: bytes, path: str) -> object:
    try:
        value: object = json.loads(
            text.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError as error:
        raise UnreadableItem(f"is not UTF-8: byte {error.start} cannot be read", path) from None
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise UnreadableItem(f"is not JSON: {error.msg.removesuffix(' at')} at {at}", path) from None
    except _NotStrict as error:
        raise UnreadableItem(f"holds {error}", path) from None
    except RecursionError:
        raise UnreadableItem("is nested too deeply to be read", path) from None
    return value


def scalar(value: object, path: str = "") -> str:
    """Return a string, number, boolean or null as text; null is the empty string.

    Raises UnreadableItem for a list or an object; `path` is the value's own.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise unexpected_value(path, value, TEXT)


def scalar_at(document: Mapping[str, Any], field: str) -> str:
    """Return the value at the field as `scalar` does; empty if it is missing. Raises UnreadableItem."""
    return scalar(document.get(field), path_of(document, field))


def within(document: Mapping[str, Any], field: str) -> Located:
    """Return the object at the field. Raises UnreadableItem."""
    value = document.get(field)
    if not isinstance(value, dict):
        raise unexpected(document, field, OBJECT)
    return Located(value, path_of(document, field))


def object_at(document: Mapping[str, Any], field: str) -> Located:
    """Return the object at the field; empty for anything else."""
    value = document.get(field)
    return Located(value if isinstance(value, dict) else {}, path_of(document, field))


def objects_in(value: object) -> list[Mapping[str, Any]]:
    """Return the objects in a list; empty for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def objects_at(document: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """Return the objects in the list at the field, each with its path; empty for anything else."""
    value, path = document.get(field), path_of(document, field)
    listed = enumerate(value if isinstance(value, list) else [])
    return [Located(each, f"{path}[{index}]") for index, each in listed if isinstance(each, dict)]


def read_word(document: Mapping[str, Any], field: str, expected: str) -> str:
    """Return the text at the field that identifies the document's type. Raises UnreadableItem."""
    value = document.get(field)
    if not isinstance(value, str):
        raise unexpected(document, field, expected)
    return value


def read_id(document: Mapping[str, Any], field: str, most: int = MAX_ID_LENGTH) -> str:
    """Return the text or whole number at the field as an id of at most `most` characters. Raises UnreadableItem."""
    value = document.get(field)
    name = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not name.strip() or not name.isprintable():
        raise unexpected(document, field, ID)
    return checked_id(name.strip(), path_of(document, field), most)


def checked_id(text: str, path: str, most: int = MAX_ID_LENGTH) -> str:
    """Return a text that can be an id. Raises UnreadableItem for one that is too long or not printable."""
    if len(text) > most:
        raise too_long(path, len(text), most)
    if not text.isprintable():
        raise unexpected_value(path, text, ID)
    return text


def text_at(document: Mapping[str, Any], field: str) -> str:
    """Return the text at the field; empty for anything else."""
    value = document.get(field)
    return value if isinstance(value, str) else ""


def number_at(document: Mapping[str, Any], field: str) -> str:
    """Return the whole number at the field, in digits; empty for anything else."""
    value = document.get(field)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def read_time(document: Mapping[str, Any], field: str) -> Instant:
    """Return the RFC 3339 time at the field. Raises UnreadableItem, also if the time is missing."""
    time = read_instant(document, field)
    if time is None:
        raise unexpected(document, field, TIME)
    return time


def read_instant(document: Mapping[str, Any], field: str) -> Instant | None:
    """Return the RFC 3339 time at the field; None if it is missing, null or zero. Raises UnreadableItem."""
    value = document.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise unexpected(document, field, TIME)
    try:
        return instant(value)
    except ValueError as error:
        raise unexpected(document, field, str(error)) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise _NotStrict(f"the name {found(twice)} twice in one object: expected it once")
    return result


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _NotStrict(f"a number of {len(digits)} digits: expected at most {MAX_DIGITS}")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _NotStrict(f"the number {cut(digits, 60)}, which is too large to be read")
    return value


def _no_constant(name: str) -> NoReturn:
    raise _NotStrict(f"{name}: expected a number, since JSON has no {name}")
