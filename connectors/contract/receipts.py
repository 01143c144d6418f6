"""How is somebody told, where a message came from, what became of it? One call that posts, and calls that edit it.

What is called a receipt: ticket number, link and state, in the thread or as a mail. A connector writes the call and
reads its answer; the worker makes it, when the ticket is there and whenever its state changes. All of it is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

from connectors.contract.calls import ClientCredentials, HttpAnswer, HttpCall, Later, Refused, Unclear
from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)

STATES: Mapping[str, str] = {"pending": "in progress"}
"""What people call a state of a ticket, where it is not called so."""
CREDENTIALS_S = 300.0  # between tries where our own token or secret is refused: a person has to see to it


@dataclass(frozen=True, slots=True)
class Answered:
    """What the answer is about."""

    target: str = field(repr=False)
    """Where it goes, as the event's `answer` said; it may hold what lets anybody answer there."""
    place: str | None
    """The answer that is there already and is to be edited; None: there is none yet."""
    case_key: str
    ticket: str
    """Its number."""
    status: str
    priority: str
    link: str | None
    """Where people find the ticket."""
    now: datetime
    """By the ledger's clock; some platforms take an answer for some minutes only."""


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
    """It is there."""

    place: str | None = None
    """Where, for what can be edited; None: it cannot, and was told for good."""
    names: tuple[str, ...] = ()
    """What the kind's events call the answer: what people do to it, or below it, is about the case."""


Outcome = Told | Later | Unclear | Refused


@dataclass(frozen=True, slots=True)
class Answering(Generic[S]):
    """How a kind of source answers."""

    is_on: Callable[[S], bool]
    write: Callable[[Answered, S], HttpCall | OutgoingMail | Refused]
    """What is to be sent; `Refused` where it is too late, or where nothing may be sent to the target."""
    read: Callable[[Answered, HttpAnswer], Outcome] | None = None
    """What the answer to an `HttpCall` means."""
    credentials: Callable[[S], ClientCredentials] | None = None
    """Where each `HttpCall` needs a token, which the worker gets, keeps and sends as `Bearer`."""


def text(about: Answered) -> str:
    """Number, state and link, and nothing that somebody wrote: a thread may have more readers than its ticket."""
    said = f"Ticket {about.ticket} is {STATES.get(about.status, about.status)} ({about.priority})"
    return said if about.link is None else f"{said}: {about.link}"
