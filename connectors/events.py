"""Re-exports `connectors.contract.events` for packages that were written against `connectors.events`.

New code imports from `connectors.contract.events`.
"""

from __future__ import annotations

from connectors.contract.events import (
    Changed,
    Commented,
    Event,
    Exchange,
    Opened,
    Priority,
    Reference,
    Resolved,
    TicketChanged,
    digest,
)

__all__ = [
    "Changed",
    "Commented",
    "Event",
    "Exchange",
    "Opened",
    "Priority",
    "Reference",
    "Resolved",
    "TicketChanged",
    "digest",
]
