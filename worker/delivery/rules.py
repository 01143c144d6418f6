"""The settings of delivery: the service's limits, the times, and whether a note may be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from worker.ledger import MOST_LATE, Limits, Terms
from worker.settings import ApiSettings, Settings, TimingSettings


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one process. Budget and `repeat_notes` may change while it runs; the others hold from its start."""

    api: ApiSettings
    timing: TimingSettings
    repeat_notes: bool = True
    current: Callable[[], Settings] | None = None
    """Returns the present settings; None when they do not change."""

    def terms(self) -> Terms:
        """Return the present terms of a claim."""
        first = Terms(
            lease=timedelta(seconds=self.timing.lease),
            key_window=timedelta(seconds=self.timing.key_window),
            probe_interval=timedelta(seconds=self.timing.probe_interval),
            limits=Limits(self.api.per_minute, self.api.per_second),
            most_late=min(MOST_LATE, timedelta(seconds=self.timing.latest_send)),
            repeat_notes=self.repeat_notes,
            ghost_wait=timedelta(seconds=self.timing.ghost_wait),
        )
        if self.current is None:
            return first
        now = self.current()
        limits = Limits(now.api.per_minute, now.api.per_second)
        return replace(first, limits=limits, repeat_notes=now.policy.repeat_notes)
