"""A delivery as it arrives, and what a connector makes of it: proof, events and remarks.

ConnectorError
├── UnreadableMessage   authentic, but not understood: quarantine; a person or a fix decides
└── OverLimit           larger than a setting allows: refuse with 413, the sender must send less
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from connectors.contract.calls import HttpCall
from connectors.contract.events import Event

Cause = Literal["unknown_source", "wrong_secret", "bad_time"]
"""The cause of a refusal, for the log and the metric; a refused sender never learns it."""

Keys = Mapping[str, bytes]
"""Public keys and certificates by name, fetched and cached by the worker."""


class ConnectorError(Exception):
    """Base class of errors that connectors raise. The message is the reason shown to operators."""


class UnreadableMessage(ConnectorError):
    """The message is authentic, but cannot be understood as a whole."""


class OverLimit(ConnectorError):
    """The delivery holds more than a setting allows."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One delivery as it arrived. The `repr` leaves out fields that may hold a secret or somebody's words."""

    source: str
    received_at: datetime
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names in lower case, values decoded as Latin-1, in the order of arrival."""
    query: str = field(default="", repr=False)

    def header(self, name: str) -> str | None:
        """Return the header's value; None if it is missing *or repeated*: two credentials prove nothing."""
        values = [value for key, value in self.headers if key == name.lower()]
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class Verified:
    """An inbound with a proven sender, who may speak for the source. Made by `verify`, or from a recorded delivery."""

    inbound: Inbound
    late: str | None = None
    """Why a person must decide about the message, though its sender is proven: it was sent long ago. It goes to
    quarantine with this reason. None: it came in time, or a person takes it out of quarantine."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """An inbound without proof. `explain --unverified` may read it; intake does not take it."""

    inbound: Inbound


@dataclass(frozen=True, slots=True)
class Reply:
    """The response that the platform requires."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Denied:
    """The sender could not prove its identity. The reason is for our log, never for the response."""

    reason: str
    cause: Cause = "wrong_secret"
    """`wrong_secret` also stands for a missing or malformed proof."""


@dataclass(frozen=True, slots=True)
class Remark:
    """An item of a payload that became no event, with the reason."""

    item: str
    """Path of the item: `alerts[3]`."""
    reason: str

    def __str__(self) -> str:
        """Return the reason for people: with the item, unless the reason begins with its path."""
        begins_with_item = re.match(rf"{re.escape(self.item)}(?![\w-])", self.reason)
        return self.reason if begins_with_item else f"{self.item}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The content of a delivery. A bad item does not affect its neighbours: it becomes a remark in `unreadable`."""

    events: tuple[Event, ...] = ()
    ignored: tuple[Remark, ...] = ()
    """Understood, without effect: an item, or a field that was left out of an item's event."""
    unreadable: tuple[Remark, ...] = ()
    """Not understood. The delivery stays in quarantine; its events take effect."""
    reply: Reply | None = None
    confirm: str | None = None
    """A URL that the worker calls once the delivery is in the ledger. HTTPS, on one of `Outside.hosts`."""
    prompt: HttpCall | None = None
    """A call that asks a person for more. Made once, after the delivery was answered. The call may fail: no ticket
    depends on it."""
    verdict: str | None = None
    """The verdict on the author in one line for people, where the connector judges authors; only shown by `explain`."""
