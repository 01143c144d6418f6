"""The protocol of a connection that we open to a platform: deliveries in envelopes, each acknowledged by its id.

The connector writes what opens a connection and what is sent on it, and reads what comes; the worker opens it, listens
and takes in. All of it is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connectors.contract.calls import HttpAnswer, HttpCall, Later, Refused, Unclear
from connectors.contract.messages import Reply
from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One delivery."""

    id: str
    body: bytes = field(repr=False)
    takes_reply: bool
    """Its acknowledgement may carry what a response to a request would."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """The platform will end the connection in some seconds, and another one is to be opened."""

    reason: str


@dataclass(frozen=True, slots=True)
class Socket(Generic[S]):
    """How a kind of source is listened to on a connection of ours."""

    is_on: Callable[[S], bool]
    opening: Callable[[S], HttpCall]
    """Asks where the connection leads to."""
    address: Callable[[HttpAnswer, S], str | Later | Unclear | Refused]
    """The answer's `ws://` or `wss://` address, for one connection. It may hold a secret."""
    leads_to: Callable[[S], Hashable]
    """Where settings differ in this, another connection is needed: it leads to another place, or is another app's."""
    read: Callable[[str | bytes], Envelope | Leaving | None]
    """What a message on the connection is; None for greetings, and whatever is no delivery."""
    acknowledgement: Callable[[Envelope, Reply | None], str]
    """What is sent once the delivery is in the ledger; with the reply where there is one, and it is taken."""
