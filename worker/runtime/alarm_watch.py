"""Looks at the alarms: logs those that begin and end, and writes into the ledger since when each is up."""

from __future__ import annotations

import structlog

from worker.ledger import Ledger, alarms
from worker.settings import TimingSettings

log = structlog.get_logger()


class AlarmWatch:
    """The alarms that this process has found up. Every process looks by itself, because each may be the only one."""

    def __init__(self, ledger: Ledger, timing: TimingSettings) -> None:
        self._ledger = ledger
        self._timing = timing
        self._up: frozenset[str] = frozenset()

    def look(self) -> None:
        """Log what changed since the last look, and note what is up. Raises one of `LedgerAway`."""
        up = {each.name: each.text for each in alarms(self._ledger.overview(), self._timing)}
        for name in sorted(up.keys() - self._up):
            log.error("alarm.raised", alarm=name, text=up[name])
        for name in sorted(self._up - up.keys()):
            log.warning("alarm.ended", alarm=name)
        self._up = frozenset(up)
        if up:
            self._ledger.note_alarms(up)
