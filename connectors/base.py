"""Re-exports `connectors.contract` for packages that were written against `connectors.base`.

New code imports from `connectors.contract` and its modules.
"""

from __future__ import annotations

from connectors.contract.connector import Ask, Asking, Connector, Outside
from connectors.contract.messages import (
    ConnectorError,
    Denied,
    Inbound,
    Keys,
    OverLimit,
    Parsed,
    Remark,
    Reply,
    UnreadableMessage,
    Unverified,
    Verified,
)
from connectors.contract.settings import Secret, SourceSettings

__all__ = [
    "Ask",
    "Asking",
    "Connector",
    "ConnectorError",
    "Denied",
    "Inbound",
    "Keys",
    "Outside",
    "OverLimit",
    "Parsed",
    "Remark",
    "Reply",
    "Secret",
    "SourceSettings",
    "UnreadableMessage",
    "Unverified",
    "Verified",
]
