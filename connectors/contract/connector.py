"""A connector: the kind, its settings, and pure functions that verify and parse the bytes that arrived.

Time and keys are arguments; there is no clock, network, database or environment here. `parse` takes the result of
`verify`, so that parsing an unverified message is a type error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from connectors.contract.backfill import Backfilling
from connectors.contract.directory import DisplayNames
from connectors.contract.mailbox import ImapMailbox
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Reply, Unverified, Verified
from connectors.contract.polling import Polling
from connectors.contract.receipts import ReceiptCalls
from connectors.contract.settings import SourceSettings
from connectors.contract.sockets import Socket

S = TypeVar("S", bound=SourceSettings)
S_contra = TypeVar("S_contra", bound=SourceSettings, contravariant=True)


class Proof(Protocol[S_contra]):
    """The proof of a sender's identity: how to make and check it. `connectors.toolbox.proofs` has shared proofs."""

    def verify(self, inbound: Inbound, settings: S_contra, now: datetime, keys: Keys, /) -> Verified | Denied:
        """Return the inbound in the form to store, or the denial. Never raises: a malformed header is a `Denied`."""

    def sign(self, body: bytes, settings: S_contra, now: datetime, /) -> dict[str, str]:
        """Return the headers that prove the sender's identity. Raises only `ConnectorError`."""

    def credentials(self, settings: S_contra, /) -> tuple[str, ...]:
        """Return the names of the headers that hold a secret or a signature. These headers are not stored."""


def _nobody(_inbound: Inbound, _settings: object, _now: datetime, _keys: Keys) -> Denied:
    """Placeholder for a `verify` that the proof provides."""
    return Denied("the connector has no proof: expected verify, or a proof")


def _nothing_said(_message: Verified | Unverified, _settings: object) -> Parsed:
    """Placeholder that shows that `parse` is missing."""
    return Parsed()


def _authorization(_settings: object) -> tuple[str, ...]:
    """Return the header of a kind that names no other one for its credentials."""
    return ("authorization",)


def _no_credentials(_settings: object) -> tuple[str, ...]:
    """Placeholder for `credentials` that the proof provides."""
    return ()


def _no_request(_inbound: Inbound) -> None:
    """Return the answer of a kind whose platform makes no request without a proof: there is none."""


def _nothing_to_cut(_settings: object) -> tuple[str, ...]:
    """Return the fields of a kind whose bodies hold no credential."""
    return ()


def _no_headers(_body: bytes, _settings: object, _now: datetime) -> dict[str, str]:
    """Placeholder for a `sign` that the proof provides."""
    return {}


@dataclass(frozen=True, slots=True)
class Outside(Generic[S]):
    """The addresses that the worker may fetch for a kind: always by HTTPS, without following redirects."""

    hosts: re.Pattern[str]
    """Matched against the whole host. No other host is called."""
    keys: Callable[[Inbound, S], tuple[str, ...]]
    """The URLs of the certificates or key sets that `verify` needs for an inbound. These are the names in its
    `Keys`."""
    kept_s: float = 3600.0
    """Seconds after which keys are fetched again."""
    lacks: Callable[[Inbound, bytes], bool] = lambda _inbound, _found: False
    """True if the cached key set lacks this message's key, so that the key set may be fetched again. Limited to once in
    some minutes: key ids are chosen by the sender."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A GET request for the alerts that are still open, and its timing.

    The `repr` leaves out the headers, which hold our credentials.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    every: float
    """Seconds from one request to the next."""
    grace: float
    """Seconds. An alert that has been missing from the list for this long has ended."""


@dataclass(frozen=True, slots=True)
class Asking(Generic[S]):
    """The request for the open alerts of a kind's product. The worker makes it; these functions are pure."""

    request: Callable[[S], Ask | None]
    """The request. None: the product is not asked."""
    listed: Callable[[bytes, S], frozenset[str]]
    """The case keys of all open alerts in an answer's body; one alert may have several. Raises UnreadableMessage: then
    the state of every alert is unknown."""
    answers_for: Callable[[str, S], bool] = lambda _case_key, _settings: True
    """True if an answer would list an open alert with this case key."""


@dataclass(frozen=True, slots=True)
class Connector(Generic[S]):
    """Code for one kind of source.

    `proof` provides `verify` and `sign`; a kind with a proof of its own passes these as functions instead. A function
    that is passed takes precedence over the proof. Raises TypeError if one of the two is missing from both.

    `verify` never raises: every malformed header is a `Denied`. `parse` raises only `ConnectorError`. `sign` returns
    the headers with which a sender proves itself; `send` and the contract tests use it. `sign` raises only
    `ConnectorError`, if the source's secret can check a proof but cannot make one.
    """

    kind: str
    title: str
    settings: type[S]
    verify: Callable[[Inbound, S, datetime, Keys], Verified | Denied] = _nobody
    parse: Callable[[Verified | Unverified, S], Parsed] = _nothing_said
    sign: Callable[[bytes, S, datetime], dict[str, str]] = _no_headers
    _: KW_ONLY
    proof: Proof[S] | None = None
    credentials: Callable[[S], tuple[str, ...]] = _no_credentials
    """The names of the headers that hold a secret or a signature of the sender; these headers are not stored. By
    default those of the proof, else `Authorization`."""
    body_credentials: Callable[[S], tuple[str, ...]] = _nothing_to_cut
    """The names of fields, in the body's JSON or form, whose texts are credentials. They are cut out before the body is
    parsed and stored, so no event may depend on them."""
    unproven: Callable[[Inbound], Reply | None] = _no_request
    """The answer to a request that the platform makes without a proof, and that carries no message; None for any other
    request. Such a request is not stored. It is answered alike whatever source its URL names, so that strangers cannot
    learn the ids of sources from it."""
    address: Callable[[S], str] | None = None
    """The address to which people write, for a kind that takes mail. Its local part may be followed by `+` and any
    text."""
    mailboxes: Callable[[S], Mapping[str, ImapMailbox]] | None = None
    """The mailboxes that are read over IMAP, by name, for a kind that takes mail."""
    outside: Outside[S] | None = None
    receipts: ReceiptCalls[S] | None = None
    asking: Asking[S] | None = None
    backfilling: Backfilling[S] | None = None
    display_names: DisplayNames[S] | None = None
    socket: Socket[S] | None = None
    polling: Polling[S] | None = None
    says_nothing: bool = False
    """Deliveries carry no information except that they arrive. Only their absence matters."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """The names in `attributes` of this kind's events, each with its meaning. `labels.*` stands for any number of names
    with that prefix."""

    def __post_init__(self) -> None:
        # The class is frozen, and setting these three is part of construction.
        if self.verify is _nobody and self.proof is not None:
            object.__setattr__(self, "verify", self.proof.verify)
        if self.sign is _no_headers and self.proof is not None:
            object.__setattr__(self, "sign", self.proof.sign)
        if self.credentials is _no_credentials:
            object.__setattr__(self, "credentials", self.proof.credentials if self.proof else _authorization)
        if self.verify is _nobody or self.sign is _no_headers:
            raise TypeError(f"the connector of kind {self.kind!r} needs a proof, or verify and sign")
        if self.parse is _nothing_said:
            raise TypeError(f"the connector of kind {self.kind!r} needs parse")
