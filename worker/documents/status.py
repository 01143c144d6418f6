"""Shapes of `status`, `alarms` and `budget`: the present work, the alarms, and the use of the Tickets API's budget."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from worker.ledger import ALARMS, Alarm, Overview, Spending
from worker.wording import Needs


@dataclass(frozen=True, slots=True)
class AlarmShown(Alarm):
    """An alarm that is up, and what it asks for."""

    needs: Needs = "look"
    is_urgent: bool = False
    """True: also at night."""
    action: str = ""
    page: str = ""
    """The page about it in the documentation."""


def alarm_shown(alarm: Alarm) -> AlarmShown:
    """Return an alarm with its declaration."""
    declared = ALARMS[alarm.name]
    more = {"needs": declared.needs, "is_urgent": declared.is_urgent, "action": declared.action, "page": declared.page}
    return AlarmShown(alarm.name, alarm.text, alarm.since, **more)  # type: ignore[arg-type]  # of mixed types


@dataclass(frozen=True, slots=True)
class StatusNow(Overview):
    """The document of `status`."""

    alarms: tuple[AlarmShown, ...] = ()
    """The worst first."""
    summary: str = ""
    """One sentence: all flows, or the worst alarm."""


@dataclass(frozen=True, slots=True)
class LedgerIsAway:
    """The document of `status` when the ledger cannot be read."""

    alarms: tuple[AlarmShown, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class TargetTested:
    """One target of alarms, and whether it took a test message."""

    name: str
    ok: bool
    said: str


@dataclass(frozen=True, slots=True)
class AlarmsTested:
    """The document of `alarms test`."""

    targets: tuple[TargetTested, ...]


@dataclass(frozen=True, slots=True)
class LimitsSet:
    """Requests that the key may make; None: no limit."""

    per_minute: int | None
    per_second: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetNow(Spending):
    """The document of `budget`."""

    limits: LimitsSet
    used: int
    """Tokens of the last minute."""


def widened(kind: type[Any], narrow: Any, **more: Any) -> Any:
    """Return a `kind` with the fields of `narrow`, whose type it extends."""
    return kind(**{each.name: getattr(narrow, each.name) for each in fields(narrow)}, **more)
