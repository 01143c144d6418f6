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

from connectors.contract.messages import UnreadableMessage
from connectors.toolbox.text import Instant, cut, instant, one_line

MAX_DIGITS = 400
"""Characters of a number; a float has at most 309 digits before its point."""


class UnreadableItem(ValueError):
    """One item of a payload cannot be understood; the message names the field and the value found there."""


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in the body.

    Raises UnreadableMessage with the reason.
    """
    value = _read(body)
    if not isinstance(value, dict):
        raise UnreadableMessage(f"the body is {found(value)}, not an object")
    return value


def read_list(body: bytes) -> list[Any]:
    """Return the JSON list in the body.

    Raises UnreadableMessage with the reason.
    """
    value = _read(body)
    if not isinstance(value, list):
        raise UnreadableMessage(f"the body is {found(value)}, not a list")
    return value


def _read(body: bytes) -> object:
    try:
        value: object = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_no_constant,
        )
    except UnicodeDecodeError as error:
        raise UnreadableMessage(f"the body is not UTF-8: byte {error.start} cannot be read") from None
    except json.JSONDecodeError as error:
        raise UnreadableMessage(
            f"the body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise UnreadableMessage("the body is nested too deeply") from None
    return value


def found(value: object) -> str:
    """Describe a value, short enough for a reason: `"yesterday"`, `7`, `null`, `a list`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return cut(str(value), 60)
        case str():
            return f'"{cut(one_line(value[:1000]), 60)}"'
        case list():
            return "a list"
        case dict():
            return "an object"
    return f"a {type(value).__name__}"


def scalar(value: object) -> str:
    """Return a string, number, boolean or null as text; null is the empty string.

    Raises UnreadableItem for a list or an object.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise UnreadableItem(f"{found(value)}, not text")


def found_at(document: Mapping[str, Any], field: str) -> str:
    """Describe the value at the field, or returns `nothing`."""
    return found(document[field]) if field in document else "nothing"


def within(document: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return the object at the field. Raises UnreadableItem."""
    value = document.get(field)
    if not isinstance(value, dict):
        raise UnreadableItem(f"{field}: {found_at(document, field)} is no object")
    return value


def object_at(document: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """Return the object at the field; empty for anything else."""
    value = document.get(field)
    return value if isinstance(value, dict) else {}


def objects_in(value: object) -> list[Mapping[str, Any]]:
    """Return the objects in a list; empty for anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def read_word(document: Mapping[str, Any], field: str, what: str, at: str | None = None) -> str:
    """Return the text at the field that identifies the document's type. Raises UnreadableItem.

    `what` says in the reason what is expected there; `at` is the field's name in it, if it is longer than `field`.
    """
    value = document.get(field)
    if not isinstance(value, str):
        raise UnreadableItem(f"{at or field}: {found_at(document, field)} is no {what}")
    return value


def read_id(document: Mapping[str, Any], field: str) -> str:
    """Return the text or whole number at the field as an id. Raises UnreadableItem."""
    value = document.get(field)
    name = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not name.strip() or not name.isprintable():
        raise UnreadableItem(f"{field}: {found_at(document, field)} is no id")
    return name.strip()


def text_at(document: Mapping[str, Any], field: str) -> str:
    """Return the text at the field; empty for anything else."""
    value = document.get(field)
    return value if isinstance(value, str) else ""


def number_at(document: Mapping[str, Any], field: str) -> str:
    """Return the whole number at the field, in digits; empty for anything else."""
    value = document.get(field)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def read_time(document: Mapping[str, Any], field: str, at: str | None = None) -> Instant:
    """Return the RFC 3339 time at the field. Raises UnreadableItem, also if the time is missing.

    `at` is the field's name in the reason for a missing time, if it is longer than `field`.
    """
    time = read_instant(document, field)
    if time is None:
        raise UnreadableItem(f"{at or field}: {found_at(document, field)} is no time")
    return time


def read_instant(document: Mapping[str, Any], field: str) -> Instant | None:
    """Return the RFC 3339 time at the field; None if it is missing, null or zero. Raises UnreadableItem."""
    value = document.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise UnreadableItem(f"{field}: {found(value)} is no text with a time")
    try:
        return instant(value)
    except ValueError as error:
        raise UnreadableItem(f"{field}: {found(value)} is {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise UnreadableMessage(f"the name {found(twice)} stands twice in one object")
    return result


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise UnreadableMessage(f"a number has {len(digits)} digits, more than {MAX_DIGITS}")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise UnreadableMessage(f"the number {cut(digits, 60)} is larger than any that can be read")
    return value


def _no_constant(name: str) -> NoReturn:
    raise UnreadableMessage(f"{name} is not JSON")
