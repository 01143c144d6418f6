"""Reads alerts from mail, by the rules of the source: the subject of the alert, and whether it began, goes on or ended.

state      event       effect (worker.planning.lifecycle)
firing     Opened      a ticket; if one is open, a note that the alert began again; soon after its end, a reopening
repeat     Commented   a note; a ticket if there is none
recovery   Resolved    the ticket is closed; no effect if none is open
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from connectors.contract.events import digest
from connectors.email.authentication import Verdict
from connectors.email.settings import STATE, AlertRule, AlertState, Settings
from connectors.toolbox.patterns import fits, is_in, named
from connectors.toolbox.text import one_line

MAX_SEARCHED = 100_000
"""Characters of the text that expressions search."""
MAX_VALUE = 200  # characters that a key's values may take before digests replace them

STATES: tuple[AlertState, ...] = ("recovery", "repeat", "firing")
"""In the order of matching: "still failing" also contains the words of a failure."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert, as read from a mail."""

    rule: AlertRule
    state: AlertState
    case_key: str
    labels: tuple[tuple[str, str], ...]
    """Names and values of the rule's named groups."""


def alert(verdict: Verdict, author: str | None, subject: str, text: str, settings: Settings) -> Alert | None:
    """Return the alert by the first matching rule; None if no rule matches."""
    if author is None:
        return None
    for rule in settings.alerts:
        if not fits(rule.sender, author):
            continue
        found = _labels(rule, subject, text[:MAX_SEARCHED])
        if found is None or any(name not in found for name in rule.case):
            continue
        state = _state(rule, found.get(STATE, subject))
        if state is None or (rule.authenticated and verdict.why_not_authentic is not None):
            continue
        labels = tuple(sorted((name, one_line(value)) for name, value in found.items()))
        return Alert(rule, state, _case_key(rule, (one_line(found[name]) for name in rule.case)), labels)
    return None


def _labels(rule: AlertRule, subject: str, text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for expression, said in ((rule.text, text), (rule.subject, subject)):
        if expression is not None:
            groups = named(expression, said)
            if groups is None:
                return None
            found |= groups
    return found


def _state(rule: AlertRule, said: str) -> AlertState | None:
    for state in STATES:
        expression = getattr(rule, state)
        if expression is not None and is_in(expression, said):
            return state
    return None


def _case_key(rule: AlertRule, values: Iterable[str]) -> str:
    """Return `alert:backup:host=db-1,job=nightly`. A long or unprintable value is replaced by its digest."""
    spelled = [value if _is_plain(value) else f"sha256-{digest(value)[:40]}" for value in values]
    return f"alert:{rule.name}:" + ",".join(f"{name}={value}" for name, value in zip(rule.case, spelled, strict=True))


def _is_plain(value: str) -> bool:
    return len(value) <= MAX_VALUE // 4 and value.isprintable() and "," not in value and not value.startswith("sha256-")
