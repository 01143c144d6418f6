"""Puts new settings in force, at once and together, after all of them were read and judged.

Wrong settings change nothing. The refusal is counted and logged, and the caller gets every problem.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from worker.reloading.changes import Changes, compared
from worker.runtime.metrics import Metrics
from worker.settings import SettingsError
from worker.settings.current import Current
from worker.settings.loader import Loaded
from worker.settings.origin import DEFAULT
from worker.settings.problems import Problem, render

log = structlog.get_logger()


def needing(read: Callable[[], Loaded], suffices: Callable[[Loaded], bool], problem: str) -> Callable[[], Loaded]:
    """Return a reader that raises SettingsError with the problem when the process cannot go on with the settings."""

    def read_what_suffices() -> Loaded:
        loaded = read()
        if not suffices(loaded):
            raise SettingsError([Problem(problem, DEFAULT, ("sources",))])
        return loaded

    return read_what_suffices


class Reloader:
    """Reloads the settings of one process, one reload at a time.

    `read` returns the settings with which the process would start now, and raises SettingsError; `clock` counts seconds
    since 1970.
    """

    def __init__(
        self, current: Current, read: Callable[[], Loaded], metrics: Metrics, clock: Callable[[], float] = time.time
    ) -> None:
        self.current = current
        self._read = read
        self._metrics = metrics
        self._clock = clock
        self._turn = threading.Lock()
        metrics.config_reloaded(clock())

    def reload(self) -> Changes:
        """Read the settings anew, put them in force, and return the changes.

        Raises SettingsError with every problem found; then nothing has changed.
        """
        with self._turn:
            try:
                loaded = self._judged()
            except SettingsError as refused:
                self._metrics.config_refused()
                log.error("config.reload_failed", problems=refused.problems)  # noqa: TRY400 — the problems hold the place and the reason
                raise
            warnings = tuple(render(each, loaded.hidden) for each in loaded.warnings)
            changes = replace(compared(self.current(), loaded.settings), warnings=warnings)
            self.current.swap(replace(loaded, settings=changes.settings))
            self._metrics.config_reloaded(self._clock())
        log.info("config.reloaded", changed=[f"{each.setting}: {each.what}" for each in changes.taken])
        if changes.needs_restart:
            names = [each.setting for each in changes.needs_restart]
            log.warning("config.needs_restart", settings=names)
        return changes

    def _judged(self) -> Loaded:
        """Return the settings configured now. Raises SettingsError.

        A defect of ours becomes a SettingsError, too: the caller must learn of it, and it must not end a working
        process.
        """
        try:
            return self._read()
        except SettingsError:
            raise
        except Exception as defect:
            log.exception("config.reader_failed")
            what = f"a defect in Ticketrelay kept the settings from being read ({type(defect).__name__}): see the log"
            raise SettingsError([Problem(what, DEFAULT)]) from defect
