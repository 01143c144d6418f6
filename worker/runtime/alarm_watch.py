"""Looks at the alarms: logs those that begin and end, and writes into the ledger since when each is up."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from worker.ledger import ALARM_HOLD, PROCESS_MISSING, Ledger, alarms
from worker.settings import TimingSettings

log = structlog.get_logger()

GAP = timedelta(minutes=1)
"""Two looks that are further apart leave a gap: what happened in between is not known."""
SETTLED = timedelta(seconds=45)
"""After a gap, all processes have come back by then, have made calls and read their mailboxes."""
NOT_HEARD_OF = frozenset({PROCESS_MISSING, "stalled", "mailbox_silent"})
"""The alarms that say that something has not happened for a while. Just after an outage that is so, and no problem."""


class AlarmWatch:
    """The alarms that this process has found up. Every process looks by itself, because each may be the only one."""

    def __init__(self, ledger: Ledger, timing: TimingSettings) -> None:
        self._ledger = ledger
        self._timing = timing
        self._up: frozenset[str] = frozenset()
        self._looked: tuple[datetime, datetime] | None = None  # the first look since the last gap, and the latest one

    def look(self) -> None:
        """Log what changed since the last look, and note what is up. Raises one of `LedgerAway`."""
        seen_now = self._ledger.overview()
        watched = self._watched(seen_now.at)
        left_out = NOT_HEARD_OF if watched < SETTLED else frozenset()
        up = {each.name: each.text for each in alarms(seen_now, self._timing) if each.name not in left_out}
        for name in sorted(up.keys() - self._up):
            log.error("alarm.raised", alarm=name, text=up[name])
        for name in sorted(self._up - up.keys() - left_out):
            log.warning("alarm.ended", alarm=name)
        self._up = frozenset(up) | (self._up & left_out)
        if up:
            self._ledger.note_alarms(up, watched)
        self._looked = (seen_now.at - watched, seen_now.at)

    def knows_ends(self, now: datetime) -> bool:
        """Return True if this process has looked for so long that an alarm that nobody found up is over.

        From any thread; `now` by the ledger's clock. False after a start, while the ledger was away, and after its
        clock was set.
        """
        return self._looked is not None and self._watched(now) >= ALARM_HOLD

    def _watched(self, now: datetime) -> timedelta:
        """Return for how long this process has looked without a gap, by the ledger's clock."""
        if self._looked is None:
            return timedelta(0)
        began, last = self._looked
        return now - began if timedelta(0) <= now - last <= GAP else timedelta(0)
