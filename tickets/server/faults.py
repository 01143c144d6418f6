"""Fault rules, kept in memory and applied in the order in which they were added.

    action       effect on a matching request
    latency      a pause of `seconds` before the work (a late request) or after it (a late answer); pauses add up
    status       `status` instead of the answer, with `retry_after`, and `message` about `field`, if given; 502 is a
                 proxy's HTML page
    reset        the connection is cut (RST) without an answer
    truncate     Content-Length names the whole answer, half of it is sent, then the connection ends
    drip         the answer in pieces of `chunk` bytes, `seconds` apart
    search_lag   a search does not see the tickets of the last `seconds`

`when` determines whether `latency`, `status` and `reset` come before the effect or after its commit. Of the rules that
decide the answer (`status`, `reset`, `truncate`, `drip`), the first match counts. Faults apply to requests that pass
the checks of API key, scope and limit. A client that disconnects does not stop a request: the request is late, not
undone.
"""

from __future__ import annotations

import itertools
import random
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import ConfigDict

from tickets.assumptions import REQUEST_LIFE_S
from tickets.server.clock import SECOND
from tickets.server.errors import Field, HttpResponse, Refusal
from tickets.server.revisions import Revision, render

Action = Literal["latency", "status", "reset", "truncate", "drip", "search_lag"]
When = Literal["before", "after"]

_DECIDES: frozenset[Action] = frozenset({"status", "reset", "truncate", "drip"})

BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """A fault, and the requests that it applies to. Raises ValueError for impossible rules."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    action: Action
    when: When = "before"
    method: str | None = None
    """HTTP method, for example `POST`; None matches all."""
    path: str | None = None
    """A regular expression, searched in the path from `/api/v1` on; None matches all."""
    body: str | None = None
    """Text within the request's body; None matches all."""
    times: int | None = None
    """How often the rule applies; None: until the rule is removed."""
    probability: float = 1.0
    seed: int = 0
    """Seed of the random choice: the same seed selects the same matching requests."""
    seconds: float = 0.0
    status: int = 500
    retry_after: int | str | None = None
    """Seconds, or an HTTP date."""
    message: str | None = None
    """The message of a `status` answer; None: it says that a fault rule asks for the status."""
    field: str | None = None
    """The field of the request that a `status` answer rejects; None: it names no field."""
    chunk: int = 16

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("probability must be between 0 and 1")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1, or None")
        if not 400 <= self.status <= 599:
            raise ValueError("status must be between 400 and 599")
        if self.seconds < 0 or self.chunk < 1:
            raise ValueError("seconds must be 0 or more, and chunk 1 byte or more")
        if self.action == "latency" and self.seconds > REQUEST_LIFE_S:
            raise ValueError(f"seconds must be at most {REQUEST_LIFE_S}, the longest life of a request")
        if self.path is not None:
            try:
                re.compile(self.path)
            except re.error as error:
                raise ValueError(f"path must be a regular expression: {error}") from error


@dataclass(frozen=True, slots=True)
class Plan:
    """The faults of one request."""

    pause_before: float = 0.0
    pause_after: float = 0.0
    rule: FaultRule | None = None
    """The rule that decides the answer."""
    search_lag: int = 0
    """Microseconds."""

    @property
    def stops_before(self) -> bool:
        """True if the work is not done at all."""
        rule = self.rule
        return rule is not None and rule.action in ("status", "reset") and rule.when == "before"


NO_FAULT = Plan()


def combine(rules: Iterable[FaultRule]) -> Plan:
    """Combine the applicable rules, in their order, into a plan."""
    before = after = 0.0
    lag = 0.0
    decisive: FaultRule | None = None
    for rule in rules:
        if rule.action == "latency":
            if rule.when == "before":
                before += rule.seconds
            else:
                after += rule.seconds
        elif rule.action == "search_lag":
            lag = max(lag, rule.seconds)
        elif decisive is None:
            decisive = rule
    return Plan(before, after, decisive, round(lag * SECOND))


def answer_of(rule: FaultRule, revision: Revision) -> HttpResponse:
    """Return the answer of a `status` rule."""
    headers = () if rule.retry_after is None else (("retry-after", str(rule.retry_after)),)
    if rule.status == 502:
        return HttpResponse(502, BAD_GATEWAY, headers, "text/html")
    message = rule.message or f"a fault rule asks for status {rule.status}"
    fields = () if rule.field is None else (Field(("body", rule.field), message),)
    if isinstance(rule.retry_after, int):
        return render(Refusal(rule.status, message, fields=fields, retry_after=rule.retry_after), revision)
    return render(Refusal(rule.status, message, fields=fields, headers=headers), revision)


@dataclass(slots=True)
class _Active:
    rule: FaultRule
    pattern: re.Pattern[str] | None
    dice: random.Random
    left: int | None

    def matches(self, method: str, path: str, body: bytes) -> bool:
        rule = self.rule
        return (
            (rule.method is None or rule.method.upper() == method)
            and (self.pattern is None or self.pattern.search(path) is not None)
            and (rule.body is None or rule.body.encode() in body)
            and (rule.probability >= 1 or self.dice.random() < rule.probability)
        )


@dataclass(slots=True)
class Faults:
    """The rules of one server; may be used from any thread."""

    _rules: dict[int, _Active] = field(default_factory=dict)
    _numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rule: FaultRule) -> int:
        """Add a rule and return its id."""
        pattern = None if rule.path is None else re.compile(rule.path)
        dice = random.Random(rule.seed)  # noqa: S311 (repeatable, not secret)
        with self._lock:
            number = next(iter(self._numbers))
            self._rules[number] = _Active(rule, pattern, dice, rule.times)
        return number

    def remove(self, number: int) -> bool:
        """Remove a rule; False if there is no such rule."""
        with self._lock:
            return self._rules.pop(number, None) is not None

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def list(self) -> list[tuple[int, FaultRule, int | None]]:
        """Return (id, rule, remaining number of uses) of every rule."""
        with self._lock:
            return [(number, active.rule, active.left) for number, active in self._rules.items()]

    def plan(self, method: str, path: str, body: bytes) -> Plan:
        """Return the faults of this request, and count down the rules that apply."""
        if not self._rules:
            return NO_FAULT
        with self._lock:
            return combine(self._taken(method, path, body))

    def _taken(self, method: str, path: str, body: bytes) -> Iterable[FaultRule]:
        decided = False
        for number, active in [*self._rules.items()]:
            decides = active.rule.action in _DECIDES
            if (decides and decided) or not active.matches(method, path, body):
                continue
            decided = decided or decides
            if active.left is not None:
                active.left -= 1
                if active.left == 0:
                    del self._rules[number]
            yield active.rule
