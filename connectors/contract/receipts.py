"""Receipts: messages that report a ticket's number, link and state where the original message came from.

A receipt is posted in the thread or sent as a mail. One call posts it; later calls edit it. A connector writes each
call and reads its answer. The worker makes the call when the ticket exists and whenever its state changes. All
functions are pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, ClientCredentials, HttpAnswer, HttpCall
from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)

STATES: Mapping[str, str] = {"pending": "in progress"}
"""Words that people use for ticket states, if they differ from the state's name."""
CREDENTIALS_S = 300.0  # between tries after our own token or secret was refused: a person has to fix it


@dataclass(frozen=True, slots=True)
class ReceiptContent:
    """The content of one receipt."""

    target: str = field(repr=False)
    """Where the receipt goes, from the event's `answer`. It may hold a URL or token that lets its bearer post there."""
    place: str | None
    """The existing receipt to edit. None: there is none yet."""
    case_key: str
    ticket: str
    """The ticket's number."""
    status: str
    priority: str
    link: str | None
    """Where people find the ticket."""
    now: datetime
    """By the ledger's clock. Some platforms accept a receipt only for some minutes."""
    say: str | None = None
    """A whole text of our own, such as that of an alarm, in place of the receipt's."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server for outgoing mail."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail from the null sender, so that a bounce or reply never becomes a new ticket."""

    server: MailServer
    recipient: str
    message: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Posted:
    """The receipt was posted."""

    place: str | None = None
    """Identifies a receipt that can be edited. None: the receipt is final."""
    names: tuple[str, ...] = ()
    """Aliases of the receipt, as the kind's events name it: reactions and replies to the receipt belong to the case."""


Outcome = Posted | CallLater | CallUnknown | CallRejected


@dataclass(frozen=True, slots=True)
class ReceiptCalls(Generic[S]):
    """The calls by which one kind of source posts receipts."""

    is_on: Callable[[S], bool]
    write: Callable[[ReceiptContent, S], HttpCall | OutgoingMail | CallRejected]
    """The call or mail to send. `CallRejected` if it is too late, or if the target must not be called."""
    read: Callable[[ReceiptContent, HttpAnswer], Outcome] | None = None
    """Reads the answer to an `HttpCall`."""
    to_channel: Callable[[str], str] | None = None
    """Returns the target of a message into a channel, by its id on the platform. Raises ValueError for an id that no
    channel can have. None: only messages are answered."""
    credentials: Callable[[S], ClientCredentials] | None = None
    """Credentials for the token that each `HttpCall` needs. The worker gets and caches the token and sends it as
    `Bearer`."""


def text(about: ReceiptContent) -> str:
    """Return the text of our own, or number, state and link.

    It holds nothing that a person wrote: a thread may have more readers than its ticket.
    """
    if about.say is not None:
        return about.say
    said = f"Ticket {about.ticket} is {STATES.get(about.status, about.status)} ({about.priority})"
    return said if about.link is None else f"{said}: {about.link}"
