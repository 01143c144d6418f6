"""A connector: the kind, its settings, and pure functions that verify and parse the bytes that arrived.

Time and keys are arguments; there is no clock, network, database or environment here. `parse` takes what
`verify` returned, so that parsing something unverified is a type error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from connectors.contract.backfill import Backfilling
from connectors.contract.directory import Naming
from connectors.contract.mailbox import ImapMailbox
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Unverified, Verified
from connectors.contract.polling import Polling
from connectors.contract.receipts import Answering
from connectors.contract.settings import SourceSettings
from connectors.contract.sockets import Socket

S = TypeVar("S", bound=SourceSettings)
S_contra = TypeVar("S_contra", bound=SourceSettings, contravariant=True)


class Proof(Protocol[S_contra]):
    """How a sender proves itself, and how one is checked; `connectors.toolbox.proofs` has those that kinds share."""

    def verify(self, inbound: Inbound, settings: S_contra, now: datetime, keys: Keys, /) -> Verified | Denied:
        """The inbound as it may be stored, or why not. Never raises: every malformed header is a `Denied`."""

    def sign(self, body: bytes, settings: S_contra, now: datetime, /) -> dict[str, str]:
        """The headers with which a sender proves itself. Raises only `ConnectorError`."""


def _nobody(_inbound: Inbound, _settings: object, _now: datetime, _keys: Keys) -> Denied:
    """Stands for a `verify` that is still to come from the proof."""
    return Denied("the connector has no proof")


def _nothing_said(_message: Verified | Unverified, _settings: object) -> Parsed:
    """Stands for a `parse` that was forgotten."""
    return Parsed()


def _no_headers(_body: bytes, _settings: object, _now: datetime) -> dict[str, str]:
    """Stands for a `sign` that is still to come from the proof."""
    return {}


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

    `proof` gives `verify` and `sign`; a kind whose proof is its own gives these as functions instead. A function that
    is given stands, whatever the proof says. Raises TypeError where one of the two comes from neither.

    `verify` never raises: every malformed header is a `Denied`. `parse` raises only `ConnectorError`.
    `sign` gives the headers with which a sender proves itself; `send` and the contract tests use it. It raises only
    `ConnectorError`, where the source's secret can prove a sender and cannot make a proof.
    """

    kind: str
    title: str
    settings: type[S]
    verify: Callable[[Inbound, S, datetime, Keys], Verified | Denied] = _nobody
    parse: Callable[[Verified | Unverified, S], Parsed] = _nothing_said
    sign: Callable[[bytes, S, datetime], dict[str, str]] = _no_headers
    _: KW_ONLY
    proof: Proof[S] | None = None
    address: Callable[[S], str] | None = None
    """Where people write to, for a kind that takes mail; its local part may be followed by `+` and anything."""
    mailboxes: Callable[[S], Mapping[str, ImapMailbox]] | None = None
    """The mailboxes that are read over IMAP, by name, for a kind that takes mail."""
    outside: Outside[S] | None = None
    answering: Answering[S] | None = None
    asking: Asking[S] | None = None
    backfilling: Backfilling[S] | None = None
    naming: Naming[S] | None = None
    socket: Socket[S] | None = None
    polling: Polling[S] | None = None
    says_nothing: bool = False
    """Its deliveries say nothing but that they come: what matters is that they stop."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What its events' `attributes` hold, each with its meaning; `labels.*` is any number that begin so."""

    def __post_init__(self) -> None:
        # The class is frozen, and these two are a part of making it.
        if self.verify is _nobody and self.proof is not None:
            object.__setattr__(self, "verify", self.proof.verify)
        if self.sign is _no_headers and self.proof is not None:
            object.__setattr__(self, "sign", self.proof.sign)
        if self.verify is _nobody or self.sign is _no_headers:
            raise TypeError(f"the connector of kind {self.kind!r} needs a proof, or verify and sign")
        if self.parse is _nothing_said:
            raise TypeError(f"the connector of kind {self.kind!r} needs parse")
