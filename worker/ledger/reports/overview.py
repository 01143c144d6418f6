"""The overview of the ledger, its alarms, and the stories of cases."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from worker.ledger.operator import interventions
from worker.ledger.operator.dead_letters import Try, read_tries
from worker.ledger.operator.interventions import Intervention
from worker.ledger.queue import answers, clock_jumps, gates, undelivered
from worker.ledger.queue.clock_jumps import ClockJump
from worker.ledger.queue.gates import ALL, EVERYTHING, READING, REFUSALS, Pause
from worker.ledger.queue.undelivered import TWO, Oldest, Waits
from worker.ledger.reports.declared_alarms import DISK_FULL
from worker.ledger.reports.selects import by_message, filled, number_by
from worker.ledger.schema.tables import aliases, attempts, cases, inbound, operations, seen, tickets
from worker.ledger.schema.words import DeliveryState, InboundOutcome, OperationState
from worker.ledger.sources import jobs, mailboxes
from worker.ledger.sources.jobs import FailingJob
from worker.ledger.sources.mailboxes import MailboxState
from worker.planning.titles import named
from worker.settings import TimingSettings
from worker.wording import counted

LATEST = 1000  # attempts among which the last call is looked for
OVERDUE = timedelta(hours=24)
FAILURES_ENDURED = 3  # consecutive failures of a job without an alarm
CALLS_THAT_TELL = 3  # fewer failed calls than this do not show that the Tickets API is away
TOKEN_ENDS_SOON = timedelta(days=7)

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


@dataclass(frozen=True, slots=True)
class Alarm:
    """A problem that a person should look at: a log event, a line in `status`, a gauge."""

    name: str
    text: str


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


def overview(connection: Connection, now: datetime, ghost_wait: timedelta) -> Overview:
    """Read the counts."""
    dead = select(func.count()).select_from(operations).where(operations.c.state == OperationState.DEAD)
    kept = select(func.count()).select_from(inbound).where(inbound.c.outcome == InboundOutcome.QUARANTINED)
    ready = (cases.c.state == DeliveryState.READY, cases.c.run_at <= now, gates.not_paused())
    due = select(func.min(cases.c.run_at)).where(*ready)
    tried = select(func.min(operations.c.first_sent_at)).where(operations.c.state == OperationState.OPEN)
    rows = gates.states(connection)
    answered = answers.state(connection)
    return Overview(
        cases=number_by(connection, cases.c.state),
        open_operations=number_by(connection, operations.c.kind, _TO_SEND),
        dead=connection.execute(dead).scalar_one(),
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
        failing_jobs=tuple(jobs.failing(connection)),
        mailboxes=tuple(mailboxes.states(connection)),
        oldest=undelivered.oldest_by_rank(connection),
        last_success_at=None if answered is None else answered.succeeded_at,
        failures_in_a_row=0 if answered is None else answered.failures,
        unanswered=None if answered is None else _unanswered(connection, answered, now, ghost_wait),
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


def alarms(seen_now: Overview, timing: TimingSettings) -> list[Alarm]:
    """Return the alarms."""
    stall_alarm, failing_alarm = (timedelta(seconds=each) for each in (timing.stall_alarm, timing.failing_alarm))
    refused = _REFUSALS.get(seen_now.gate_reason or "")
    is_overdue = seen_now.overdue_since is not None and seen_now.at - seen_now.overdue_since > OVERDUE
    texts = (
        (DISK_FULL, seen_now.full, seen_now.full),
        ("dead_letters", seen_now.dead,
         f"{counted(seen_now.dead, 'dead operation')} to decide on: see `ticketrelay dead list`"),
        ("quarantine", seen_now.quarantined,
         f"{counted(seen_now.quarantined, 'delivery')} in quarantine to decide on: see `ticketrelay dead list`"),
        ("gate_closed", refused, f"{refused}; until then only probes are sent"),
        ("breaker_open", seen_now.gate_reason == "breaker",
         "too many calls to the Tickets API fail: only one call at a time is tried, until the calls succeed"),
        ("clock_jumped", seen_now.clock_jump, _jumped(seen_now.clock_jump, seen_now.at)),
        ("delivery_failing", _is_failing(seen_now, failing_alarm),
         f"the last {seen_now.failures_in_a_row} calls to the Tickets API failed, and none was answered: "
         f"{_success(seen_now)}"),
        ("look_up_refused", seen_now.reading_refused,
         "our API key lacks the scope tickets:read, so calls of unknown outcome cannot be looked up: "
         "give the key that scope"),
        ("overdue", is_overdue, "an operation has been tried without success since "
         f"{_minute(seen_now.overdue_since)}: see `ticketrelay cases list --state ready`, then `cases show`"),
    )  # fmt: skip
    found = [Alarm(name, str(text)) for name, holds, text in texts if holds]
    found += [_failing(each) for each in seen_now.failing_jobs if each.failures >= FAILURES_ENDURED][:1]
    if _stalled(seen_now, stall_alarm):
        since = f"{seen_now.due_since:%Y-%m-%d %H:%M:%S} UTC"
        found.append(Alarm("stalled", f"work has been due since {since}, and no call was made: does a worker run?"))
    for each in seen_now.mailboxes:
        found += _alarms_of(each, seen_now.at)
    return found


_REFUSALS = {
    "credentials": "our API key is refused (401), or another system answers at the address of the Tickets API: "
    "set the right TICKETRELAY_API__KEY and TICKETRELAY_API__URL",
    "scope": "our API key lacks a scope (403): give it tickets:read and tickets:write",
}
"""The texts about a gate that a refused key closed, by the gate's reason."""


def _jumped(jump: ClockJump | None, now: datetime) -> str:
    if jump is None:
        return ""
    ends = f"until {jump.until:%H:%M:%S} UTC" if jump.until > now else "until the job `clock` has mended the times"
    way = "back" if jump.seconds < 0 else "forward"
    return (
        f"the clock of the ledger was set {way} by {abs(jump.seconds):.0f} s at {jump.at:%Y-%m-%d %H:%M:%S} UTC: "
        f"nothing is sent {ends}, so that no call is repeated too early"
    )


def _alarms_of(box: MailboxState, now: datetime) -> list[Alarm]:
    """Return the alarms of a mailbox."""
    name = f"{box.source}/{box.mailbox}"
    found = []
    read_at = max(box.polled_at or box.since, box.since)
    if now - read_at > timedelta(seconds=box.silent_after):
        why = box.error or "no process reads the mailbox; does `ticketrelay mail` run?"
        found.append(Alarm("mailbox_silent", f"{name} has not been read since {_minute(read_at)}: {why}"))
    if box.login_error:
        found.append(Alarm("mailbox_login", f"the login to {name} fails: {box.login_error}"))
    elif box.token_ends_at is not None and box.token_ends_at - now < TOKEN_ENDS_SOON:
        ends = _minute(box.token_ends_at)
        found.append(Alarm("mailbox_login", f"the refresh token of {name} ends at {ends}: get a new one before then"))
    if box.unaccounted:
        text = f"{counted(box.unaccounted, 'mail')} of {name} missing from the ledger: see `ticketrelay mail audit`"
        found.append(Alarm("mailbox_unaccounted", text))
    return found


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else ""


def _failing(job: FailingJob) -> Alarm:
    failed = f"has failed {counted(job.failures, 'time')} since {_minute(job.since)}"
    return Alarm("job_failing", f"the job {job.name} {failed}: {job.error}")


def _is_failing(seen_now: Overview, failing_alarm: timedelta) -> bool:
    found = seen_now.unanswered
    waits = seen_now.gate_closed_until is not None and seen_now.gate_closed_until > seen_now.at
    if found is None or seen_now.gate_reason in REFUSALS or (seen_now.gate_reason == "budget" and waits):
        return False
    return found.is_enough and found.until - found.since >= failing_alarm


def _success(seen_now: Overview) -> str:
    """Return in words when a call last took effect."""
    if seen_now.last_success_at is None:
        return "no call has taken effect yet"
    return f"the last one that took effect was at {_minute(seen_now.last_success_at)}"


def _stalled(seen_now: Overview, stall_alarm: timedelta) -> bool:
    closed = seen_now.gate_closed_until is not None and seen_now.gate_closed_until > seen_now.at
    if seen_now.due_since is None or closed or seen_now.clock_jump is not None:
        return False
    called_at = seen_now.last_attempt_at
    if called_at is None or called_at > seen_now.at:  # the clock was set back since
        called_at = seen_now.due_since
    quiet_since = max(seen_now.due_since, called_at)
    return seen_now.at - quiet_since > stall_alarm


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
