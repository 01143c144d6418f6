"""Refuses to start, and to reload, with a secret that breaks the rule of its kind; `check` says the same."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from worker.ledger import Ledger, LedgerAway
from worker.settings import SettingsError
from worker.settings.loader import Loaded
from worker.settings.secrets import Development, NotAsked, Terms, weak

log = structlog.get_logger()


def terms(ledger: Ledger, development: Development = "refused") -> Terms:
    """Return the terms of a process that has this ledger open."""

    def known(sources: Collection[str]) -> frozenset[str]:
        try:
            return ledger.reading.sources_among(sorted(sources)) if ledger.is_usable() else frozenset()
        except LedgerAway as error:
            raise NotAsked from error

    return Terms(known, datetime.now(UTC).date(), development)


def reloading(read: Callable[[], Loaded], ledger: Ledger, development: Development = "refused") -> Callable[[], Loaded]:
    """Return a reader of the settings that raises SettingsError for a secret with which the start would fail."""

    def judged() -> Loaded:
        loaded = read()
        found = weak(loaded, terms(ledger, development))
        if refused := [each for each in found if each.severity == "error"]:
            raise SettingsError(refused, loaded.hidden)
        for each in found:
            log.warning("config.weak_secret", setting=".".join(map(str, each.path)), problem=each.message)
        return replace(loaded, warnings=tuple(found)) if found else loaded

    return judged
