"""The knowledge that the events of one batch are planned against, and the changes that they cause.

`Knowledge` is everything that planning may read. The ledger loads it under the locks of a transaction; a rehearsal
keeps it in memory. `Batch` holds it together with the changes that planning makes, so that the caller can store them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from connectors.contract.events import TicketChanged
from worker.planning.arrival import Waiting
from worker.planning.correlation import Destination, Key, Name
from worker.planning.grouping import Rate
from worker.planning.keys import idempotency_key
from worker.planning.loop_guard import LoopGuard
from worker.planning.model import UNOPENED, CaseState, Intent, Kind, Member, Place
from worker.planning.people import KnownTicket

NO_RANK = 9
"""The rank of a case without a next call."""

Delivery = Literal["idle", "ready", "leased", "blocked"]

Message = tuple[str, ...]
"""A source id and a source message id; then the content digest of a later version, or `reused_ids.COPIED`."""
Mark = tuple[int, str | None]
"""A case id and an author who is not verified; None for a message without an author."""
Version = tuple[str, str]
"""A source message id and a content digest."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The record of a message."""

    content: str
    """The content digest of the message or version that this record is about, as it first arrived."""
    case_id: int
    episode: int


@dataclass(slots=True)
class Case:
    """A case, as its row holds it and as it will be written back."""

    id: int
    source: str
    key: str
    run_at: datetime
    """No call of the case is made before this time."""
    state: CaseState = UNOPENED
    opener: str | None = None
    subject: str | None = None
    """The subject of its latest ticket, as it was planned; neutral if the ticket is about a private event."""
    delivery: Delivery = "idle"
    """The state of the case's outgoing calls: the column `cases.state`."""
    kind: Kind | None = None
    """The kind of its next call."""
    rank: int = NO_RANK
    next_seq: int = 1
    """The place of its next new operation."""
    head_seq: int = 1
    """The place of its next call."""
    create_seq: int | None = None
    """The place of the create of its latest ticket."""
    open_members: int = 0
    heard_at: datetime | None = None
    changed: bool = False
    woken: bool = False
    """True if a call became due."""
    taken_back: list[int] = field(default_factory=list)
    """The places of the creates of dropped episodes: their unsent calls will be skipped."""


class Operation(NamedTuple):
    """A call that must be made, at its place in the sequence of its case."""

    case: Case
    seq: int
    episode: int
    target: int | None
    """The place of the create of the ticket that the call is about."""
    intent: Intent
    rank: int
    source: str
    source_message_id: str
    inbound_id: int
    held: bool
    """True if a person must decide about the ticket first."""
    in_doubt: bool
    """True if the ledger was restored, and the call may have been made before the restore."""

    @property
    def key(self) -> str:
        """The idempotency key."""
        return idempotency_key(self.source, self.case.key, self.episode, self.source_message_id, self.intent)


@dataclass(slots=True)
class Knowledge:
    """Everything that planning may read, and that the events of a batch can touch."""

    cases: dict[int, Case] = field(default_factory=dict)
    by_key: dict[Key, Case] = field(default_factory=dict)
    seen: dict[Message, Seen] = field(default_factory=dict)
    members: dict[Key, dict[int, Member]] = field(default_factory=dict)
    """By source and key of a member: its state in each group, by the id of the group's case."""
    open_in: dict[Key, int] = field(default_factory=dict)
    """The group in which a member is open, by source and key of the member."""
    tickets: dict[str, KnownTicket] = field(default_factory=dict)
    rates: dict[int, Rate] = field(default_factory=dict)
    """The rates of new incidents, by the case that gathers a storm."""
    loop_guards: dict[Name, LoopGuard] = field(default_factory=dict)
    """The state of the loop guard for each exchange, by source and name."""
    waiting: dict[Name, dict[Version, Waiting]] = field(default_factory=dict)
    """The waiting comments, by source and the name that they wait for."""
    marked: set[Mark] = field(default_factory=set)
    """The tickets that say already that an author is not verified."""

    def case(self, destination: Destination) -> Case | None:
        """Return the case of a destination; None if the destination has no case."""
        where = destination.case
        if where is None:
            return None
        return self.cases[where] if isinstance(where, int) else self.by_key[where]


@dataclass(slots=True)
class Batch:
    """One batch of events: the knowledge for planning, and those changes that are not made in it."""

    known: Knowledge
    names: dict[Name, int] = field(default_factory=dict)
    """Names that became known with this batch, and the ids of their cases."""
    observed: set[tuple[str, str, str]] = field(default_factory=set)
    """Source, source message id and observation of each event that was planned.

    An event that one delivery holds twice is recognised by them, and counts once.
    """
    opened: list[Case] = field(default_factory=list)
    """Cases for which waiting comments are planned next: the last event opened the case, or a member of it, first."""
    seen: dict[Message, tuple[Seen, int]] = field(default_factory=dict)
    """Records of messages to store, each with the number of its delivery."""
    operations: list[Operation] = field(default_factory=list)
    participants: list[tuple[int, str]] = field(default_factory=list)
    """Case id and name of each new participant."""
    marked: set[Mark] = field(default_factory=set)
    """The tickets that say from now on that an author is not verified."""
    receipts: set[tuple[int, str, str]] = field(default_factory=set)
    """Case id, source and target of the new receipts."""
    members: dict[Place, Member] = field(default_factory=dict)
    rates: dict[int, Rate] = field(default_factory=dict)
    loop_guards: dict[Name, LoopGuard] = field(default_factory=dict)
    ticket_changes: list[tuple[TicketChanged, KnownTicket]] = field(default_factory=list)
    """Reports on known tickets, each with the state of the ticket before."""
    waiting: dict[tuple[str, str, str], Waiting] = field(default_factory=dict)
    """The comments that begin to wait, by source, source message id and content digest."""
    taken: list[Waiting] = field(default_factory=list)
    """The comments that wait no more."""
    paired: list[int] = field(default_factory=list)
    """The deliveries of the comments that were planned after they had waited."""
    later_aliases: dict[Name, int] = field(default_factory=dict)
    """Names from comments that had waited; a name that another case already has stays with that case."""
