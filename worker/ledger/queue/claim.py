"""A claim: what a worker may do with one operation, and until when.

send   the call itself
look   only a question: the ticket's state, or whether the ticket is there (an earlier send may have been executed,
       and a repetition could do it twice)
park   nothing: a person decides
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from worker.ledger.queue.budget import Limits
from worker.ledger.queue.gates import GateReason
from worker.planning.model import Kind

Mode = Literal["send", "look", "park"]


STATE_IS_ASKED: frozenset[Kind] = frozenset({"close_ticket", "reopen_ticket"})


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms claims are given."""

    lease: timedelta
    key_window: timedelta
    """For how long after its first send an idempotency key protects."""
    probe_interval: timedelta
    """Between two probes of a gate that is closed by a refusal."""
    limits: Limits
    repeat_notes: bool = True
    """A note whose key is forgotten is sent with a line that says that it may be a repeat; else a person decides."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An operation that this process may send, or look after, until its lease ends."""

    case_id: int
    seq: int
    epoch: int
    kind: Kind
    mode: Mode
    source: str
    inbound_id: int
    """The delivery that it came with: the id that follows a message through the logs of every process."""
    ticket_id: str | None
    request: bytes
    idempotency_key: str
    first_sent_at: datetime
    last_sent_at: datetime | None
    """The latest send that may have left, this one included; None where only a restored ledger makes it look."""
    claimed_at: datetime
    ambiguous: bool
    """An earlier send may have been executed."""
    unproven: bool
    """The ledger was restored: what it says of this operation may be older than the truth."""
    conflicts: int
    """How often the service answered 409."""
    attempts: int
    """How many in a row were of unknown outcome."""
    probes: GateReason | None = None
    """The reason of the closed gate that this one was let through."""
    reopened_at: datetime | None = None
    """When a person reopened its ticket, as far as we were told."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim gave."""

    claims: list[Claim]
    wait: timedelta | None = None
    """When there may be tokens for what is due and got none; None: there is no such."""
    only_urgent: bool = False
    """Until then something may be claimed all the same, if it is urgent."""
    counted: float = 0.0
    """When the tokens were counted, by the caller's clock."""
