"""How is somebody told, where a message came from, what became of it? One call that posts, and calls that edit it.

What is called a receipt: ticket number, link and state, in the thread or as a mail. A connector writes the call and
reads its answer; the worker makes it, when the ticket is there and whenever its state changes. All of it is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from connectors.base import SourceSettings

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the answer is about."""

    target: str
    """Where it goes, as the event's `answer` said."""
    place: str | None
    """The answer that is there already and is to be edited; None: there is none yet."""
    case_key: str
    ticket: str
    """Its number."""
    status: str
    priority: str
    link: str | None
    """Where people find the ticket."""


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request. Its `repr` leaves out what may hold a secret."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    method: Literal["POST", "PATCH", "PUT"] = "POST"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail, from the null sender, so that nothing that becomes of it comes back as a new ticket."""

    server: MailServer
    recipient: str
    message: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """It is there; `place` is where, for what can be edited."""

    place: str | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """It was surely not taken, and may be after so many seconds; None: after a while."""

    seconds: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may have been taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken."""

    reason: str


Outcome = Told | Later | Unclear | Refused


@dataclass(frozen=True, slots=True)
class Answering(Generic[S]):
    """How a kind of source answers."""

    is_on: Callable[[S], bool]
    write: Callable[[Answered, S], HttpCall | OutgoingMail]
    edits: bool
    """What is there can be edited; else one is sent, once."""
    read: Callable[[int, Mapping[str, str], bytes], Outcome] | None = None
    """What the answer to an `HttpCall` means: its status, headers (names in lower case) and body."""
