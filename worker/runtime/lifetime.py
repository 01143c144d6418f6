"""The log events of a process that begins, ends, or has its ledger back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import structlog

from worker.ledger import Ledger
from worker.runtime.versions import version
from worker.settings import planning_digest
from worker.settings.loader import Loaded
from worker.settings.showing import as_json, shown

log = structlog.get_logger()

DIGITS = 12


def digest_of(loaded: Loaded) -> str:
    """Return a short digest of all settings as `config show` prints them: without secrets."""
    text = json.dumps(as_json(shown(loaded), origins=False), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def started(role: str, loaded: Loaded, ledger: Ledger, listens: Iterable[str]) -> None:
    """Log that a process is up. `listens` has its addresses, each as `WHAT ADDRESS`.

    `settings_digest` is the digest that the process records, and that `status -o json` shows.

    From now on, the end of each outage of the ledger is logged, too.
    """
    ledger.when_back(lambda seconds: log.warning("ledger.back", away_s=round(seconds, 1)))
    log.info(
        "process.started",
        role=role,
        version=version(),
        settings_digest=planning_digest.digest_of(planning_digest.parts_of(loaded.settings)),
        all_settings_digest=digest_of(loaded),
        listens=list(listens),
    )


def stopped(role: str, reason: str) -> None:
    """Log that a process has ended in order. `reason` is the signal, or what else ended it."""
    log.info("process.stopped", role=role, version=version(), reason=reason)
