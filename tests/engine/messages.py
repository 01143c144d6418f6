"""Messages of the sources: every message, and every version of a message, has a unique text."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from connectors.contract.events import Changed, Commented, Event, Opened, Resolved, digest
from connectors.contract.messages import Inbound, Parsed
from worker.ledger import Delivery

SOURCE = "prom"

News = Literal["opening", "urgent opening", "comment", "automatic reply", "change to low", "change to high", "end"]
_EVENTS: Mapping[News, tuple[type[Event], Mapping[str, Any]]] = {
    "opening": (Opened, {}),
    "comment": (Commented, {"unknown": "wait"}),
    "end": (Resolved, {}),
    "change to low": (Changed, {"priority": "low"}),
    "change to high": (Changed, {"priority": "high"}),
    "urgent opening": (Opened, {"priority": "urgent"}),
    "automatic reply": (Commented, {"unknown": "wait", "reopens": False}),
}
NEWS: tuple[News, ...] = tuple(_EVENTS)


class Messages:
    """Makes deliveries of one event each, about the cases of one source."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def about(self, case: str, what: News, now: datetime) -> Delivery:
        kind, more = _EVENTS[what]
        return self._delivery(kind, case, now, more)

    def _delivery(self, kind: type[Event], case: str, now: datetime, more: Mapping[str, Any]) -> Delivery:
        number = next(self._numbers)
        text = f"text {number}"
        event = kind(
            case_key=case,
            source_message_id=f"message {number}",
            occurred_at=now,
            started_at=now,
            subject=f"{case} is full",
            text=text,
            content_digest=digest(text, str(more.get("priority"))),
            **more,
        )
        arrived = Inbound(source=SOURCE, received_at=now, body=text.encode())
        return Delivery(arrived, Parsed((event,)))
