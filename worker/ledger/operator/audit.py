"""Compares the ledger with the Tickets API. Both sides are read first; `compare` is a pure function of them.

    missing    the ledger has a ticket that the Tickets API does not have
    doubled    several tickets end with the marker of one operation
    orphaned   a ticket ends with the marker of an operation of this ledger, and belongs to no case
    foreign    a ticket ends with a marker that no operation of this ledger has
    changed    somebody closed a ticket that the ledger holds as open, reopened it, or brought it back

A known state can be a difference, too, if its case goes on as if the ticket were in another state. The reason: the
answer to a call shows a state, but not that a person set it.

Unfinished work is not a finding. A ticket with an open create is adopted soon. The state of a ticket with open
operations is about to change. Pending and resolved tickets are people's work, and no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, exists, select
from sqlalchemy import case as sa_case

from connectors.contract.events import TicketStatus
from tickets.markers import word_in_request
from worker.ledger.operator import interventions
from worker.ledger.recording.recorder import Recorded
from worker.ledger.schema.tables import cases, operations, tickets
from worker.ledger.schema.words import WAITS, OperationKind, OperationState
from worker.planning.decide import OPENS
from worker.planning.model import CaseState
from worker.planning.people import TicketSeen, plan_ticket

What = Literal["missing", "doubled", "orphaned", "foreign", "changed"]
GONE: Literal["gone"] = "gone"
CLOSED: Literal["closed"] = "closed"
AT_ONCE = 500  # rows read, or ids requested, at once


@dataclass(frozen=True, slots=True)
class Bound:
    """A ticket that the ledger has."""

    ticket_id: str
    operation: str
    source: str
    case: str
    status: str | None
    """As last known; `gone` if the service reported that the ticket no longer exists."""
    status_at: datetime | None
    under_way: bool
    """True if operations on the ticket are open."""
    unnoticed: Collection[str] = ()
    """Those of the states open, closed and gone that would change the case, whether the state is known or not."""


@dataclass(frozen=True, slots=True)
class Create:
    """The operation of a marker."""

    operation: str
    source: str
    case: str
    state: str


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket as the Tickets API has it."""

    ticket_id: str
    status: TicketStatus
    word: str | None
    """The word of the marker at the end of its description."""
    category: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LedgerSide:
    """The ledger's side of the comparison."""

    bound: Sequence[Bound]
    """The tickets that are compared."""
    creates: Mapping[str, Create]
    """The creates of this ledger by the word of their marker, limited to words found in the Tickets API."""
    owned: Collection[str]
    """Ids of found tickets that belong to a case, whether they are compared or not."""


@dataclass(frozen=True, slots=True)
class ApiSide:
    """The Tickets API's side of the comparison."""

    found: Sequence[Found]
    absent: Collection[str]
    """Ids that were requested one by one, and do not exist."""
    began: datetime
    """When reading began, by the ledger's clock: states that the ledger stored since then are newer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference, and what a person can do about it."""

    what: What
    ticket: str
    source: str | None
    case: str | None
    operation: str | None
    text: str
    remedy: str
    status: TicketStatus | None = None
    """The current status of the ticket, for the ledger to record; None if there is nothing to record."""
    reopened: bool = False


def compare(ledger: LedgerSide, api: ApiSide) -> list[Finding]:
    """Return every difference, sorted by its kind and ticket; empty if both sides agree."""
    by_id = {each.ticket_id: each for each in api.found}
    findings = [*_marked(ledger, api.found)]
    for each in ledger.bound:
        finding = _gone(each) if each.ticket_id in api.absent else _differs(each, by_id.get(each.ticket_id), api.began)
        findings += [finding] if finding else []
    return sorted(findings, key=lambda each: (each.what, each.ticket))


def _gone(bound: Bound) -> Finding | None:
    if bound.status == GONE and GONE not in bound.unnoticed:
        return None
    text = "the ticket was deleted in the ticket system"
    remedy = "`audit --update` records that; the next message of the case then creates another ticket"
    return _finding("missing", bound, text, remedy, GONE)


def _differs(bound: Bound, found: Found | None, began: datetime) -> Finding | None:
    if found is None or bound.status is None or bound.under_way:
        return None
    if bound.status_at is not None and bound.status_at >= began:
        return None
    if bound.status == GONE:
        return _finding("changed", bound, "the ticket was deleted, and exists again", _RECORD, found.status)
    was_closed, is_closed = bound.status == CLOSED, found.status == CLOSED
    did = "closed" if is_closed else "reopened"
    if was_closed != is_closed:
        text = f"somebody {did} the ticket; the ledger has it as {bound.status}"
        return _finding("changed", bound, text, _RECORD, found.status, reopened=was_closed)
    if _STANDS_FOR.get(found.status) not in bound.unnoticed:
        return None
    text = f"somebody {did} the ticket; its case does not know that yet"
    return _finding("changed", bound, text, _RECORD, found.status)


_STANDS_FOR: Mapping[str, str] = {"open": "open", "pending": "open", "closed": CLOSED}
"""Maps found states to the state that decides whether a person ended or reopened the ticket."""

_RECORD = "`audit --update` records that, if it was meant"


def _finding(
    what: What, bound: Bound, text: str, remedy: str, status: TicketStatus | None = None, *, reopened: bool = False
) -> Finding:
    return Finding(what, bound.ticket_id, bound.source, bound.case, bound.operation, text, remedy, status, reopened)


def _marked(ledger: LedgerSide, found: Sequence[Found]) -> list[Finding]:
    by_word: dict[str, list[Found]] = defaultdict(list)
    for each in found:
        if each.word is not None:
            by_word[each.word].append(each)
    findings = []
    for word, those in by_word.items():
        create = ledger.creates.get(word)
        if len(those) > 1:
            findings.append(_doubled(ledger, create, those))
        elif create is None:
            findings.append(_foreign(those[0]))
        elif those[0].ticket_id not in ledger.owned and create.state not in WAITS:
            findings.append(_orphaned(create, those[0]))
    return findings


def _doubled(ledger: LedgerSide, create: Create | None, those: Sequence[Found]) -> Finding:
    ids = sorted(each.ticket_id for each in those)
    bound = [each for each in ids if each in ledger.owned]
    text = f"tickets {', '.join(ids)} end with the same marker"
    text += f"; of the case: {', '.join(bound)}" if bound else "; no case has one of them"
    keep = f"all but {bound[0]}" if bound else "all but one"
    remedy = f"close {keep} in the ticket system, and report it: one operation must not have two effects"
    if create is None:
        return Finding("doubled", ids[0], None, None, None, text, remedy)
    return Finding("doubled", ids[0], create.source, create.case, create.operation, text, remedy)


def _foreign(found: Found) -> Finding:
    text = "the ticket ends with a marker that no operation of this ledger has: another ledger created it, or this "
    text += "ledger before a restore"
    return Finding("foreign", found.ticket_id, None, None, None, text, "close the ticket if nobody needs it")


def _orphaned(create: Create, found: Found) -> Finding:
    text = f"the ticket has the marker of {create.operation}, which is {create.state}, and no case has the ticket"
    bind = f"`dead bind {create.operation} {found.ticket_id}` gives the ticket to the case"
    remedy = bind if create.state == OperationState.DEAD else "close the ticket if nobody needs it"
    return Finding("orphaned", found.ticket_id, create.source, create.case, create.operation, text, remedy)


def read(
    connection: Connection, now: datetime, since: datetime | None, words: Collection[str], found: Collection[str]
) -> LedgerSide:
    """Read the ledger's side: tickets bound since then, creates with these marker words, and owned found tickets."""
    return LedgerSide(
        bound=[_read_bound(row, now) for row in connection.execute(_bound(since))],
        creates=_creates(connection, frozenset(words)),
        owned=_owned(connection, sorted(found)),
    )


def _owned(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    owned: set[str] = set()
    for start in range(0, len(ids), AT_ONCE):
        some = tickets.c.ticket_id.in_(ids[start : start + AT_ONCE])
        owned.update(connection.execute(select(tickets.c.ticket_id).where(some)).scalars())
    return frozenset(owned)


def _bound(since: datetime | None) -> Any:
    open_on_it = exists().where(
        operations.c.case_id == tickets.c.case_id,
        operations.c.target == tickets.c.create_seq,
        operations.c.state == OperationState.OPEN,
    )
    its_case = (cases.c.source, cases.c.key, cases.c.phase, cases.c.left, cases.c.left_at)
    is_current = (cases.c.create_seq == tickets.c.create_seq).label("is_current")
    statement = (
        select(tickets, *its_case, is_current, _begun_at().label("begun_at"), open_on_it.label("under_way"))
        .join(cases, cases.c.id == tickets.c.case_id)
        .order_by(tickets.c.case_id, tickets.c.create_seq)
    )
    return statement if since is None else statement.where(tickets.c.bound_at >= since)


def _begun_at() -> ColumnElement[datetime | None]:
    """Return when the latest call that opened the ticket was done; NULL while such a call is under way."""
    of_ticket = (operations.c.case_id == tickets.c.case_id, operations.c.target == tickets.c.create_seq)
    opened = (operations.c.kind.in_(OPENS), operations.c.state != OperationState.SKIPPED)
    done_at = sa_case((operations.c.state == OperationState.DONE, operations.c.ended_at))
    latest = select(done_at).where(*of_ticket, *opened).order_by(operations.c.seq.desc()).limit(1)
    return latest.correlate(tickets).scalar_subquery()


def _read_bound(row: Row[Any], now: datetime) -> Bound:
    return Bound(
        row.ticket_id,
        f"op-{row.case_id}-{row.create_seq}",
        row.source,
        row.key,
        row.status,
        row.status_at,
        bool(row.under_way),
        _unnoticed(row, now),
    )


def _unnoticed(row: Row[Any], now: datetime) -> frozenset[str]:
    case = CaseState(phase=row.phase, ticket_state_by_others=row.left, ticket_state_by_others_at=row.left_at)
    known = {"is_current": bool(row.is_current), "begun_at": row.begun_at, "reported_at": row.told_at}
    # For a case left as "wont_fix", a closed ticket adds nothing.
    states: tuple[TicketStatus, ...] = (
        ("open", "gone") if case.ticket_state_by_others == "wont_fix" else ("open", "closed", "gone")
    )
    ends = ((each, plan_ticket(case, TicketSeen(each, now, **known))[0]) for each in states)
    return frozenset(each for each, state in ends if state.ticket_state_by_others != case.ticket_state_by_others)


def _creates(connection: Connection, words: frozenset[str]) -> dict[str, Create]:
    """Return the creates with these marker words; only the requests contain the words."""
    if not words:
        return {}
    statement = (
        select(operations.c.case_id, operations.c.seq, operations.c.state, operations.c.request,
               cases.c.source, cases.c.key)
        .join(cases, cases.c.id == operations.c.case_id)
        .where(operations.c.kind == OperationKind.CREATE_TICKET)
    )  # fmt: skip
    found = {}
    for row in connection.execute(statement, execution_options={"yield_per": AT_ONCE}):
        word = word_in_request(bytes(row.request))
        if word is not None and word in words:
            found[word] = Create(f"op-{row.case_id}-{row.seq}", row.source, row.key, row.state)
    return found


def note_updates(
    connection: Connection, findings: Sequence[Finding], recorded: Sequence[Recorded], who: str, now: datetime,
    other_settings: Sequence[str] = (),
) -> list[Finding]:  # fmt: skip
    """Write an intervention for each finding with an effect, and return these findings.

    A route may drop the delivery of a finding.
    """
    noted = [finding for finding, each in zip(findings, recorded, strict=True) if each.effects]
    for each in noted:
        subject = f"ticket:{each.ticket}"
        detail = {"status": each.status, "found": each.text, "other_settings": list(other_settings) or None}
        interventions.note(connection, who, "audit --update", subject, now, **detail)
    return noted
