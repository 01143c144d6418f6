"""A claim: what a worker may do with one operation, and until when.

send      the call itself
look_up   only a look-up: the ticket's state, or whether the ticket exists (an earlier send may have been
          executed, and a repetition could do it twice)
park      no request: a person decides
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from worker.ledger.queue.budget import MOST_LATE, Limits
from worker.ledger.queue.clock_jumps import Jump
from worker.ledger.queue.gates import GateReason
from worker.planning.model import Kind

Mode = Literal["send", "look_up", "park"]


STATE_IS_ASKED: frozenset[Kind] = frozenset({"close_ticket", "reopen_ticket"})


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms on which claims are given."""

    lease: timedelta
    key_window: timedelta
    """For how long after its first send an idempotency key protects."""
    probe_interval: timedelta
    """The time between two probes of a gate that a refusal closed."""
    limits: Limits
    repeat_notes: bool = True
    """True: a note with an expired key is sent with a line that it may be a repeat. False: a person decides."""
    most_late: timedelta = MOST_LATE
    """The limit of the late bound: a call that leaves later could outlive its lease."""
    ghost_wait: timedelta = timedelta(seconds=60)
    """How long a call of unknown outcome can still take effect."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An operation that this process may send or look up until its lease ends."""

    case_id: int
    seq: int
    epoch: int
    kind: Kind
    mode: Mode
    source: str
    inbound_id: int
    """The delivery that caused the operation; this id follows a message through the logs of every process."""
    ticket_id: str | None
    request: bytes
    idempotency_key: str
    first_sent_at: datetime
    last_sent_at: datetime | None
    """The latest send that may have left, including this one. After a restore, the time of the restore."""
    claimed_at: datetime
    ambiguous: bool
    """True if an earlier send may have been executed."""
    unproven: bool
    """True after a restore: the operation is treated as if its key had expired, since the ledger may be outdated."""
    conflicts: int
    """How often the service answered 409."""
    attempts: int
    """How many attempts had an unknown outcome since the case's last operation was done or died."""
    probes: GateReason | None = None
    """The reason of the closed gate for which this operation is the probe."""
    reopened_at: datetime | None = None
    """When a person reopened its ticket, as far as that was reported."""
    rank: int = 0
    """The rank of the operation; that of a create follows from its priority."""
    planned_at: datetime | None = None
    """When the operation was planned; None in tests that make claims by themselves."""
    tries: int = 0
    """How many attempts at the operation were recorded before this one."""


class Lease(NamedTuple):
    """A lease of a case. Every claim has another epoch."""

    case_id: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """The result of claiming."""

    claims: list[Claim]
    wait: timedelta | None = None
    """How long until there may be tokens for due calls that got none; None if there are no such calls."""
    only_urgent: bool = False
    """True if only an urgent operation may be claimed before `wait` is over."""
    good_until: float | None = None
    """When the tokens end, by the caller's clock: no call may leave afterwards. None: there is no limit."""
    counted: float = 0.0
    """When the tokens were counted, by the same clock."""
    jump: Jump | None = None
    """The jump of the ledger's clock that this claim found. The gate is closed because of it."""
