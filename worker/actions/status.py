"""Reports the present work, the alarms, and the use of the Tickets API's budget."""

from __future__ import annotations

from contextlib import closing

from worker.documents.status import BudgetNow, LedgerIsAway, LimitsSet, StatusNow, widened
from worker.ledger import DISK_FULL, LEDGER_AWAY, Alarm, Ledger, alarms, open_ledger, why_away
from worker.settings import Settings


def status(ledger: Ledger, settings: Settings) -> StatusNow:
    """Return the present work, with the alarms that are up."""
    now = ledger.overview(in_full=True)
    up = alarms(now, settings.timing)
    shown: StatusNow = widened(StatusNow, now, alarms=tuple(up))
    return shown


def why_ledger_is_away(settings: Settings, error: Exception) -> LedgerIsAway:
    """Return why the ledger cannot be read.

    Even reading SQLite's file needs some free disk space while no process has it open.
    """
    with closing(open_ledger(settings)) as ledger:
        full = ledger.database.room.problem()
    if full is not None:
        return LedgerIsAway((Alarm(DISK_FULL, full),))
    return LedgerIsAway((Alarm(LEDGER_AWAY, why_away(error)),))


def budget(ledger: Ledger, settings: Settings) -> BudgetNow:
    """Return the use of the budget in the last minute, and the work that waits for more."""
    now = ledger.spending()
    limits = LimitsSet(settings.api.per_minute, settings.api.per_second)
    shown: BudgetNow = widened(BudgetNow, now, limits=limits, used=sum(each.tokens for each in now.spent))
    return shown
