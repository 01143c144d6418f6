"""Reads metric names and labels out of PromQL, as far as the rules and the dashboard use it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_SELECTOR = re.compile(r"\b([a-z_][a-z0-9_:]*)(?:\{([^}]*)\})?")
_LABEL = re.compile(r"([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)")
_GROUPED = re.compile(r"\b(?:by|without|on|group_left|ignoring)\s*\(([^)]*)\)")
_RANGE = re.compile(r"\[[^\]]*\]")
WORDS = frozenset({
    "sum", "max", "min", "count", "rate", "increase", "absent", "histogram_quantile", "time", "by", "without", "on",
    "and", "or", "unless", "le",
})  # fmt: skip
"""Functions, operators and keywords."""


class Used(NamedTuple):
    """A metric that an expression names, and the labels in its braces."""

    metric: str
    labels: frozenset[str]


def used(expression: str) -> Iterator[Used]:
    """Yield each metric of an expression."""
    bare = _TEXT.sub('""', _GROUPED.sub("", _RANGE.sub("", expression)))
    for name, selector in _SELECTOR.findall(bare):
        if name not in WORDS:
            yield Used(name, frozenset(_LABEL.findall(selector)))


def grouped(expression: str) -> set[str]:
    """Return the labels by which an expression groups or matches."""
    return {each.strip() for names in _GROUPED.findall(expression) for each in names.split(",") if each.strip()}
