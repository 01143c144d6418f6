"""Shapes of `status` and `budget`: the present work, and the use of the Tickets API's budget."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from worker.ledger import Alarm, Overview, Spending


@dataclass(frozen=True, slots=True)
class StatusNow(Overview):
    """The document of `status`."""

    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerIsAway:
    """The document of `status` when the ledger cannot be read."""

    alarms: tuple[Alarm, ...]


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
