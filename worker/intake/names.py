"""Adds the display names of the ids in a delivery, from the ledger, in a header that only we can set."""

from __future__ import annotations

import json
from dataclasses import replace

import structlog

from connectors.contract.directory import NAMES
from connectors.contract.messages import Inbound
from worker.ledger import Ledger, LedgerAway
from worker.settings import Source

log = structlog.get_logger()


def are_asked_for(source: Source) -> bool:
    """Return True when the ledger may have display names of a source."""
    naming = source.connector.naming
    return naming is not None and bool(naming.workspaces(source.settings))


def with_names(ledger: Ledger, source: Source, arrived: Inbound) -> Inbound:
    """Return the delivery with display names; unchanged while the ledger is away, since recording reports that."""
    naming = source.connector.naming
    if naming is None or not are_asked_for(source):
        return arrived
    try:
        known = ledger.errands.names(source.id, naming.ids(arrived))
    except LedgerAway as error:
        log.warning("names.ledger_away", source=source.id, error=type(error).__name__)
        return arrived
    if not known:
        return arrived
    return replace(arrived, headers=(*arrived.headers, (NAMES, json.dumps(dict(sorted(known.items()))))))
