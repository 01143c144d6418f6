"""Turns the answer to a call, or its error, into a settlement. Pure functions.

    event                                        class           settlement
    the answer                                   done            the case goes on
    SendLater (refused connection, 429, 503)     not executed    again, after Retry-After or soon; costs no attempt
    RepeatUnchanged (time-out, reset, 5xx)       unknown         again after ghost wait and backoff, same bytes and key
    RepeatTwice (409)                            unknown twice   then dead: a defect of ours
    AskPerson (other 4xx)                        rejected        dead; but 404 on close: it is done
    StopSending (401, 403)                       refused         again, and the gate closes for everybody

A look-up (worker.delivery.lookup) only reads, so it has no late effect, and is repeated soon.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.contract.events import TicketStatus
from tickets.errors import AskPerson, RepeatTwice, RepeatUnchanged, SendLater, StopSending, TicketsError
from worker.ledger import Claim, CloseGate, Settlement
from worker.settings import TimingSettings

MAX_CONFLICTS = 2  # two more sends after a 409, as in the contract
SOON = 5  # rounds of dispatch: the longest pause after a call that was not executed
NOT_FOUND = 404

Fraction = Callable[[], float]
"""A random number from 0 to 1: `random.random`, or a constant in a test."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """The service's answer to a call that was executed."""

    ticket_id: str | None = None
    ticket_status: TicketStatus | None = None
    text: str | None = None
    """Text for an operator, such as the id of the new note."""


def backoff(attempts: int, timing: TimingSettings, fraction: Fraction) -> timedelta:
    """Return an exponential pause with full jitter: from nothing up to base x 2^attempts, at the most the cap."""
    ceiling = min(timing.backoff_cap, timing.backoff_base * 2.0 ** min(attempts, 32))
    return timedelta(seconds=ceiling * fraction())


def soon(timing: TimingSettings, fraction: Fraction) -> timedelta:
    """Return the pause when nothing is wrong with the operation itself."""
    return timedelta(seconds=timing.dispatch_interval * SOON * fraction())


def before_send(claim: Claim) -> Settlement | None:
    """Return the settlement of a claim that needs no call; None when a call must be made."""
    if claim.kind != "create_ticket" and claim.ticket_id is None:
        return Settlement("dead", "rejected", error="the case has no ticket to make this call on")
    if claim.mode == "park":
        at = f"{claim.first_sent_at:%Y-%m-%d %H:%M} UTC"
        error = f"the call may have been executed on {at}, and that cannot be found out any more"
        return Settlement(
            "dead", "unknown", error=f"{error}: look in the ticket system, then `dead retry` or `dead skip`"
        )
    if claim.kind == "close_ticket" and _reopened_since(claim):
        return Settlement("done", "done", response="a person reopened the ticket after an earlier attempt")
    return None


def later_than_its_token(claim: Claim, took: timedelta) -> Settlement:
    """Settle a claim that came to its call later than its token allows; it is claimed again at once."""
    error = f"later than its token: the call was ready {took.total_seconds():.1f} s after its claim began"
    return Settlement("again", "not executed", again_at=claim.claimed_at, error=error, unsent=True, took=took)


def _reopened_since(claim: Claim) -> bool:
    """Return True when a person reopened the ticket after an earlier send.

    A look-up that found the ticket open does not prove that the ticket was never closed.
    """
    was_sent = claim.ambiguous or claim.first_sent_at < claim.claimed_at
    return was_sent and claim.reopened_at is not None and claim.reopened_at >= claim.first_sent_at


def done(answer: CallResult, latency: timedelta) -> Settlement:
    """Settle a call that was executed."""
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
    """Settle a call that failed; `now` is the time of the failure."""
    reads = claim.mode == "look_up"
    gate = gate_of(error, now, timing, fraction, reads=reads)
    ghost_gone = now + timedelta(seconds=timing.ghost_wait)
    match error:
        case SendLater():
            asked = timedelta(seconds=error.retry_after) if error.retry_after is not None else None
            at = now + (asked if asked is not None else soon(timing, fraction))
            settlement = Settlement("again", "not executed", again_at=at)
        case RepeatUnchanged() if reads:
            settlement = Settlement("again", "not executed", again_at=now + backoff(claim.attempts, timing, fraction))
        case RepeatTwice() if claim.conflicts >= MAX_CONFLICTS:
            # Another attempt may be in flight: the next operation waits for it.
            settlement = Settlement("dead", "unknown", again_at=ghost_gone, unknown=True)
        case RepeatUnchanged():
            pause = backoff(claim.attempts, timing, fraction)
            is_conflict = isinstance(error, RepeatTwice)
            settlement = Settlement("again", "unknown", again_at=ghost_gone + pause, unknown=True, conflict=is_conflict)
        case StopSending():
            at = now + timedelta(seconds=timing.probe_interval) if reads else now
            settlement = Settlement("again", "refused", again_at=at)
        case AskPerson() if claim.kind == "close_ticket" and is_gone(error):
            settlement = Settlement("done", "done", response="there is no such ticket any more", ticket_status="gone")
        case AskPerson():
            settlement = Settlement("dead", "rejected", ticket_status="gone" if is_gone(error) else None)
        case _:
            raise TypeError(f"no settlement for an error of type {type(error).__name__}") from error
    return replace(
        settlement,
        status=error.status,
        error=error.in_full,
        request_id=error.request_id,
        latency=latency,
        gate=gate,
        reads=reads,
    )


def gate_of(
    error: TicketsError, now: datetime, timing: TimingSettings, fraction: Fraction, *, reads: bool
) -> CloseGate | None:
    """Return the gate to close for all calls after this failure, or None."""
    if isinstance(error, StopSending):
        until = now + timedelta(seconds=timing.probe_interval)
        scope = error.status == 403
        return CloseGate(until, "scope" if scope else "credentials", reading=reads and scope)
    if isinstance(error, SendLater) and error.status == 429:
        asked = timedelta(seconds=error.retry_after) if error.retry_after is not None else soon(timing, fraction)
        return CloseGate(now + asked, "budget")
    return None


def is_gone(error: TicketsError) -> bool:
    """Return True when the service itself reports a missing ticket. A proxy's 404 does not count."""
    return error.status == NOT_FOUND and (error.code == "not_found" or bool(error.details))
