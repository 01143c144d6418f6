"""Adds the display names of the ids in a delivery, from the ledger, in a header that only we can set."""

from __future__ import annotations

import json
from dataclasses import replace

import structlog

from connectors.contract.directory import DISPLAY_NAMES
from connectors.contract.messages import Inbound
from worker.ledger import Ledger, LedgerAway, why_away
from worker.settings import Source

log = structlog.get_logger()


def are_asked_for(source: Source) -> bool:
    """Return True when the ledger may have display names of a source."""
    display_names = source.connector.display_names
    return display_names is not None and bool(display_names.workspaces(source.settings))


def with_display_names(ledger: Ledger, source: Source, arrived: Inbound) -> Inbound:
    """Return the delivery with display names; unchanged while the ledger is away, since recording reports that."""
    display_names = source.connector.display_names
    if display_names is None or not are_asked_for(source):
        return arrived
    try:
        known = ledger.job_store.display_names(source.id, display_names.ids(arrived))
    except LedgerAway as error:
        log.warning("names.ledger_away", source=source.id, error=why_away(error))
        return arrived
    if not known:
        return arrived
    return replace(arrived, headers=(*arrived.headers, (DISPLAY_NAMES, json.dumps(dict(sorted(known.items()))))))
