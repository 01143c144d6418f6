"""Shapes of `status` and `budget`: what is under way, and what the requests of the Tickets API are spent on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from worker.ledger import Alarm, Overview, Spending


@dataclass(frozen=True, slots=True)
class StatusNow(Overview):
    """`status`"""

    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerIsAway:
    """`status` where the ledger cannot be read."""

    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class LimitsSet:
    """Requests that the key may make; None: no limit."""

    per_minute: int | None
    per_second: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetNow(Spending):
    """`budget`"""

    limits: LimitsSet
    used: int
    """Tokens of the last minute."""


def widened(kind: type[Any], narrow: Any, **more: Any) -> Any:
    """A `kind` with the fields of `narrow`, whose type it extends."""
    return kind(**{each.name: getattr(narrow, each.name) for each in fields(narrow)}, **more)
