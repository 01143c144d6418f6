"""Do the ledger and the Tickets API tell the same? What each knows is read first; `compare` is a pure function of both.

    missing    the ledger has a ticket that the Tickets API does not know
    doubled    several tickets end with the marker of one operation
    orphaned   a ticket ends with the marker of an operation of ours, and belongs to no case
    foreign    a ticket ends with a marker that no operation of this ledger has
    changed    somebody closed a ticket that was open as far as the ledger knew, reopened it, or brought it back

What is under way is no finding: a ticket whose create is open is adopted soon, and the state of one that has open
operations is about to be different. That a ticket is pending or resolved is people's work, and no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, exists, select

from tickets.marks import word_in_request
from worker.ledger.operator import interventions
from worker.ledger.queue.settles import note_ticket
from worker.ledger.schema.tables import cases, operations, tickets
from worker.ledger.schema.words import OperationKind, OperationState

What = Literal["missing", "doubled", "orphaned", "foreign", "changed"]
GONE, CLOSED = "gone", "closed"
AT_ONCE = 500  # rows read, or ids asked for, at once


@dataclass(frozen=True, slots=True)
class Bound:
    """A ticket of the ledger's."""

    ticket_id: str
    operation: str
    source: str
    case: str
    status: str | None
    """As last known; `gone` where the service said that there is no such ticket any more."""
    status_at: datetime | None
    under_way: bool
    """Operations on it are open."""


@dataclass(frozen=True, slots=True)
class Create:
    """The operation that a marker stands for."""

    operation: str
    source: str
    case: str
    state: str


@dataclass(frozen=True, slots=True)
class Found:
    """A ticket as the Tickets API has it."""

    ticket_id: str
    status: str
    word: str | None
    """Of the marker that its description ends with."""


@dataclass(frozen=True, slots=True)
class LedgerSide:
    """What the ledger says."""

    bound: Sequence[Bound]
    """The tickets that are compared."""
    creates: Mapping[str, Create]
    """By the word of the marker: of the words that the Tickets API has, those that are ours."""
    owned: Collection[str]
    """Of the tickets found, those that belong to a case, whether they are compared or not."""


@dataclass(frozen=True, slots=True)
class ApiSide:
    """What the Tickets API says."""

    found: Sequence[Found]
    absent: Collection[str]
    """Ids that were asked for one by one, and are not there."""
    began: datetime
    """Before the first of them was looked at, by the ledger's clock: what the ledger heard since then is newer."""


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
    status: str | None = None
    """Of the ticket, as it is: what the ledger would record of it. None where it would record nothing."""
    reopened: bool = False


def compare(ledger: LedgerSide, api: ApiSide) -> list[Finding]:
    """Every difference, by ticket; none where both tell the same."""
    by_id = {each.ticket_id: each for each in api.found}
    findings = [*_marked(ledger, api.found)]
    for each in ledger.bound:
        finding = _gone(each) if each.ticket_id in api.absent else _differs(each, by_id.get(each.ticket_id), api.began)
        findings += [finding] if finding else []
    return sorted(findings, key=lambda each: (each.what, each.ticket))


def _gone(bound: Bound) -> Finding | None:
    if bound.status == GONE:
        return None
    text = "the Tickets API does not know it: it was deleted there"
    remedy = "`audit --update` records that; an operation on it that dies can be given another ticket with `dead bind`"
    return _finding("missing", bound, text, remedy, GONE)


def _differs(bound: Bound, found: Found | None, began: datetime) -> Finding | None:
    if found is None or bound.status is None or bound.under_way:
        return None
    if bound.status_at is not None and bound.status_at >= began:
        return None
    if bound.status == GONE:
        return _finding("changed", bound, "it was gone, and is there again", _RECORD, found.status)
    was_closed, is_closed = bound.status == CLOSED, found.status == CLOSED
    if was_closed == is_closed:
        return None
    text = f"somebody {'closed' if is_closed else 'reopened'} it; the ledger knew it as {bound.status}"
    return _finding("changed", bound, text, _RECORD, found.status, reopened=was_closed)


_RECORD = "nothing, if that was meant; `audit --update` lets the ledger know"


def _finding(
    what: What, bound: Bound, text: str, remedy: str, status: str | None = None, *, reopened: bool = False
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
        elif those[0].ticket_id not in ledger.owned and create.state not in ("open", "held"):
            findings.append(_orphaned(create, those[0]))
    return findings


def _doubled(ledger: LedgerSide, create: Create | None, those: Sequence[Found]) -> Finding:
    ids = sorted(each.ticket_id for each in those)
    bound = [each for each in ids if each in ledger.owned]
    text = f"tickets {', '.join(ids)} end with one marker"
    text += f"; {', '.join(bound)} belongs to the case" if bound else "; none of them belongs to a case"
    keep = f"all but {bound[0]}" if bound else "all but one"
    remedy = f"close {keep} in the ticket system, and report it: one operation must not have two effects"
    if create is None:
        return Finding("doubled", ids[0], None, None, None, text, remedy)
    return Finding("doubled", ids[0], create.source, create.case, create.operation, text, remedy)


def _foreign(found: Found) -> Finding:
    text = "it ends with a marker that no operation of this ledger has: another ledger made it, or this one before"
    return Finding("foreign", found.ticket_id, None, None, None, f"{text} a restore", "close it if nobody needs it")


def _orphaned(create: Create, found: Found) -> Finding:
    text = f"it bears the marker of {create.operation}, which is {create.state}, and belongs to no case"
    bind = f"`dead bind {create.operation} {found.ticket_id}` makes it the case's ticket"
    remedy = bind if create.state == "dead" else "close it in the ticket system if nobody needs it"
    return Finding("orphaned", found.ticket_id, create.source, create.case, create.operation, text, remedy)


def read(connection: Connection, since: datetime | None, words: Collection[str], found: Collection[str]) -> LedgerSide:
    """What the ledger says of the tickets bound since then, of these markers, and of the tickets that were found."""
    return LedgerSide(
        bound=[_read_bound(row) for row in connection.execute(_bound(since))],
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
    statement = (
        select(tickets, cases.c.source, cases.c.key, open_on_it.label("under_way"))
        .join(cases, cases.c.id == tickets.c.case_id)
        .order_by(tickets.c.case_id, tickets.c.create_seq)
    )
    return statement if since is None else statement.where(tickets.c.bound_at >= since)


def _read_bound(row: Row[Any]) -> Bound:
    operation = f"op-{row.case_id}-{row.create_seq}"
    return Bound(row.ticket_id, operation, row.source, row.key, row.status, row.status_at, bool(row.under_way))


def _creates(connection: Connection, words: frozenset[str]) -> dict[str, Create]:
    """The creates that bear these words; their requests are the only place where the words stand."""
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


def update(connection: Connection, findings: Sequence[Finding], at: datetime, who: str, now: datetime) -> int:
    """Record the states that were found, as of `at`; gives the number of tickets."""
    noted = 0
    for each in findings:
        if each.status is None:
            continue
        noted += note_ticket(connection, each.ticket, each.status, at, reopened_by_person=each.reopened)
        subject = f"ticket:{each.ticket}"
        interventions.note(connection, who, "audit --update", subject, now, status=each.status, found=each.text)
    return noted
