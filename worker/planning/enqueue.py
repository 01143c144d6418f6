"""Puts the calls that follow from an event into the queue of their case."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from connectors.contract.events import Event
from tickets.models import CreateTicket
from worker.planning.arrival import Arrival, Rules
from worker.planning.batch import NO_RANK, Batch, Case, Operation
from worker.planning.keys import rank
from worker.planning.model import Kind, Plan
from worker.planning.titles import subject_line

CLOCKS_APART = timedelta(minutes=5)
"""By how much the clocks of a source and of the ledger may differ."""
RESTS = ("idle", "blocked")
"""A case in one of these states makes no call."""


def enqueue(
    batch: Batch,
    arrival: Arrival,
    event: Event,
    case: Case,
    decided: Plan,
    episode: int,
    rules: Rules,
    delay: timedelta,
) -> None:
    """Give each call of the plan its place. Make the case ready, or hold the calls if the case's create is dead.

    `episode` is the episode in the keys of the operations; for a known event, it is the episode in which the event was
    recorded. `delay` is how long an opening waits before it is sent.
    """
    # The call may have been made already, before the restore.
    in_doubt = rules.restored_at is not None and event.occurred_at <= rules.restored_at + CLOCKS_APART
    for intent in decided.intents:
        if intent.kind == "create_ticket":
            case.create_seq = case.next_seq
        if isinstance(intent.request, CreateTicket):
            case.subject = subject_line(intent.request.subject)
        its_rank = rank(intent.kind, event.priority)
        batch.operations.append(
            Operation(
                case=case,
                seq=case.next_seq,
                episode=episode,
                target=case.create_seq,
                intent=intent,
                rank=its_rank,
                source=arrival.source,
                source_message_id=event.source_message_id,
                inbound_id=arrival.inbound_id,
                held=case.state.create_dead,
                in_doubt=in_doubt,
            )
        )
        if not case.state.create_dead:
            _wake(case, intent.kind, its_rank, rules.now, delay)
        case.next_seq += 1
        if case.delivery in RESTS:
            case.head_seq = case.next_seq


def take_back(case: Case) -> None:
    """Drop all calls of the episode: the case waits for its next opening."""
    if case.create_seq is not None:
        case.taken_back.append(case.create_seq)
    case.delivery, case.kind, case.rank, case.head_seq, case.create_seq = "idle", None, NO_RANK, case.next_seq, None
    case.woken = False


def end_delay(case: Case, now: datetime) -> None:
    """End the opening delay: the opening is due now, and the calls planned behind it follow."""
    case.run_at, case.woken = now, True


def _wake(case: Case, kind: Kind, its_rank: int, now: datetime, delay: timedelta) -> None:
    if case.delivery in RESTS:
        # `run_at` may be in the future: until then, the last dead call may still take effect.
        wait = delay if case.state.delayed else timedelta(0)
        case.delivery, case.kind, case.rank = "ready", kind, its_rank
        case.run_at = max(now + wait, case.run_at)
        case.head_seq, case.woken = case.next_seq, case.run_at <= now
    else:
        case.rank = min(case.rank, its_rank)
        if case.state.delayed and case.head_seq != case.create_seq:
            # The opening stands behind another call. Only an opening at the head is delayed, so this one is not.
            case.state = replace(case.state, delayed=False)
