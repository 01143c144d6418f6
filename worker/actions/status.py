"""Reports the present work, the alarms, and the use of the Tickets API's budget."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta

from worker.documents.status import AlarmShown, BudgetNow, LedgerIsAway, LimitsSet, StatusNow, alarm_shown, widened
from worker.ledger import (
    DELIVERING,
    DISK_FULL,
    EVERYTHING,
    LEDGER_AWAY,
    LEDGER_NOT_WRITABLE,
    PROCESS_MISSING,
    Alarm,
    Flow,
    Ledger,
    LedgerAway,
    Overview,
    alarms,
    open_ledger,
    why_away,
)
from worker.planning.keys import URGENT
from worker.settings import Settings
from worker.wording import counted

MAY_NOT_WRITE = "readonly"  # in SQLite's error, where the user of the command may only read the file
LATE_S = 60.0
"""Not all flows while an urgent ticket has waited for so long. A ticket takes seconds, and no alarm may be up yet."""
_WORST_FIRST = ("act", "look", "nothing to do")


def status(ledger: Ledger, settings: Settings) -> StatusNow:
    """Return the present work, with the alarms that are up."""
    now = ledger.overview(in_full=True)
    return shown(now, settings, write_problem(ledger))


def shown(now: Overview, settings: Settings, problem: str | None = None) -> StatusNow:
    """Return the document of an overview. `problem`: why the ledger takes no writes."""
    found = alarms(now, settings.timing)
    if problem is not None and all(each.name != DISK_FULL for each in found):
        found.append(Alarm(LEDGER_NOT_WRITABLE, f"the ledger cannot be written: {problem}"))
    up = tuple(sorted(map(alarm_shown, found), key=_badness))
    document: StatusNow = widened(StatusNow, now, alarms=up, summary=summary(now, up))
    return document


def write_problem(ledger: Ledger) -> str | None:
    """Return why the ledger takes no writes; None when it does, and where this command may only read it."""
    try:
        problem = ledger.write_problem()
        return None if problem is not None and ledger.role_only_reads() else problem
    except LedgerAway as error:
        return None if MAY_NOT_WRITE in str(error) else why_away(error)


def _badness(alarm: AlarmShown) -> tuple[int, bool, bool, bool, datetime | None]:
    """Return the order of alarms: the worst first; a missing process explains others; of two alike, the older one."""
    explains = alarm.name == PROCESS_MISSING
    return _WORST_FIRST.index(alarm.needs), not alarm.is_urgent, not explains, alarm.since is None, alarm.since


def summary(now: Overview, up: Sequence[AlarmShown]) -> str:
    """Return the one sentence on top: all flows, what waits, nothing runs, or the worst alarm with its page."""
    if up:
        return worst(up, now.at)
    everything = next((each for each in now.pauses if each.scope == EVERYTHING), None)
    if everything is not None:
        return f"Paused: nothing is sent since {_time(everything.since)}: {everything.why}"
    if not now.processes:
        return "No process has run on this ledger yet."
    if all(each.state != "live" for each in now.processes):
        last = max(now.processes, key=lambda each: each.seen_at)
        return f"Nothing runs, and nothing waits: {last.role} on {last.host} was stopped at {_time(last.seen_at)}."
    number = sum(now.open_operations.values())
    if number and not any(each.state == "live" and each.role in DELIVERING for each in now.processes):
        return f"No worker has been heard of for a while, and {counted(number, 'operation')} {_wait(number)}."
    return _flowing(now, now.flow or Flow(0, None))


def _wait(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _flowing(now: Overview, flow: Flow) -> str:
    """Return how the calls of the last hour went, and how long the oldest urgent ticket waits that is not there yet."""
    waited = max(
        ((now.at - each.planned_at).total_seconds() for each in now.oldest if each.rank == URGENT), default=0.0
    )
    late = f"An urgent ticket has waited for {_long(waited)}. " if waited >= LATE_S else ""
    number = sum(now.open_operations.values())
    if not flow.done and not number:
        return "All quiet: no call took effect in the last hour, and nothing waits."
    if not flow.done:
        return f"{late}No call took effect in the last hour, and {counted(number, 'operation')} {_wait(number)}."
    urgent = flow.slowest_urgent_s
    slowest = "no urgent ticket" if urgent is None else f"slowest urgent ticket {_long(urgent)}"
    if late:
        return f"{late}{counted(flow.done, 'call')} took effect in the last hour, {slowest}."
    waiting = f"; one has waited for {_long(waited)}" if waited > (urgent or 0.0) else ""
    return f"All flowing: {counted(flow.done, 'call')} in the last hour, {slowest}{waiting}."


def worst(up: Sequence[AlarmShown], at: datetime | None = None) -> str:
    """Return the worst alarm in a sentence: what it asks for, since when it is up, and its page."""
    first = up[0]
    since = "" if first.since is None else f" since {_time(first.since)}"
    if first.since is not None and at is not None:
        since += f" ({_long(max((at - first.since).total_seconds(), 0.0))})"
    more = f" {counted(len(up) - 1, 'more alarm')} below." if len(up) > 1 else ""
    text = " ".join(first.text.split())  # an error of a database has several lines
    text += "" if text.endswith((".", "?", "!")) else "."
    return f"{first.needs.capitalize()}: {first.name}{since}: {text} See {first.page}.{more}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _long(seconds: float) -> str:
    """Return a duration for people."""
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else str(timedelta(minutes=minutes)).removesuffix(":00") + " h"


def why_ledger_is_away(settings: Settings, error: Exception) -> LedgerIsAway:
    """Return why the ledger cannot be read.

    Even reading SQLite's file needs some free disk space while no process has it open.
    """
    with closing(open_ledger(settings)) as ledger:
        full = ledger.database.room.problem()
    up = (alarm_shown(Alarm(DISK_FULL, full) if full is not None else Alarm(LEDGER_AWAY, why_away(error))),)
    return LedgerIsAway(up, worst(up))


def budget(ledger: Ledger, settings: Settings) -> BudgetNow:
    """Return the use of the budget in the last minute, and the work that waits for more."""
    now = ledger.spending()
    limits = LimitsSet(settings.api.per_minute, settings.api.per_second)
    document: BudgetNow = widened(BudgetNow, now, limits=limits, used=sum(each.tokens for each in now.spent))
    return document
