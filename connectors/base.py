"""What is a connector? A kind, its settings, `verify` and `parse`: pure functions over bytes that arrived.

Time and keys are arguments; there is no clock, network, database or environment here. `parse` takes what
`verify` returned, so that parsing something unverified is a type error.

    ConnectorError
    ├── UnreadableMessage   authentic, but not to be understood: quarantine, a person or a fix decides
    └── OverLimit           larger than a setting allows: refuse it with 413, the sender must send less
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.durations import Seconds
from connectors.events import Event, Priority

if TYPE_CHECKING:
    from connectors.answering import Answering, HttpCall
    from connectors.backfilling import Backfilling
    from connectors.naming import Naming

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


def _usable(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value.strip():
        raise ValueError("a secret must not be blank")
    if value != value.strip():
        # HTTP takes white space off the ends of a header: such a secret would deny everybody, for ever.
        raise ValueError("a secret must not begin or end with white space")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_usable)]
"""A secret that is never blank, without white space around it, and never shown."""


class SourceSettings(BaseModel):
    """What every kind of source is configured with; a kind adds its own fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    routes_publish: ClassVar[bool] = True
    """A route can make public what is private by `private` alone; else only what is set for the source does."""

    secret: Secret
    """What the sender proves itself with."""
    previous_secret: Secret | None = None
    """Accepted too, while senders are moved to the new one."""
    category: str | None = Field(default=None, min_length=1, max_length=255)
    """The tickets' category."""
    private: bool = False
    """Keep the text out of subject and description, in private notes only."""
    max_items: int = Field(default=10_000, ge=1)
    """Items of one delivery; more is refused with 413."""
    max_body: int | None = Field(default=None, ge=1)
    """Bytes of one delivery; None: as `server.max_body` says."""
    quiet_after: Seconds | None = None
    """Nothing was sent for so long: a ticket says so, which closes with the next delivery. None: it may be quiet."""
    quiet_priority: Priority = "high"
    """Of that ticket."""
    expire_after: Seconds | None = None
    """An alert of which nothing was sent for so long is taken to be over: longer than the interval at which the sender
    repeats what goes on. None: never."""

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """The current secret first, then the previous one; as UTF-8 bytes."""
        both = (self.secret, self.previous_secret)
        return tuple(each.get_secret_value().encode() for each in both if each is not None)


S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Outside(Generic[S]):
    """What the worker may ask a kind's sender for; always by HTTPS, without following redirects."""

    hosts: re.Pattern[str]
    """Matched against the whole host: no other one is called."""
    keys: Callable[[Inbound, S], tuple[str, ...]]
    """The URLs of the certificates or key sets that `verify` needs for an inbound: the names of its `Keys`."""
    kept_s: float = 3600.0
    """Seconds after which they are fetched again."""
    lacks: Callable[[Inbound, bytes], bool] = lambda _inbound, _found: False
    """Whether a key set that was fetched before lacks the key for this inbound: a new one may be there. It is fetched
    again for that once in some minutes: whoever sends to us can say that he signs with any key."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A GET that asks what goes on, and when; its `repr` leaves out what we prove ourselves with."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    every: float
    """Seconds from one question to the next."""
    grace: float
    """Seconds; what is not listed for so long is over."""


@dataclass(frozen=True, slots=True)
class Asking(Generic[S]):
    """How a kind's product is asked which of its alerts go on. The worker makes the request; nothing here does."""

    request: Callable[[S], Ask | None]
    """None: it is not to be asked."""
    listed: Callable[[bytes, S], frozenset[str]]
    """The case keys of all that goes on, by the body of an answer; one alert may have several. Raises
    UnreadableMessage: then nothing is known of any."""
    answers_for: Callable[[str, S], bool] = lambda _case_key, _settings: True
    """Whether an answer would list what has this case key, if it goes on."""


@dataclass(frozen=True, slots=True)
class Connector(Generic[S]):
    """Code for one kind of source.

    `verify` never raises: every malformed header is a `Denied`. `parse` raises only `ConnectorError`.
    `sign` gives the headers with which a sender proves itself; `send` and the contract tests use it. It raises only
    `ConnectorError`, where the source's secret can prove a sender and cannot make a proof.
    """

    kind: str
    title: str
    settings: type[S]
    verify: Callable[[Inbound, S, datetime, Keys], Verified | Denied]
    parse: Callable[[Verified | Unverified, S], Parsed]
    sign: Callable[[bytes, S, datetime], dict[str, str]]
    address: Callable[[S], str] | None = None
    """Where people write to, for a kind that takes mail; its local part may be followed by `+` and anything."""
    outside: Outside[S] | None = None
    answering: Answering[S] | None = None
    asking: Asking[S] | None = None
    backfilling: Backfilling[S] | None = None
    naming: Naming[S] | None = None
    says_nothing: bool = False
    """Its deliveries say nothing but that they come: what matters is that they stop."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What its events' `attributes` hold, each with its meaning; `labels.*` is any number that begin so."""
