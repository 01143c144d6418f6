"""The loop guard: stops messages that loop, such as two automatic answers that face each other.

An exchange is one sender and one subject. A limited number of its messages pass in any window of time. The first one
beyond that number becomes a note about the loop. Later ones are only recorded, until a window has passed since the
note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from connectors.contract.events import Event, Exchange
from tickets.models import AddNote
from worker.planning.model import CaseState, Intent, Plan

Verdict = Literal["passes", "noted", "recorded"]


@dataclass(frozen=True, slots=True)
class LoopGuard:
    """The state of the loop guard for one exchange."""

    case_id: int | None = None
    """The case of its latest message that passed."""
    passed: tuple[datetime, ...] = ()
    """When the latest messages passed, the oldest first; at most as many as may pass in a window."""
    noted_at: datetime | None = None
    """When the latest note about stopped messages was made."""


def counted(guard: LoopGuard, limit: Exchange, case_id: int, now: datetime) -> tuple[LoopGuard, Verdict]:
    """Return the guard after one more message, which would go to this case, and the verdict on the message."""
    since = now - timedelta(seconds=limit.within)
    if passes(guard, limit, now):
        within = [at for at in guard.passed if at > since]
        return replace(guard, case_id=case_id, passed=(*within, now)), "passes"
    if guard.noted_at is not None and guard.noted_at > since:
        return guard, "recorded"
    return replace(guard, noted_at=now), "noted"


def passes(guard: LoopGuard, limit: Exchange, now: datetime, more: int = 1) -> bool:
    """Return True if `more` further messages pass now."""
    since = now - timedelta(seconds=limit.within)
    return sum(at > since for at in guard.passed) + more <= limit.most


def gathered(case: CaseState, event: Event, limit: Exchange, verdict: Verdict) -> Plan:
    """Plan a stopped message: a private note on the case of the latest message that passed, or nothing."""
    minutes = max(1, limit.within // 60)
    reason = f"the loop breaker: more than {limit.most} messages of one sender and one subject in {minutes} minutes"
    if verdict != "noted" or case.ticket_state_by_others == "gone" or not case.episode:
        return Plan(case, reason=reason)
    text = (
        f"More than {limit.most} messages with this sender and subject came in {minutes} minutes, as when two "
        f"automatic answers face each other. This message and those that follow are only recorded.\n\n{event.text}"
    )
    return Plan(case, (Intent("add_note", AddNote(body=text, private=True), "exchange"),), reason)


def to_text(times: Sequence[datetime]) -> str:
    return " ".join(each.isoformat() for each in times)


def from_text(text: str) -> tuple[datetime, ...]:
    return tuple(datetime.fromisoformat(each) for each in text.split())
