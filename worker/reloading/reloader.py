"""When are new settings in force? Once all of them have been read and judged: then at once, and together.

Settings that are wrong change nothing. That is counted and logged, and who asked gets every problem.
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
from worker.settings.problems import Problem

log = structlog.get_logger()


def needing(read: Callable[[], Loaded], suffices: Callable[[Loaded], bool], problem: str) -> Callable[[], Loaded]:
    """Reads settings that a process can go on with; of others it says the problem, as a SettingsError."""

    def read_what_suffices() -> Loaded:
        loaded = read()
        if not suffices(loaded):
            raise SettingsError([Problem(problem, DEFAULT, ("sources",))])
        return loaded

    return read_what_suffices


class Reloader:
    """Reloads the settings of one process, one reload at a time.

    `read` gives the settings as the process would have them if it began now, and raises SettingsError; `clock` counts
    seconds since 1970.
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
        """Read the settings anew and put them in force; gives what is different.

        Raises SettingsError with every problem found; then all is as it was.
        """
        with self._turn:
            try:
                loaded = self._judged()
            except SettingsError as refused:
                self._metrics.config_refused()
                log.error("config.reload_failed", problems=refused.problems)  # noqa: TRY400 — they say where and what
                raise
            changes = compared(self.current(), loaded.settings)
            self.current.swap(replace(loaded, settings=changes.settings))
            self._metrics.config_reloaded(self._clock())
        log.info("config.reloaded", changed=[f"{each.setting}: {each.what}" for each in changes.taken])
        if changes.needs_restart:
            names = [each.setting for each in changes.needs_restart]
            log.warning("config.needs_restart", settings=names)
        return changes

    def _judged(self) -> Loaded:
        """What is configured now. Raises SettingsError, also for a defect of ours: who asked must hear of it, and a
        process that works must not end by it."""
        try:
            return self._read()
        except SettingsError:
            raise
        except Exception as defect:
            log.exception("config.reader_failed")
            what = f"the settings could not be read ({type(defect).__name__}): this is a defect, see the log"
            raise SettingsError([Problem(what, DEFAULT)]) from defect
