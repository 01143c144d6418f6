"""The alarms that are up: a pure decision by the numbers and times of the overview."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from worker.ledger.processes import ALIVE, DELIVERING, LAST_KEPT, Process
from worker.ledger.queue.clock_jumps import ClockJump
from worker.ledger.queue.gates import REFUSALS
from worker.ledger.reports.declared_alarms import BROKER_AWAY, DISK_FULL, PROCESS_MISSING
from worker.ledger.reports.overview import Overview
from worker.ledger.sources.jobs import FailingJob
from worker.ledger.sources.mailboxes import MailboxState
from worker.settings import TimingSettings
from worker.wording import counted

OVERDUE = timedelta(hours=24)
FAILURES_ENDURED = 3  # consecutive failures of a job without an alarm
TOKEN_ENDS_SOON = timedelta(days=7)
BROKER_ENDURED = timedelta(minutes=1)
MISSING_AFTER = timedelta(minutes=1)
"""Processes are restarted one after the other, and each ends before it starts again."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A problem that a person should look at: a log event, a line in `status`, a gauge."""

    name: str
    text: str
    since: datetime | None = None
    """Since when a process that looks at the alarms has found it up; None: none has yet."""


def alarms(seen_now: Overview, timing: TimingSettings) -> list[Alarm]:
    """Return the alarms, each with the time since when, as far as it is on record."""
    return [replace(each, since=seen_now.alarms_since.get(each.name)) for each in _up(seen_now, timing)]


def _up(seen_now: Overview, timing: TimingSettings) -> list[Alarm]:
    stall_alarm, failing_alarm = (timedelta(seconds=each) for each in (timing.stall_alarm, timing.failing_alarm))
    refused = _REFUSALS.get(seen_now.gate_reason or "")
    is_overdue = seen_now.overdue_since is not None and seen_now.at - seen_now.overdue_since > OVERDUE
    texts = (
        (DISK_FULL, seen_now.full, seen_now.full),
        ("dead_letters", seen_now.dead,
         f"{counted(seen_now.dead, 'dead operation')} to decide on{_urgent(seen_now)}: see `ticketrelay dead list`"),
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
    found += _missing(seen_now)
    found += _away_from_broker(seen_now)
    for each in seen_now.mailboxes:
        found += _alarms_of(each, seen_now.at)
    return found


def _missing(seen_now: Overview) -> list[Alarm]:
    """Return the alarm for a role that ran before, and has no live process now.

    - Nothing delivers, while another process runs, while work waits, or after the last one that delivered has died.
    - The last `serve` or `mail` died. One that ended as it should was stopped on purpose.
    """
    if _has_just_jumped(seen_now):  # until the next heartbeats, the live processes look dead
        return []
    live = [each for each in seen_now.processes if each.state == "live"]
    texts = []
    if (last := _last(seen_now, DELIVERING)) is not None and not any(each.role in DELIVERING for each in live):
        is_needed = bool(live) or last.state == "lost" or sum(seen_now.open_operations.values()) > 0
        if is_needed and _is_gone(last, seen_now.at) and not _works_since(last, seen_now):
            who = "`run` is not running" if last.role == "run" else "no worker is running"
            texts.append(f"{who}, so nothing is sent to the Tickets API: {_end_of(last)}")
    for role in ("serve", "mail"):
        last = _last(seen_now, frozenset({role}))
        runs = any(each.role in (role, "run") for each in live)
        if last is not None and last.state == "lost" and not runs and _is_gone(last, seen_now.at):
            texts.append(f"no {role} is running, so senders are not answered: {_end_of(last)}")
    return [Alarm(PROCESS_MISSING, "; ".join(texts))] if texts else []


def _has_just_jumped(seen_now: Overview) -> bool:
    """Return True while a jump of the clock explains that nothing is sent, and that processes look dead.

    A jump that is not mended by the end of its wait explains nothing more: the worker that should mend it may be dead.
    """
    jump = seen_now.clock_jump
    return jump is not None and jump.at <= seen_now.at <= max(jump.until, jump.at + ALIVE)


def _last(seen_now: Overview, roles: frozenset[str]) -> Process | None:
    """Return the process of these roles that was heard of last, within a week."""
    found = [each for each in seen_now.processes if each.role in roles and abs(seen_now.at - each.seen_at) <= LAST_KEPT]
    return max(found, key=lambda each: each.seen_at, default=None)


def _is_gone(process: Process, now: datetime) -> bool:
    """Return True once a process has been missing for longer than a restart takes."""
    ended_at = process.stopped_at or process.seen_at + ALIVE
    return abs(now - ended_at) > MISSING_AFTER


def _works_since(process: Process, seen_now: Overview) -> bool:
    """Return True if calls or jobs were made after this process was gone: another one delivers, without a heartbeat.

    That is a worker of a version that has none. If it ends too, `stalled` says so.
    """
    gone_at = (process.stopped_at or process.seen_at + ALIVE) + MISSING_AFTER
    times = (seen_now.last_attempt_at, seen_now.jobs_ran_at)
    return any(each is not None and gone_at < each <= seen_now.at for each in times)


def _end_of(process: Process) -> str:
    how = "was stopped" if process.state == "stopped" else "was last heard of"
    return f"the last one, on {process.host} (pid {process.pid}), {how} at {_minute(process.seen_at)}"


def _away_from_broker(seen_now: Overview) -> list[Alarm]:
    """Return the alarm for live processes that have not reached their broker for a minute."""
    found = [
        (each.broker_failing_since, each)
        for each in seen_now.processes
        if each.state == "live" and each.broker_failing_since is not None
        if seen_now.at - each.broker_failing_since >= BROKER_ENDURED
    ]
    if not found:
        return []
    since, first = min(found, key=lambda each: each[0])
    who = ", ".join(sorted(f"{each.role} on {each.host}" for _, each in found))
    text = f"the broker has not been reached since {_minute(since)} by {who}: {first.broker_error}"
    return [Alarm(BROKER_AWAY, text)]


_REFUSALS = {
    "credentials": "our API key is refused (401), or another system answers at the address of the Tickets API: "
    "correct the key and the URL in the settings `api` of the workers",
    "scope": "our API key lacks a scope (403): give it tickets:read and tickets:write",
}
"""The texts about a gate that a refused key closed, by the gate's reason."""


def _urgent(seen_now: Overview) -> str:
    """Return how many of the dead operations are creates of urgent tickets, which nobody has then."""
    return f" ({counted(seen_now.dead_urgent, 'urgent ticket')} among them)" if seen_now.dead_urgent else ""


def _jumped(jump: ClockJump | None, now: datetime) -> str:
    if jump is None:
        return ""
    ends = f"until {jump.until:%H:%M:%S} UTC" if jump.until > now else "until a worker has mended the times"
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
    if seen_now.due_since is None or closed or _has_just_jumped(seen_now):
        return False
    called_at = seen_now.last_attempt_at
    if called_at is None or called_at > seen_now.at:  # the clock was set back since
        called_at = seen_now.due_since
    quiet_since = max(seen_now.due_since, called_at)
    return seen_now.at - quiet_since > stall_alarm
