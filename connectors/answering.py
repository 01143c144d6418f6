"""How is somebody told, where a message came from, what became of it? One call that posts, and calls that edit it.

What is called a receipt: ticket number, link and state, in the thread or as a mail. A connector writes the call and
reads its answer; the worker makes it, when the ticket is there and whenever its state changes. All of it is pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from connectors.base import SourceSettings
from connectors.mapping import cut, one_line

S = TypeVar("S", bound=SourceSettings)

STATES: Mapping[str, str] = {"pending": "in progress"}
"""What people call a state of a ticket, where it is not called so."""
PAUSE_S = 30.0  # where a platform does not say how long
CREDENTIALS_S = 300.0  # between tries where our own token or secret is refused: a person has to see to it
MAX_REASON = 300  # characters

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


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
class HttpCall:
    """One request. Its `repr` leaves out what may hold a secret, and URLs of several platforms do."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    method: Literal["GET", "POST", "PATCH", "PUT"] = "POST"
    repeatable: bool = False
    """It says what is to stand there: made twice, it does no more than once. Else one whose end is not known is not
    made again."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a token is asked for with, where calls need one that ends (RFC 6749, section 4.4)."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What an `HttpCall` was answered with."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)


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


@dataclass(frozen=True, slots=True)
class Later:
    """It was surely not taken, and may be after so many seconds; None: after a while."""

    seconds: float | None
    reason: str
    for_all: bool = False
    """The platform's limit is for all that the source says: until then nothing else is told either."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may have been taken."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never be taken; of an edit: what was told before stays as it is."""

    reason: str


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


def pause(answer: HttpAnswer) -> float:
    """Seconds, as `Retry-After` says, at most a day; `PAUSE_S` where it does not."""
    return seconds(answer.headers.get("retry-after"))


def seconds(told: object) -> float:
    """A number of seconds in digits, at most a day; `PAUSE_S` where it is none."""
    written = str(told) if isinstance(told, str | int | float) and not isinstance(told, bool) else ""
    return min(float(written), 86_400.0) if _SECONDS.fullmatch(written) else PAUSE_S


def document(answer: HttpAnswer) -> Mapping[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def reason(platform: str, *said: object) -> str:
    """`Slack said …`, as one line that is not too long."""
    return cut(
        one_line(f"{platform} said {' '.join(str(each) for each in said if each not in (None, ''))}"), MAX_REASON
    )
