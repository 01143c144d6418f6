"""What does a delivery say? Verify, then parse; whatever happens while parsing, an authentic delivery is kept."""

from __future__ import annotations

from datetime import datetime

import structlog

from connectors.base import Denied, Inbound, Keys, OverLimit, Parsed, UnreadableMessage, Unverified, Verified
from worker.ledger import Delivery
from worker.settings import Source

log = structlog.get_logger()

NO_KEYS: Keys = {}


def read(source: Source, arrived: Inbound, now: datetime) -> Delivery | Denied:
    """A delivery that is ready for custody, or why its sender is refused. Raises OverLimit."""
    verdict = source.connector.verify(arrived, source.settings, now, NO_KEYS)
    return verdict if isinstance(verdict, Denied) else read_verified(source, verdict)


def read_verified(source: Source, verified: Verified, inbound_id: int | None = None) -> Delivery:
    """A delivery that is ready for custody. Raises OverLimit."""
    try:
        return Delivery(verified.inbound, parse(source, verified), inbound_id=inbound_id)
    except UnreadableMessage as reason:
        return Delivery(verified.inbound, unreadable=str(reason), inbound_id=inbound_id)


def parse(source: Source, message: Verified | Unverified) -> Parsed:
    """Parse; a parser that fails in a way that it should not counts as unreadable too.

    Raises UnreadableMessage and OverLimit.
    """
    try:
        return source.connector.parse(message, source.settings)
    except (UnreadableMessage, OverLimit):
        raise
    except Exception as defect:
        # A defect of the connector must not lose the message, nor have its sender repeat it for ever.
        log.exception("connector.failed", source=source.id, kind=source.connector.kind)
        raise UnreadableMessage(f"the connector failed on it ({type(defect).__name__}: {defect})"[:500]) from defect
