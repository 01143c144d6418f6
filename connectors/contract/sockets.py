"""Deliveries over a connection that we open to a platform: in envelopes, each acknowledged by its id.

The connector writes the opening request and the messages to send, and reads the received messages. The worker opens the
connection, listens and takes in deliveries. All functions are pure.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall
from connectors.contract.messages import Reply
from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One delivery on the connection."""

    id: str
    body: bytes = field(repr=False)
    takes_reply: bool
    """The acknowledgement may carry the content of an HTTP response."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """The platform will close the connection in some seconds. A new connection is needed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Socket(Generic[S]):
    """Delivery by one kind of source over a connection that the worker opens."""

    is_on: Callable[[S], bool]
    opening: Callable[[S], HttpCall]
    """The request for the connection's address."""
    address: Callable[[HttpAnswer, S], str | CallLater | CallUnknown | CallRejected]
    """The `ws://` or `wss://` address in the answer, for one connection. It may hold a secret."""
    leads_to: Callable[[S], Hashable]
    """Identity of the connection: its destination and app. Settings that differ in this value need another
    connection."""
    read: Callable[[str | bytes], Envelope | Leaving | None]
    """Reads a message on the connection. None for greetings and other messages without a delivery."""
    acknowledgement: Callable[[Envelope, Reply | None], str]
    """The message that acknowledges a recorded delivery. Includes the reply if there is one and the platform accepts
    it."""
