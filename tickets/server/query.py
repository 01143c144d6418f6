"""Tables of allowed query parameters and webhook URLs, used for checks and in the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_args
from urllib.parse import parse_qsl

from tickets.assumptions import DEFAULT_LIMIT, MAX_CATEGORY, MAX_LIMIT, MAX_OFFSET, Priority, Status
from tickets.server.errors import Field, Refusal
from tickets.server.schemas import NO_NUL, Json
from tickets.server.store import Filter, fold

MAX_SEARCH = 1000

_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


def _one_of(*values: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in values:
            raise ValueError(f"must be one of {', '.join(values)}")
        return text

    return convert


def _number(least: int, most: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return convert


def _text(least: int, most: int) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if not least <= len(text) <= most or "\0" in text:
            raise ValueError(f"must have {least} to {most} characters, without U+0000")
        return text

    return convert


def _string(least: int, most: int) -> Json:
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": NO_NUL}


STATUSES, PRIORITIES = get_args(Status), get_args(Priority)

Parameters = Mapping[str, tuple[Json, Callable[[str], Any]]]

PARAMETERS: Parameters = MappingProxyType(
    {
        "status": ({"type": "string", "enum": [*STATUSES]}, _one_of(*STATUSES)),
        "priority": ({"type": "string", "enum": [*PRIORITIES]}, _one_of(*PRIORITIES)),
        "category": (_string(1, MAX_CATEGORY), _text(1, MAX_CATEGORY)),
        "search": (_string(0, MAX_SEARCH), _text(0, MAX_SEARCH)),
        "limit": (
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            _number(1, MAX_LIMIT),
        ),
        "offset": ({"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}, _number(0, MAX_OFFSET)),
    }
)
"""Query parameter of the list → its JSON schema, and its reader (the ValueError names the allowed values)."""


def parse_filter(query: str, search_sees_before: int | None) -> Filter:
    """Parse the query. Raises Refusal (422) with every parameter that is unknown, given twice or has a wrong value."""
    values: dict[str, Any] = {}
    problems: list[Field] = []
    for name, text in parse_qsl(query, keep_blank_values=True):
        where = ("query", name)
        if name not in PARAMETERS:
            problems.append(Field(where, "is not a parameter of this call", "extra_forbidden"))
        elif name in values:
            problems.append(Field(where, "must be given only once"))
        else:
            values[name] = None
            try:
                values[name] = PARAMETERS[name][1](text)
            except ValueError as error:
                problems.append(Field(where, str(error)))
    if problems:
        raise Refusal(422, "the query has invalid parameters", fields=tuple(problems))
    words = tuple(fold(values.pop("search", "")).split())
    return Filter(**values, words=words, search_sees_before=search_sees_before)


def webhook_url_pattern(hosts: frozenset[str]) -> str:
    """Return a pattern for webhook URLs: http or https, one of the hosts, any port, any path."""
    names = "|".join(re.escape(host) for host in sorted(hosts))
    return rf"^https?://({names})(:[0-9]{{1,5}})?(/[!-~]*)?$"
