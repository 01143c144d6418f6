"""Writes the decisions of planning for a batch, in the transaction in which the batch was loaded."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from connectors.contract.events import TicketChanged
from tickets.markers import marker
from tickets.models import CreateTicket, encode
from worker.ledger import receipts
from worker.ledger.engine import bulk
from worker.ledger.engine.database import Database
from worker.ledger.queue import tickets
from worker.ledger.recording import aliases, group_members, loop_guards, opening_delay, restoring, waiting
from worker.ledger.schema.tables import cases, operations, seen
from worker.ledger.schema.words import SETS_STATE, OperationState
from worker.planning.arrival import Rules
from worker.planning.batch import Batch, Case, Operation
from worker.planning.keys import derived_key, seen_digest
from worker.planning.model import Kind, Request
from worker.planning.people import KnownTicket, is_reopened
from worker.planning.senders import marked_as


def write(db: Database, connection: Connection, batch: Batch, rules: Rules) -> frozenset[Kind]:
    """Write the records of messages, the operations and the cases; returns the kinds of operation that became due."""
    known, now = batch.known, rules.now
    waiting.keep(db, connection, [waiting.row(each, now) for each in batch.waiting.values()])
    waiting.end(connection, batch.taken)
    aliases.register(db, connection, batch.later_aliases)
    bulk.insert(connection, seen, _seen_rows(batch))
    bulk.insert(connection, operations, [_operation_row(each, rules) for each in batch.operations])
    taken_back = [(case.id, seq) for case in known.cases.values() for seq in case.taken_back]
    opening_delay.skip(connection, taken_back, now)
    people = [*batch.participants, *((case_id, marked_as(author)) for case_id, author in batch.marked)]
    if people:
        aliases.let_in(db, connection, [{"case_id": case_id, "name": name} for case_id, name in people])
    bulk.change(connection, cases, [_case_row(case) for case in known.cases.values() if case.changed])
    group_members.write(connection, batch.members)
    group_members.write_rates(connection, batch.rates)
    loop_guards.write(connection, batch.loop_guards, now)
    moved = tickets.write(connection, [_observation(batch, *each) for each in batch.ticket_changes])
    receipts.promise(connection, batch.receipts, now)
    receipts.notice(connection, moved, now)
    waiting.say_that_they_were_taken(connection, batch.paired)
    _skip_superseded(connection, batch, rules)
    return frozenset(case.kind for case in known.cases.values() if case.woken and case.kind is not None)


def _observation(batch: Batch, event: TicketChanged, ticket: KnownTicket) -> tickets.Observation:
    """Return the reported state of a ticket, with its case as the whole batch leaves it."""
    return tickets.Observation(
        ticket.case_id,
        event.ticket_id,
        event.status,
        event.occurred_at,
        batch.known.cases[ticket.case_id].state,
        is_reported=True,
        is_reopened=is_reopened(event, ticket),
    )


def _skip_superseded(connection: Connection, batch: Batch, rules: Rules) -> None:
    """In a restored ledger, skip closes and reopenings in doubt that the new operations supersede."""
    changed = {each.case.id for each in batch.operations if each.intent.kind in SETS_STATE}
    if rules.restored_at is not None and changed:
        restoring.skip_superseded(connection, rules.now, changed)


def _seen_rows(batch: Batch) -> list[dict[str, Any]]:
    return [
        {
            "source": name[0],
            "digest": seen_digest(*name),
            "content": bytes.fromhex(each.content),
            "inbound_id": inbound_id,
            "case_id": each.case_id,
            "episode": each.episode,
        }
        for name, (each, inbound_id) in batch.seen.items()
    ]


def _operation_row(operation: Operation, rules: Rules) -> dict[str, Any]:
    """Return the row of an operation, with the bytes of its request, which never change from now on."""
    key, intent = operation.key, operation.intent
    instead = None
    if intent.instead is not None:
        instead = encode(_marked(intent.instead, derived_key(key, "create_ticket"), rules), rules.revision)
    return {
        "case_id": operation.case.id,
        "seq": operation.seq,
        "kind": intent.kind,
        "target": operation.target,
        "idempotency_key": key,
        "request": encode(_marked(intent.request, key, rules), rules.revision),
        "instead": instead,
        "created_at": rules.now,
        "inbound_id": operation.inbound_id,
        "episode": operation.episode,
        "state": OperationState.HELD if operation.held else OperationState.OPEN,
        "rank": operation.rank,
        "ambiguous": operation.in_doubt,
        "unproven": operation.in_doubt,
        "last_sent_at": rules.restored_at if operation.in_doubt else None,
        "conflicts": 0,
    }


def _marked(request: Request, key: str, rules: Rules) -> Request:
    if not isinstance(request, CreateTicket):
        return request
    return request.model_copy(update={"marker": marker(rules.marker_key, key)})


def _case_row(case: Case) -> dict[str, Any]:
    state = case.state
    return {
        "id": case.id,
        "episode": state.episode,
        "phase": state.phase,
        "started_at": state.started_at,
        "ended_at": state.ended_at,
        "priority": state.priority,
        "opener": case.opener,
        "subject": case.subject,
        "state": case.delivery,
        "kind": case.kind,
        "rank": case.rank,
        "run_at": case.run_at,
        "head_seq": case.head_seq,
        "next_seq": case.next_seq,
        "create_seq": case.create_seq,
        "lost": state.create_dead,
        "open_members": case.open_members,
        "left": state.ticket_state_by_others,
        "left_at": state.ticket_state_by_others_at,
        "changed_at": state.changed_at,
        "heard_at": case.heard_at,
    }
