"""Matchers such as `severity = critical`, with the syntax and meaning of Alertmanager's.

A matcher is a name, an operator and a value: `=` and `!=` compare, `=~` and `!~` take a regular expression that must
match the whole value. Names and values stand bare or in double quotes. In quotes, a backslash escapes a quote and
another backslash, and makes `\\n` and `\\t`.

Matchers with commas between them, in braces or not, must all match. A missing attribute equals the empty text.

Regular expressions are those of RE2: their time grows with the length of the text, whatever the expression. With one
difference: `.` matches a line's end too, because a message's text has several lines.

Source: https://prometheus.io/docs/alerting/latest/configuration/#matcher ; https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, cast

from connectors.toolbox.patterns import compiled, encodable
from worker.settings.section import AtOffset

Operator = Literal["=", "!=", "=~", "!~"]

MAX_MATCHERS = 4096  # characters of a text of matchers

_OPERATOR = re.compile(r"=~|!~|!=|=")
_BARE = re.compile(r"""[^\s{}!=~,\\"'`]+""")
_SPACE = re.compile(r"\s*")
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}


@dataclass(frozen=True)
class Matcher:
    """One condition on one attribute."""

    name: str
    operator: Operator
    value: str
    item: int = field(default=0, compare=False, repr=False)
    """Number of the text in the list of matchers, from 0."""

    def matches(self, value: str) -> bool:
        """Return True when a value fulfils the condition; a missing attribute has the value ""."""
        match self.operator:
            case "=":
                return value == self.value
            case "!=":
                return value != self.value
            case "=~":
                return self._is_whole(value)
            case "!~":
                return not self._is_whole(value)

    def holds(self, attributes: Mapping[str, str]) -> bool:
        return self.matches(attributes.get(self.name, ""))

    def _is_whole(self, value: str) -> bool:
        return self.expression.fullmatch(encodable(value)) is not None

    @cached_property
    def expression(self) -> Any:
        return compiled(self.value)  # once: an event is matched against all routes

    def __str__(self) -> str:
        return f"{_written(self.name)} {self.operator} {_written(self.value)}"


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Return the matchers in the text, at least one. Raises AtOffset."""
    if len(text) > MAX_MATCHERS:
        raise AtOffset(f"the matchers have {len(text)} characters, more than {MAX_MATCHERS}", 0, len(text))
    return tuple(_Reader(text).matchers())


def _written(literal: str) -> str:
    """Return the literal in a form that can be parsed again: bare if possible."""
    if _BARE.fullmatch(literal):
        return literal
    escaped = literal.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


class _Reader:
    """A parser with a position in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def matchers(self) -> Iterator[Matcher]:
        self._skip_space()
        begin = self._at
        brace = begin if self._takes("{") else None
        while True:
            yield self._matcher()
            if not self._takes(","):
                break
            if self._is_at_end() or self._text[self._at] == "}":
                break  # a trailing comma is allowed
        if brace is not None and not self._takes("}"):
            raise AtOffset("the closing brace } is missing", brace, 1)
        if not self._is_at_end():
            rest = self._text[self._at :]
            hint = "put the value into double quotes" if brace is None else "text after the closing brace }"
            raise AtOffset(f"{rest[:40]!r} cannot stand here: {hint}", self._at, len(rest))

    def _matcher(self) -> Matcher:
        name, _, _ = self._literal("a name")
        operator = self._operator(name)
        value, at, length = self._literal(f"a value after {name} {operator}")
        if operator in ("=~", "!~"):
            try:
                compiled(value)
            except ValueError as error:
                raise AtOffset(str(error), at, length) from None
        return Matcher(name, operator, value)

    def _operator(self, name: str) -> Operator:
        found = _OPERATOR.match(self._text, self._at)
        if found is None:
            raise AtOffset(f"the operator after {name!r} is missing: one of = != =~ !~", *self._here())
        if self._text.startswith("=", found.end()):
            raise AtOffset("an operator is one of = != =~ !~", found.start(), len(found[0]) + 1)
        self._at = found.end()
        self._skip_space()
        return cast(Operator, found[0])

    def _literal(self, what: str) -> tuple[str, int, int]:
        """Return a name or value, with its offset and length in the source."""
        at = self._at
        if self._text.startswith('"', at):
            text = self._quoted()
        else:
            found = _BARE.match(self._text, at)
            if found is None:
                hint = "; an empty value is written as two double quotes" if "value" in what else ""
                raise AtOffset(f"{what} is missing here{hint}", *self._here())
            text = found[0]
            self._at = found.end()
        length = self._at - at
        if not text and "name" in what:
            raise AtOffset("a name must not be empty", at, length)
        self._skip_space()
        return text, at, length

    def _quoted(self) -> str:
        begin = self._at
        self._at += 1
        parts: list[str] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character == '"':
                return "".join(parts)
            if character == "\\":
                escaped = self._text[self._at : self._at + 1]
                if escaped not in _ESCAPES:
                    raise AtOffset(
                        f'\\{escaped} is not an escape: there are \\" \\\\ \\n \\t; '
                        "a backslash itself is written twice",
                        self._at - 1, 1 + len(escaped),
                    )  # fmt: skip
                character = _ESCAPES[escaped]
                self._at += 1
            parts.append(character)
        raise AtOffset("the closing quote is missing", begin, len(self._text) - begin)

    def _takes(self, character: str) -> bool:
        if not self._text.startswith(character, self._at):
            return False
        self._at += 1
        self._skip_space()
        return True

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    def _is_at_end(self) -> bool:
        return self._at >= len(self._text)

    def _here(self) -> tuple[int, int]:
        """Return the offset of a missing part; at the end, that of the last character."""
        return (self._at, 1) if self._at < len(self._text) else (max(0, len(self._text) - 1), 1)
