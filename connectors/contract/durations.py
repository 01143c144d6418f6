"""Durations such as `1h30m`: a number of seconds, or numbers with units, the largest first.

The units are those of Prometheus: `ms`, `s`, `m`, `h`, `d` (24 hours), `w` (7 days), `y` (365 days).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

UNITS_S = {"y": 365 * 86400.0, "w": 7 * 86400.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
PATTERN = "^" + "".join(f"([0-9]{{1,9}}{unit})?" for unit in UNITS_S) + "$"
"""The units in order, each at most once. An empty text matches too."""
_STEP = re.compile(r"([0-9]{1,9})(ms|[ywdhms])")


class AtOffset(ValueError):
    """An error at a position in a text; `offset` and `length` count characters of that text."""

    def __init__(self, message: str, offset: int, length: int = 1, *, item: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.length = length
        self.item = item
        """Index of the faulty text if a list of texts was validated together."""


def seconds(text: str) -> float:
    """Return the seconds in `90`, `0.5`, `30s` or `1h30m`. Raises AtOffset at the first unreadable part."""
    try:
        return float(text)
    except ValueError:
        pass
    total, at, units = 0.0, 0, list(UNITS_S)
    while step := _STEP.match(text, at):
        if step[2] not in units:
            raise AtOffset("a duration has each unit once, the largest first: 1h30m", at, len(step[0]))
        units = units[units.index(step[2]) + 1 :]
        total += int(step[1]) * UNITS_S[step[2]]
        at = step.end()
    if at < len(text) or not text:
        raise AtOffset("expected a duration: a number of seconds, or 30s, 5m, 1h30m, 30d", at, max(len(text) - at, 1))
    return total


def _read(value: object) -> object:
    return seconds(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class _NumberOrText:
    """Describes a duration in JSON Schema: the number as annotated, or a text with units."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": PATTERN, "minLength": 1}]}


IS_DURATION: Any = _NumberOrText()
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), BeforeValidator(_read), IS_DURATION]
"""A duration in seconds, greater than 0."""
SecondsOrNone = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_read), IS_DURATION]
"""A duration in seconds, or 0."""
