"""Conversions of rows that several parts of the ledger read."""

from __future__ import annotations

import json
import zlib
from typing import Any

from sqlalchemy import Row

from connectors.contract.messages import Inbound


def restore(row: Row[Any]) -> Inbound:
    """Return the delivery stored in a row of `inbound`, as it arrived but without its credentials."""
    return Inbound(
        source=row.source,
        received_at=row.received_at,
        body=zlib.decompress(row.body),
        headers=tuple((name, value) for name, value in json.loads(row.headers)),
        query=row.query,
    )
