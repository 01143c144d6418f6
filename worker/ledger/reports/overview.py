"""The overview of the ledger, from which the alarms are decided, and the stories of cases."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, select

from worker.ledger import processes
from worker.ledger.operator import interventions
from worker.ledger.operator.dead_letters import Try, read_tries
from worker.ledger.operator.interventions import Intervention
from worker.ledger.processes import Process
from worker.ledger.queue import answers, clock_jumps, gates, undelivered
from worker.ledger.queue.clock_jumps import ClockJump
from worker.ledger.queue.gates import ALL, EVERYTHING, READING, Pause
from worker.ledger.queue.undelivered import TWO, Oldest, Waits
from worker.ledger.reports.flow import Flow
from worker.ledger.reports.selects import by_message, filled, number_by
from worker.ledger.schema.tables import aliases, attempts, cases, inbound, operations, seen, tickets
from worker.ledger.schema.words import DeliveryState, InboundOutcome, OperationState
from worker.ledger.sources import jobs, mailboxes
from worker.ledger.sources.jobs import FailingJob
from worker.ledger.sources.mailboxes import MailboxState
from worker.ledger.upkeep import standing_alarms
from worker.planning.keys import URGENT
from worker.planning.titles import named

LATEST = 1000  # attempts among which the last call is looked for
CALLS_THAT_TELL = 3  # fewer failed calls than this do not show that the Tickets API is away

_TO_SEND = operations.c.state.in_(["open", "held"])
_INBOUND = re.compile(r"in-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The time in which write calls failed, none was answered, and some operation could be sent."""

    since: datetime
    until: datetime
    is_enough: bool
    """True if enough calls failed, on two cases, or on the only one that can be sent."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts of unfinished work, and of work for a person; times in UTC."""

    cases: dict[str, int]
    """By state: idle, ready, leased, blocked."""
    open_operations: dict[str, int]
    """By kind."""
    dead: int
    quarantined: int
    due_since: datetime | None
    """Since when the longest waiting due case could have been sent."""
    last_attempt_at: datetime | None
    """When the last call was made. An attempt that came too late for its call does not count."""
    gate_closed_until: datetime | None
    gate_reason: str | None
    reading_refused: bool
    """True if the Tickets API answered a look-up with 403: the API key may not read tickets (`tickets:read`)."""
    overdue_since: datetime | None
    """The first send of the operation that has been without success for longest."""
    pauses: tuple[Pause, ...]
    at: datetime
    dead_urgent: int = 0
    """Those of the dead operations that are creates of urgent tickets."""
    share: float = 1.0
    """The share of the budget that the service seems to grant: below 1 after a 429."""
    full: str | None = None
    """The problem with the disk space of the ledger."""
    clock_jump: ClockJump | None = None
    """The jump of the ledger's clock that keeps the gate closed."""
    failing_jobs: tuple[FailingJob, ...] = ()
    mailboxes: tuple[MailboxState, ...] = ()
    """The mailboxes that are read over IMAP."""
    oldest: tuple[Oldest, ...] = ()
    """The oldest undelivered operation of each rank, held ones aside."""
    last_success_at: datetime | None = None
    """When a write call last took effect, to the second."""
    failures_in_a_row: int = 0
    """Write calls that failed since the last one that was answered. A 4xx is an answer."""
    unanswered: Unanswered | None = None
    undelivered: tuple[Waits, ...] = ()
    """The operations that are not delivered yet, by the reason why they wait; read for `status` only."""
    processes: tuple[Process, ...] = ()
    """The processes on record, the live ones first. What they hold is read for `status` only."""
    jobs_ran_at: datetime | None = None
    """When a process that delivers last ran a job with success."""
    alarms_since: dict[str, datetime] = field(default_factory=dict)
    """Since when each alarm on record is up, by name."""
    flow: Flow | None = None
    """How the last hour went; read for `status` only."""


@dataclass(frozen=True, slots=True)
class OperationStory:
    """One operation and its attempts."""

    id: str
    kind: str
    state: str
    episode: int
    inbound_id: int
    idempotency_key: str
    why: str | None
    ended_at: datetime | None
    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class CaseStory:
    """One case and all its planned operations."""

    id: int
    source: str
    key: str
    episode: int
    phase: str
    state: str
    ticket_id: str | None
    ticket_status: str | None
    last_error: str | None
    subject: str | None
    """The subject of its latest ticket, as planned; a neutral one for a private message."""
    opener: str | None
    """The author of the opening, as the source names people; None for a private message."""
    priority: str | None
    operations: tuple[OperationStory, ...]
    interventions: tuple[Intervention, ...]
    """Interventions on its operations, deliveries and tickets."""


def overview(connection: Connection, now: datetime, ghost_wait: timedelta, *, in_full: bool = False) -> Overview:
    """Read the counts. `in_full` also reads what each process holds."""
    urgent = case((operations.c.rank == URGENT, 1), else_=0)
    dead = select(func.count(), func.sum(urgent)).where(operations.c.state == OperationState.DEAD)
    kept = select(func.count()).select_from(inbound).where(inbound.c.outcome == InboundOutcome.QUARANTINED)
    ready = (cases.c.state == DeliveryState.READY, cases.c.run_at <= now, gates.not_paused())
    due = select(func.min(cases.c.run_at)).where(*ready)
    is_open = operations.c.state == OperationState.OPEN
    tried = select(func.min(operations.c.first_sent_at)).where(is_open, undelivered.IN_ORDER)
    rows = gates.states(connection)
    number, number_of_urgent = connection.execute(dead).one()
    answered = answers.state(connection)
    return Overview(
        cases=number_by(connection, cases.c.state),
        open_operations=number_by(connection, operations.c.kind, _TO_SEND),
        dead=number,
        dead_urgent=number_of_urgent or 0,
        quarantined=connection.execute(kept).scalar_one(),
        due_since=_due_since(connection.execute(due).scalar_one_or_none(), rows[ALL], now),
        last_attempt_at=_last_call_at(connection),
        gate_closed_until=rows[ALL].closed_until,
        gate_reason=rows[ALL].reason,
        reading_refused=rows[READING].reason is not None,
        overdue_since=connection.execute(tried).scalar_one_or_none(),
        pauses=tuple(gates.list_pauses(connection)),
        at=now,
        share=gates.share_of(rows[ALL].learnt, rows[ALL].learnt_at, now),
        clock_jump=clock_jumps.present(rows[ALL], now),
        failing_jobs=tuple(jobs.failing(connection, now)),
        mailboxes=tuple(mailboxes.states(connection)),
        oldest=undelivered.oldest_by_rank(connection),
        last_success_at=None if answered is None else answered.succeeded_at,
        failures_in_a_row=0 if answered is None else answered.failures,
        unanswered=None if answered is None else _unanswered(connection, answered, now, ghost_wait),
        processes=tuple(processes.read(connection, now, in_full=in_full, parts=False)),
        jobs_ran_at=jobs.last_run_of_workers(connection),
        alarms_since={each.name: each.since for each in standing_alarms.read(connection, now) if not each.is_over},
    )


def _last_call_at(connection: Connection) -> datetime | None:
    newest = connection.execute(select(attempts.c.id).order_by(attempts.c.id.desc()).limit(1)).scalar_one_or_none()
    made = (attempts.c.id > (newest or 0) - LATEST, attempts.c.latency_ms.is_not(None))
    return connection.execute(select(func.max(attempts.c.at)).where(*made)).scalar_one_or_none()


def _due_since(run_at: datetime | None, gate: Row[Any], now: datetime) -> datetime | None:
    """Return since when a case that is due since `run_at` could be sent: it could not while the gate was closed."""
    opened = [each for each in (gate.closed_until, gate.jump_until) if each is not None and each <= now]
    return None if run_at is None else max([run_at, *opened])


def _unanswered(connection: Connection, row: Row[Any], now: datetime, ghost_wait: timedelta) -> Unanswered | None:
    """Return the time in which no write call was answered; None if calls do not fail, or nothing can be sent."""
    if row.failing_since is None:
        return None
    planned_at = undelivered.oldest_sendable(connection, now)
    if planned_at is None:
        return None
    is_ghost_wait = row.in_doubt and now < row.failed_at + ghost_wait
    # What was planned before the clock was set back may have a later time than now; it was there when the calls failed.
    since = row.failing_since if planned_at > now else max(row.failing_since, planned_at)
    until = row.failed_at if is_ghost_wait else now
    is_enough = row.failures >= CALLS_THAT_TELL and (row.several or undelivered.sendable_cases(connection, now) < TWO)
    return Unanswered(since, until, is_enough)


@dataclass(frozen=True, slots=True)
class SourceActivity:
    """The activity of a source, as far as it is in the ledger."""

    source: str
    last_message_at: datetime | None
    open_operations: int
    """Operations that wait to be sent, including held ones."""
    pause: Pause | None


def activity(connection: Connection, sources: Collection[str]) -> list[SourceActivity]:
    """Return the activity of these sources, and of others that are paused or have operations to send; by name."""
    joined = cases.join(operations, operations.c.case_id == cases.c.id)
    open_ = number_by(connection, cases.c.source, _TO_SEND, joined=joined)
    paused = {each.scope: each for each in gates.list_pauses(connection)}
    names = sorted({*sources, *open_, *paused} - {EVERYTHING})
    return [SourceActivity(each, _last_at(connection, each), open_.get(each, 0), paused.get(each)) for each in names]


def knows_source(connection: Connection, source: str) -> bool:
    """Return True when the source has a case."""
    return connection.execute(select(cases.c.id).where(cases.c.source == source).limit(1)).first() is not None


def _last_at(connection: Connection, source: str) -> datetime | None:
    latest = select(inbound.c.received_at).where(inbound.c.source == source).order_by(inbound.c.id.desc()).limit(1)
    return connection.execute(latest).scalar_one_or_none()


def find(connection: Connection, name: str) -> list[CaseStory]:
    """Return the cases of a source message id, case key, alias, ticket id or delivery (in-NUMBER)."""
    if match := _INBOUND.fullmatch(name):
        of_delivery = select(operations.c.case_id).where(operations.c.inbound_id == int(match[1]))
        return stories(connection, cases.c.id.in_(of_delivery))
    by_alias = select(aliases.c.case_id).where(aliases.c.alias == name)
    matches = (cases.c.key == name) | (cases.c.ticket_id == name) | cases.c.id.in_(by_alias)
    if (about_it := by_message(connection, name)) is not None:
        matches |= cases.c.id.in_(select(seen.c.case_id).where(about_it))
    return stories(connection, matches)


def stories(connection: Connection, matches: ColumnElement[bool]) -> list[CaseStory]:
    found = connection.execute(select(cases).where(matches).order_by(cases.c.id).limit(100)).all()
    return [_story(connection, row) for row in found]


def _story(connection: Connection, case: Row[Any]) -> CaseStory:
    rows = connection.execute(
        select(operations).where(operations.c.case_id == case.id).order_by(operations.c.seq)
    ).all()
    subjects = {f"op-{case.id}-{row.seq}" for row in rows} | {f"in-{row.inbound_id}" for row in rows}
    of_case = connection.execute(select(tickets.c.ticket_id).where(tickets.c.case_id == case.id)).scalars()
    subjects |= {f"ticket:{each}" for each in of_case}
    planned = tuple(
        filled(
            OperationStory,
            row,
            id=f"op-{row.case_id}-{row.seq}",
            tries=read_tries(connection, row.case_id, row.seq),
        )
        for row in rows
    )
    done = tuple(interventions.about(connection, subjects))
    opener = named(case.source, case.subject, case.opener)
    return filled(CaseStory, case, opener=opener, operations=planned, interventions=done)
