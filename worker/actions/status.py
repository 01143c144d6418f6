"""What is under way, what needs somebody, and what the requests of the Tickets API are spent on."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from worker.documents.status import BudgetNow, LedgerIsAway, LimitsSet, StatusNow, widened
from worker.ledger import DISK_FULL, Alarm, Ledger, alarms, open_ledger
from worker.settings import Settings


def status(ledger: Ledger, settings: Settings) -> StatusNow:
    """What is under way, with the alarms that are up."""
    now = ledger.overview(look_for_room=True)
    up = alarms(now, timedelta(seconds=settings.timing.stall_alarm))
    shown: StatusNow = widened(StatusNow, now, alarms=tuple(up))
    return shown


def away(settings: Settings, error: Exception) -> LedgerIsAway:
    """Why the ledger cannot even be read: SQLite needs some room for that too, where no process has it open."""
    with closing(open_ledger(settings)) as ledger:
        full = ledger.database.room.problem()
    if full is not None:
        return LedgerIsAway((Alarm(DISK_FULL, full),))
    why = f"the ledger cannot be used: {getattr(error, 'orig', None) or error}".strip()
    return LedgerIsAway((Alarm("ledger_away", why),))


def budget(ledger: Ledger, settings: Settings) -> BudgetNow:
    """What the last minute's requests were spent on, and what waits for more."""
    now = ledger.spending()
    limits = LimitsSet(settings.api.per_minute, settings.api.per_second)
    shown: BudgetNow = widened(BudgetNow, now, limits=limits, used=sum(each.tokens for each in now.spent))
    return shown
