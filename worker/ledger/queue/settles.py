"""Settles attempts: records the outcome and what follows, if the case is still leased under the claim's epoch.

When an operation dies, the operations after it are planned again (`replanning`), since they were planned on
the assumption that it succeeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, select

from connectors.contract.events import TicketStatus
from worker.ledger.engine import bulk
from worker.ledger.queue import gates, joining, replanning
from worker.ledger.queue.claim import STATE_IS_ASKED, Claim
from worker.ledger.queue.gates import PROBED, REFUSALS, CloseGate
from worker.ledger.queue.heads import Head, open_heads, place, write_cases
from worker.ledger.queue.tickets import Observation, of_case, of_ticket
from worker.ledger.schema.tables import aliases, attempts, cases, operations, tickets
from worker.ledger.schema.words import DeliveryState, OperationState, TicketOrigin
from worker.planning.model import CaseState, Kind
from worker.planning.people import plan_answer

Outcome = Literal[
    "done", "not executed", "unknown", "rejected", "refused", "adopted", "absent", "not found yet", "undecided"
]


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of one attempt, and what follows."""

    state: Literal["done", "again", "dead"]
    outcome: Outcome
    """The outcome of the attempt: the meanings are in `words.AttemptOutcome`."""
    again_at: datetime | None = None
    """The earliest time of the next try; for a dead operation, of its successor."""
    unknown: bool = False
    """True if the send may have been executed."""
    absent: bool = False
    """True if no earlier send was executed, which is proven: the next send counts as the first."""
    conflict: bool = False
    ticket_id: str | None = None
    ticket_status: TicketStatus | None = None
    response: str | None = None
    status: int | None = None
    error: str | None = None
    """Why the attempt failed, with the reason that the Tickets API gave, in one line."""
    request_id: str | None = None
    """The id that the Tickets API gave the request; only of a failed attempt."""
    latency: timedelta | None = None
    gate: CloseGate | None = None
    estimated_at: datetime | None = None
    """The ledger's time when this was decided, estimated from the claim. The ledger's clock may have been set since."""
    unsent: bool = False
    """True if the call provably did not leave: its token is given back, and a probe is freed."""
    took: timedelta | None = None
    """For a call that came too late for its token: how long after the token was taken."""
    reads: bool = False
    """True if the attempt was only a look-up."""


IS_OPEN = operations.c.state == OperationState.OPEN  # a settle changes no operation that a person or a restore ended
AFTER = {"done": OperationState.DONE, "dead": OperationState.DEAD, "again": OperationState.OPEN}
Settled = tuple[Row[Any], Claim, Settlement]


def settle(
    connection: Connection, settled: Sequence[tuple[Claim, Settlement]], now: datetime
) -> tuple[list[Claim], frozenset[Kind]]:
    """Record the outcomes of these claims.

    Returns the claims that were refused because their lease was over, and the kinds of operation
    that are due now.
    """
    by_claim = {(each.case_id, each.epoch): (each, outcome) for each, outcome in settled}
    statement = _to_settle(is_sqlite=bulk.is_sqlite(connection))
    rows = connection.execute(statement, bulk.packed({"id": case_id} for case_id, _ in by_claim))
    leased = {(row.id, row.epoch): row for row in rows if row.state == DeliveryState.LEASED}
    current: list[Settled] = [(leased[claimed], *outcome) for claimed, outcome in by_claim.items() if claimed in leased]
    stale = [each for claimed, (each, _) in by_claim.items() if claimed not in leased]
    if not current:
        return stale, frozenset()
    current = _refuse_bound(connection, [(row, each, _rebased(outcome, now)) for row, each, outcome in current])
    bulk.insert(connection, attempts, [_attempt(each, outcome, now) for _, each, outcome in current])
    _settle_operations(connection, current, now)
    changes = {row.id: _after_death(connection, row, each, outcome, now) for row, each, outcome in current}
    observed = {each[0].id: _observed(*each, changes[each[0].id].create_seq, now) for each in current}
    _write_tickets(connection, current, observed, now)
    heads = open_heads(connection, [row.id for row, _, _ in current])
    updates = [
        _settle_case(row, each, outcome, changes[row.id], heads.get(row.id), observed[row.id], now)
        for row, each, outcome in current
    ]
    write_cases(connection, updates)
    _take_unsent_back(connection, current, now)
    _move_gate(connection, current, now)
    return stale, frozenset(
        each["kind"] for each in updates if each["state"] == DeliveryState.READY and each["run_at"] <= now
    )


CLOCK_WAS_SET = timedelta(seconds=1)


def _rebased(outcome: Settlement, now: datetime) -> Settlement:
    """Return the settlement with times by the ledger's present clock, so that every wait lasts as long as it should."""
    by = now - outcome.estimated_at if outcome.estimated_at is not None else timedelta(0)
    if abs(by) <= CLOCK_WAS_SET:
        return outcome
    gate = None if outcome.gate is None else replace(outcome.gate, until=outcome.gate.until + by)
    return replace(outcome, again_at=outcome.again_at and outcome.again_at + by, gate=gate)


@cache
def _to_settle(*, is_sqlite: bool) -> Select[Any]:
    """Select the rows of cases, locked in the order that all transactions use."""
    return select(cases).where(bulk.among(is_sqlite, cases.c.id)).order_by(cases.c.id).with_for_update()


def _refuse_bound(connection: Connection, current: list[Settled]) -> list[Settled]:
    """Turn the adoption of a ticket that is already bound to a case into a dead operation."""
    wanted = [outcome.ticket_id for _, _, outcome in current if outcome.outcome == "adopted"]
    if not wanted:
        return current
    statement = select(tickets.c.ticket_id, tickets.c.case_id).where(tickets.c.ticket_id.in_(wanted))
    bound = {row.ticket_id: row.case_id for row in connection.execute(statement)}
    checked: list[Settled] = []
    for row, each, outcome in current:
        if outcome.outcome == "adopted" and outcome.ticket_id in bound:
            why = f"ticket {outcome.ticket_id} has its marker, but belongs to case {bound[outcome.ticket_id]}"
            outcome = Settlement("dead", "undecided", error=why, latency=outcome.latency, reads=True)
        elif outcome.outcome == "adopted" and outcome.ticket_id is not None:
            bound[outcome.ticket_id] = row.id
        checked.append((row, each, outcome))
    return checked


def _attempt(each: Claim, outcome: Settlement, now: datetime) -> dict[str, Any]:
    return {
        "case_id": each.case_id,
        "seq": each.seq,
        "at": now,
        "outcome": outcome.outcome,
        "status": outcome.status,
        "error": outcome.error,
        "request_id": outcome.request_id,
        "latency_ms": None if outcome.latency is None else outcome.latency // timedelta(milliseconds=1),
    }


def _settle_operations(connection: Connection, current: list[Settled], now: datetime) -> None:
    rows = []
    for _, each, outcome in current:
        over = outcome.state != "again"
        ambiguous = (each.ambiguous or outcome.unknown) and not outcome.absent
        # The time of a key counts only from a send that may have been executed. For a close or a reopening, the
        # ticket's state is asked for instead. The first send of a close is kept in any case: a person may have reopened
        # the ticket after that send closed it.
        was_closed = each.kind in STATE_IS_ASKED and each.first_sent_at < each.claimed_at
        keeps_window = (over or ambiguous or was_closed) and each.first_sent_at
        rows.append(
            {
                "case_id": each.case_id,
                "seq": each.seq,
                "state": AFTER[outcome.state],
                "ended_at": now if over else None,
                "response": outcome.response,
                "why": outcome.error if outcome.state == "dead" else None,
                "first_sent_at": keeps_window or None,
                "ambiguous": ambiguous,
                "unproven": each.unproven and ambiguous,
                "conflicts": 0 if outcome.absent else each.conflicts + outcome.conflict,
            }
        )
    bulk.change(connection, operations, rows, IS_OPEN)


def _is_made(each: Claim, outcome: Settlement) -> bool:
    """Return True if the claim was a create, and this outcome names the ticket that it made."""
    return each.kind == "create_ticket" and outcome.state == "done" and outcome.ticket_id is not None


def _write_tickets(
    connection: Connection, current: list[Settled], observed: Mapping[int, Observation | None], now: datetime
) -> None:
    """Record which ticket each create made, the aliases of the ticket, and the states of all tickets in the answers."""
    made = [(each, outcome) for _, each, outcome in current if _is_made(each, outcome)]
    seen = {case_id: each for case_id, each in observed.items() if each is not None}
    rows = [
        {
            "ticket_id": outcome.ticket_id,
            "case_id": each.case_id,
            "create_seq": each.seq,
            "how": TicketOrigin.ADOPTED if outcome.outcome == "adopted" else TicketOrigin.CREATED,
            "bound_at": now,
            **of_ticket(seen[each.case_id]),
        }
        for each, outcome in made
    ]
    # The service's word about a created ticket replaces whatever the ledger holds.
    bulk.insert_or_update(connection, tickets, rows)
    written = {each.case_id for each, _ in made}
    others = [{"ticket_id": each.ticket_id, **of_ticket(each)} for id_, each in seen.items() if id_ not in written]
    bulk.change(connection, tickets, others)
    # People write the ticket's number into their messages.
    names = [
        {"source": each.source, "alias": f"ticket:{outcome.ticket_id}", "case_id": each.case_id}
        for each, outcome in made
    ]
    bulk.insert_or_ignore(connection, aliases, names)


def _observed(
    row: Row[Any], each: Claim, outcome: Settlement, create_seq: int | None, now: datetime
) -> Observation | None:
    """Return the state of the ticket in the answer; None if the answer showed no ticket."""
    is_made = _is_made(each, outcome)
    ticket_id = outcome.ticket_id if is_made else each.ticket_id
    if ticket_id is None or (outcome.ticket_status is None and not is_made):
        return None
    is_new = is_made and each.seq == create_seq
    case = CaseState(phase=row.phase, ticket_state_by_others=row.left, ticket_state_by_others_at=row.left_at)
    if is_new or ticket_id == row.ticket_id:
        case = plan_answer(case, outcome.ticket_status, now, is_new=is_new)
    return Observation(row.id, ticket_id, outcome.ticket_status, now, case)


def bind_ticket(connection: Connection, case: Row[Any], create_seq: int, ticket_id: str, now: datetime) -> None:
    """Bind a ticket that a person names to this create, in the place of any other ticket."""
    about = (tickets.c.case_id == case.id) & (tickets.c.create_seq == create_seq)
    connection.execute(tickets.delete().where(about))
    values = {
        "ticket_id": ticket_id, "case_id": case.id, "create_seq": create_seq, "how": TicketOrigin.BOUND,
        "bound_at": now,
    }  # fmt: skip
    bulk.insert_or_update(connection, tickets, [values])
    alias = {"source": case.source, "alias": f"ticket:{ticket_id}", "case_id": case.id}
    bulk.insert_or_ignore(connection, aliases, [alias])


def _after_death(
    connection: Connection, row: Row[Any], each: Claim, outcome: Settlement, now: datetime
) -> replanning.Change:
    if outcome.state != "dead":
        return replanning.Change(row.phase, row.create_seq, row.lost)
    # A rejected look-up proves nothing about the call that was looked up, unless its ticket is gone.
    rejected = outcome.outcome == "rejected" and (not outcome.reads or outcome.ticket_status == "gone")
    # A joined call is taken apart only if no earlier send can have been executed: otherwise its parts would be made
    # twice.
    surely = rejected and not each.ambiguous
    if surely and each.kind in joining.JOINED_KINDS and joining.take_apart(connection, each.case_id, each.seq):
        return replanning.Change(row.phase, row.create_seq, row.lost)
    return replanning.after_death(connection, row, each.seq, rejected=rejected, now=now)


def _settle_case(
    row: Row[Any],
    each: Claim,
    outcome: Settlement,
    change: replanning.Change,
    head: Head | None,
    observed: Observation | None,
    now: datetime,
) -> dict[str, Any]:
    is_current = outcome.state == "done" and each.seq == change.create_seq
    # A call that came too late keeps its place in the queue, and the time since when it has been due.
    run_at = row.run_at if outcome.unsent and outcome.state == "again" else outcome.again_at or now
    ticket_id = (outcome.ticket_id if is_current else None) or row.ticket_id
    return {
        "id": row.id,
        "attempts": row.attempts + 1 if outcome.unknown else 0 if outcome.state != "again" else row.attempts,
        "ticket_id": ticket_id,
        **of_case(row, ticket_id, observed),
        "last_error": None if outcome.state == "done" else outcome.error,
        "phase": change.phase,
        "create_seq": change.create_seq,
        "lost": change.create_dead,
        **place(head, row.next_seq, run_at, create_dead=change.create_dead),
    }


def _take_unsent_back(connection: Connection, current: list[Settled], now: datetime) -> None:
    """Give back what claims took whose calls provably did not leave; the late bound rises if one came too late."""
    unsent = [(each, outcome) for _, each, outcome in current if outcome.unsent]
    if not unsent:
        return
    gates.give_tokens_back(connection, [(each.case_id, each.epoch) for each, _ in unsent])
    for each, _ in unsent:
        if each.probes is not None:
            gates.free_probe(connection, each.case_id, each.probes, now)
    late = [outcome.took for _, outcome in unsent if outcome.took is not None]
    if late:
        gates.raise_late_bound(connection, max(late), now)


def _move_gate(connection: Connection, current: list[Settled], now: datetime) -> None:
    closings = [outcome.gate for _, _, outcome in current if outcome.gate is not None]
    if closings:
        gates.close(connection, closings, now)
    if any(each.reason == "budget" for each in closings):
        gates.learn(connection, now)
    if not any(state.reason in PROBED for state in gates.states(connection).values()):
        return
    answered = [
        (each, outcome)
        for _, each, outcome in current
        if outcome.gate is None and outcome.latency is not None and outcome.outcome not in ("not executed", "unknown")
    ]
    accepted = [outcome for _, outcome in answered if outcome.outcome != "rejected"]
    if any(outcome.reads for outcome in accepted):
        gates.open_again(connection, REFUSALS, reading=True)
    refused = {each.reason for each in closings if not each.reading}
    if accepted and "credentials" not in refused:
        gates.open_again(connection, ["credentials"])
    if any(not outcome.reads for outcome in accepted) and "scope" not in refused:
        gates.open_again(connection, ["scope"])
    if any(each.probes == "breaker" for each, _ in answered):
        gates.open_again(connection, ["breaker"])
