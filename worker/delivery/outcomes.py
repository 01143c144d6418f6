"""What follows from the answer to a call? A pure function from what happened to a settlement.

    what happened                                class           what follows
    the answer                                   done            the case goes on
    SendLater (refused connection, 429, 503)     not executed    again, after Retry-After or soon
    RepeatUnchanged (time-out, reset, 5xx)       unknown         again after ghost wait and backoff, same bytes and key
    RepeatTwice (409)                            unknown twice   then dead: a defect of ours
    AskPerson (other 4xx)                        rejected        dead
    StopSending (401, 403)                       refused         again, and the gate closes for everybody

A keyed call of unknown outcome is repeated while the service remembers its key; after that it is dead, since sending it
again could do it twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tickets.errors import AskPerson, RepeatTwice, RepeatUnchanged, SendLater, StopSending, TicketsError
from worker.ledger import Claim, CloseGate, Settlement
from worker.lifecycle import Kind
from worker.settings import TimingSettings

MAX_CONFLICTS = 2  # two more sends after a 409, says the contract
KEYED: frozenset[Kind] = frozenset({"create_ticket", "add_note", "close_ticket"})

Fraction = Callable[[], float]
"""A random number from 0 to 1: `random.random`, or a constant in a test."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said to a call that was executed."""

    ticket_id: str | None = None
    ticket_status: str | None = None
    text: str | None = None
    """What an operator may want to see: the id of what was made."""


def backoff(attempts: int, timing: TimingSettings, fraction: Fraction) -> timedelta:
    """Exponential with full jitter: from nothing up to base x 2^attempts, at the most the cap."""
    ceiling = min(timing.backoff_cap, timing.backoff_base * 2.0 ** min(attempts, 32))
    return timedelta(seconds=ceiling * fraction())


def before_send(claim: Claim, now: datetime, timing: TimingSettings) -> Settlement | None:
    """What is decided without sending; None when the call may be made."""
    if claim.kind != "create_ticket" and claim.ticket_id is None:
        return Settlement("dead", "rejected", error="there is no ticket to make this call on")
    window = timedelta(seconds=timing.key_window)
    if claim.ambiguous and claim.kind in KEYED and now - claim.first_sent_at >= window:
        return Settlement(
            "dead",
            "unknown",
            error=f"its outcome is unknown since {claim.first_sent_at:%Y-%m-%d %H:%M} UTC, and its key is "
            "forgotten: look in the ticket system, then `dead retry` or `dead skip`",
        )
    return None


def done(answer: Answer, latency: timedelta) -> Settlement:
    """The call was executed."""
    return Settlement(
        "done",
        "done",
        ticket_id=answer.ticket_id,
        ticket_status=answer.ticket_status,
        response=answer.text,
        latency=latency,
    )


def failed(
    claim: Claim,
    error: TicketsError,
    now: datetime,
    latency: timedelta,
    timing: TimingSettings,
    fraction: Fraction,
) -> Settlement:
    """The call failed; `now` is when."""
    text = str(error)
    pause = backoff(claim.attempts, timing, fraction)
    asked = timedelta(seconds=error.retry_after) if error.retry_after is not None else None
    match error:
        case SendLater():
            over_budget = CloseGate(now + (asked or pause), "budget") if error.status == 429 else None
            soon = min(pause, timedelta(seconds=timing.dispatch_interval * 30))
            at = now + (asked if asked is not None else soon)
            return Settlement(
                "again",
                "not executed",
                again_at=at,
                status=error.status,
                error=text,
                latency=latency,
                gate=over_budget,
            )
        case RepeatTwice() if claim.conflicts >= MAX_CONFLICTS:
            return Settlement("dead", "unknown", unknown=True, status=error.status, error=text, latency=latency)
        case RepeatUnchanged():
            at = now + timedelta(seconds=timing.ghost_wait) + pause
            return Settlement(
                "again",
                "unknown",
                again_at=at,
                unknown=True,
                conflict=isinstance(error, RepeatTwice),
                status=error.status,
                error=text,
                latency=latency,
            )
        case StopSending():
            until = now + timedelta(seconds=timing.probe_interval)
            gate = CloseGate(until, "scope" if error.status == 403 else "credentials")
            return Settlement(
                "again", "refused", again_at=now, status=error.status, error=text, latency=latency, gate=gate
            )
        case AskPerson():
            return Settlement("dead", "rejected", status=error.status, error=text, latency=latency)
    raise TypeError(f"an error of unknown kind: {type(error).__name__}") from error
