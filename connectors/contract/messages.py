"""What arrives, and what a connector makes of it: a delivery, its proof, its events and remarks.

ConnectorError
├── UnreadableMessage   authentic, but not to be understood: quarantine, a person or a fix decides
└── OverLimit           larger than a setting allows: refuse it with 413, the sender must send less
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.contract.calls import HttpCall
from connectors.contract.events import Event

Keys = Mapping[str, bytes]
"""Public keys and certificates by name, fetched and cached by the worker."""


class ConnectorError(Exception):
    """Base of what a connector raises; the message is the reason that an operator reads."""


class UnreadableMessage(ConnectorError):
    """Authentic, but not to be understood as a whole."""


class OverLimit(ConnectorError):
    """Holds more than a setting allows."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One delivery as it arrived. Its `repr` leaves out what may hold a secret or somebody's words."""

    source: str
    received_at: datetime
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Names in lower case, values decoded as Latin-1, in the order of arrival."""
    query: str = field(default="", repr=False)

    def header(self, name: str) -> str | None:
        """The header's value; None where it is missing *or repeated*: two credentials are no credential."""
        values = [value for key, value in self.headers if key == name.lower()]
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class Verified:
    """An inbound whose sender proved that it may speak for the source. Made by `verify`, or from custody."""

    inbound: Inbound


@dataclass(frozen=True, slots=True)
class Unverified:
    """An inbound that nobody vouched for: `explain --unverified` may read it, intake does not take it."""

    inbound: Inbound


@dataclass(frozen=True, slots=True)
class Reply:
    """What the platform wants answered in the response."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200


@dataclass(frozen=True, slots=True)
class Denied:
    """The sender could not prove who it is. The reason is for our log, never for the answer."""

    reason: str
    reply: Reply | None = None
    """Answered in place of a refusal, to what a platform asks without proof and what says nothing. It is not stored."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One item of a payload that became no event: which one, and why."""

    item: str
    """Where it stands: `alerts[3]`."""
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a delivery says. A bad item never takes its neighbours with it: it is a remark in `unreadable`."""

    events: tuple[Event, ...] = ()
    ignored: tuple[Remark, ...] = ()
    """Understood, and nothing is to be done: an item, or a field of one that became an event without it."""
    unreadable: tuple[Remark, ...] = ()
    """Not understood: the delivery stays in quarantine beside the events that were."""
    reply: Reply | None = None
    confirm: str | None = None
    """A URL that the worker calls once the delivery is in the ledger; on one of `Outside.hosts`, by HTTPS."""
    prompt: HttpCall | None = None
    """Asks a person for more; made once, after the delivery is answered. It may fail: no ticket depends on it."""
