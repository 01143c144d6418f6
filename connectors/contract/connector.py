"""What is a connector? A kind, its settings, `verify` and `parse`: pure functions over bytes that arrived.

Time and keys are arguments; there is no clock, network, database or environment here. `parse` takes what
`verify` returned, so that parsing something unverified is a type error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from connectors.contract.backfill import Backfilling
from connectors.contract.directory import Naming
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Unverified, Verified
from connectors.contract.receipts import Answering
from connectors.contract.settings import SourceSettings

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
