"""Words the reasons: the path of a field, what is wrong with its value, and what was expected.

    alerts[0].status is missing: expected firing or resolved
    alerts[1].startsAt is "last night": expected an RFC 3339 time with a zone, like 2026-01-05T10:00:00Z
    data.ticket.id is null: expected an id (text or a whole number)
    the body is a list: expected an object
    event.type is "team_join": no effect

Values are quoted in at most 60 characters, names of fields in at most 100. Characters that cannot be printed, such as
those that control terminals or the direction of writing, are shown as U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.contract.messages import Remark
from connectors.toolbox.text import RFC_3339, cut, one_line

BODY = "the body"
"""The path of the whole document."""
MAX_NAME = 100  # characters of a field's name
MAX_VALUE = 60

TEXT = "text"
OBJECT = "an object"
LIST = "a list"
ID = "an id (printable text or a whole number)"
TIME = RFC_3339
SECONDS = "whole seconds since 1970"

MISSING = object()
"""Stands for the value of a field that is absent: `document.get(field, MISSING)`."""

_PLAIN = re.compile(r"[A-Za-z0-9_$@/-]+")


class UnreadableItem(ValueError):
    """A value cannot be used. `UnreadableItem("is null: expected text", "alerts[0].status")` names the field's path.

    Without a path, the problem is the whole reason. An empty path stands for the item itself.
    """

    def __init__(self, problem: str, path: str | None = None) -> None:
        super().__init__(problem if path is None else f"{path or BODY} {problem}")
        self.problem = problem
        self.path = path


class Located(dict[str, Any]):
    """A JSON object with its path in the document, so that reasons about its fields name the whole path."""

    __slots__ = ("path",)

    def __init__(self, fields: Mapping[str, Any], path: str) -> None:
        super().__init__(fields)
        self.path = path


def path_of(document: Mapping[str, Any], field: str = "") -> str:
    """Return the path of the document, or of a field in it: `data.ticket.id`."""
    return joined(document.path if isinstance(document, Located) else "", named(field) if field else "")


def named(name: str) -> str:
    """Return a field's name as a step of a path; `["two words"]` for a name that is more than one plain word."""
    short = shown(name, MAX_NAME)
    return short if _PLAIN.fullmatch(short) else f'["{short}"]'


def joined(parent: str, path: str) -> str:
    """Return the path of what stands at `path` within `parent`."""
    return parent + path if not parent or not path or path.startswith("[") else f"{parent}.{path}"


def located(error: ValueError, parent: str) -> str:
    """Return the reason with the path of the field, which the error gives within `parent`."""
    if isinstance(error, UnreadableItem) and error.path is not None:
        return f"{joined(parent, error.path)} {error.problem}"
    return f"{parent}: {error}"


def found(value: object) -> str:
    """Describe a value, short enough for a reason: `"yesterday"`, `7`, `null`, `a list`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return cut(str(value), MAX_VALUE)
        case str():
            return f'"{shown(value, MAX_VALUE)}"'
        case list():
            return "a list"
        case dict():
            return "an object"
    return f"a {type(value).__name__}"


def shown(text: str, limit: int) -> str:
    """Return a text of a sender's as one printable line of at most `limit` characters."""
    line = cut(one_line(text[:1000]), limit)
    return line if line.isprintable() else "".join(each if each.isprintable() else "\ufffd" for each in line)


def unexpected(document: Mapping[str, Any], field: str, expected: str) -> UnreadableItem:
    """Return the error for the value at a field, or for its absence."""
    return unexpected_value(path_of(document, field), document.get(field, MISSING), expected)


def unexpected_value(path: str, value: object, expected: str) -> UnreadableItem:
    """Return the error for a value at a path."""
    return UnreadableItem(f"is {_state(value)}: expected {expected}", path)


def missing(path: str, expected: str) -> UnreadableItem:
    """Return the error for a field that is absent or empty."""
    return unexpected_value(path, MISSING, expected)


def too_long(path: str, length: int, most: int) -> UnreadableItem:
    """Return the error for a text that is too long to be stored."""
    return UnreadableItem(f"has {length} characters: expected at most {most}", path)


def one_of(words: Iterable[str]) -> str:
    """Return `down, up or paused`."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def without_effect(path: str, value: object, why: str = "") -> Remark:
    """Return the remark on a value that is understood, and has no effect."""
    return Remark(path, f"{path} is {_state(value)}: no effect" + (f", since {why}" if why else ""))


def unquoted_without_effect(path: str, why: str) -> Remark:
    """Return the remark on a value that has no effect, without the value: people chose it, so it may be private."""
    return Remark(path, f"{path}: no effect, since {why}")


def _state(value: object) -> str:
    return "missing" if value is MISSING else found(value)


def too_many(name: str, count: int, most: int, setting: str = "") -> str:
    """Return the reason for refusing a list that is too long."""
    return f"{name} has {count} items: expected at most {most}" + (f" (setting {setting})" if setting else "")
