"""The events that a source can report about a case: frozen values, made by connectors and read by planning.

    Event
    ├── Opened          the case began, or still goes on (a repeat carries the same source message id)
    ├── Commented       somebody added text to it
    ├── Changed         its facts are different now
    ├── Resolved        it is over
    └── TicketChanged   a ticket is in another state: what the Tickets API says, of a ticket and not of a case

An event says what happened at the source. Planning decides which calls follow from it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from connectors.contract.versions import fields_of

Priority = Literal["low", "medium", "high", "urgent"]

Authority = Literal["source", "participant", "opener"]
"""`source`: whoever the source vouches for; `participant`: who takes part in the case; `opener`: who opened it."""

Unknown = Literal["open", "wait", "quarantine"]
"""What a comment on a case that is not known does: open one; wait for it and be dropped when it does not come; be kept
in quarantine for a person."""

OtherWords = Literal["change", "copy", "message"]
"""What an event is whose source message id is known with another content digest: a `change` of that message; a `copy`
of it, told in passing; or another `message`, whose sender used the id again."""

MAX_ID_LENGTH = 512  # characters of a case key, alias or source message id


def digest(*parts: str) -> str:
    """SHA-256 (64 hex digits) over the parts and their lengths: ("ab", "c") differs from ("a", "bc")."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()


@dataclass(frozen=True, slots=True)
class Reference:
    """A name under which a case may be known."""

    alias: str
    proven: bool = False
    """A secret token proves that its bearer was let into the case: no further authority is asked for."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What may go round in circles, as two automatic answers do: at most `most` of it `within` that many seconds."""

    name: str
    """Within its source: a sender and a subject."""
    most: int
    within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a source says about one case.

    Raises ValueError for a case key, alias or source message id that is empty, longer than `MAX_ID_LENGTH` or
    not printable, and for a time without a zone: a connector reports such an item as unreadable.
    """

    case_key: str
    """Names the case within its source: the full correlation key, not shortened, without routing."""
    source_message_id: str
    """Names this event within its source; again it is a repeat, with another `content_digest` a change."""
    occurred_at: datetime
    """When it happened, by the source's clock."""
    started_at: datetime
    """When the episode that it belongs to began, by the source's clock."""
    subject: str
    text: str
    """Plain text: the description of a ticket, or the body of a note."""
    content_digest: str
    """`digest` of whatever counts as a change of content; links and other noise stay out of it."""
    severity: str | None = None
    """The source's own word."""
    priority: Priority = "medium"
    category: str | None = None
    private: bool = False
    public_note: bool = False
    """Though it is private, its text is a public note of the case that it comes to: who may say so said so."""
    private_change: bool = False
    """Where its message is known with other content, it is private: nobody tells whether that was."""
    aliases: tuple[str, ...] = ()
    """Further names of the case that this event makes known: a Message-ID, a chat timestamp, a thread token. Later
    events find the case by them; the first case that has an alias keeps it."""
    references: tuple[Reference, ...] = ()
    """Names of the case that it belongs to, if that is known: looked up in order, the case key after them."""
    author: str | None = None
    """Who said it, as the source names people: a mail address in lower case, a user id."""
    participants: tuple[str, ...] = ()
    """Who takes part in the case from now on, named likewise; the author is one without being listed."""
    joins: bool = True
    """False: whoever says this does not take part by it, as with an automatic answer."""
    authority: Authority = "source"
    """Who must have said it for it to touch a case that is there already."""
    other_words: OtherWords = "change"
    exchange: Exchange | None = None
    """None: it never stops, however much of it there is."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Sorted pairs for routing: labels, sender, channel."""
    answer: str | None = field(default=None, repr=False)
    """Where it is told what became of the case that this opens, as its connector writes such things; None: nowhere."""

    def __post_init__(self) -> None:
        ids = [("case key", self.case_key), ("source message id", self.source_message_id)]
        names = [*self.aliases, *(each.alias for each in self.references)]
        ids += [("alias", alias) for alias in names]
        for name, value in ids:
            if not value.strip():
                raise ValueError(f"the {name} is empty")
            if len(value) > MAX_ID_LENGTH:
                raise ValueError(f"the {name} has {len(value)} characters, more than {MAX_ID_LENGTH}")
            if not value.isprintable():
                raise ValueError(f"the {name} holds characters that cannot be printed")
        for name, time in (("occurred_at", self.occurred_at), ("started_at", self.started_at)):
            if time.utcoffset() is None:
                raise ValueError(f"{name} has no time zone")

    @property
    def kind(self) -> str:
        """`Opened`, `Commented`, `Changed`, `Resolved` or `TicketChanged`."""
        return type(self).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """The case began, or goes on."""

    start_known: bool = True
    """False: the source does not say when it began, and `started_at` is when it was told. While the case is open, it
    goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented(Event):
    """Somebody added text. From somebody without authority it opens a case of its own that names the other, where
    `unknown` is `open`; else it does nothing."""

    unknown: Unknown = "open"
    reopens: bool = True
    """Brings a closed ticket back to open; an automatic reply does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Event):
    """The facts of the case are different now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Event):
    """The case is over; `occurred_at` is when it ended."""


TicketStatus = Literal["open", "pending", "resolved", "closed", "gone"]
"""The states of the Tickets API; and `gone` of a ticket that the API does not know any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChanged(Event):
    """A ticket is in this state since `occurred_at`, by the clock of the Tickets API. The case key is of no meaning."""

    ticket_id: str
    status: TicketStatus
    wont_fix: bool = False
    """It was closed as one that will not be fixed."""


_KINDS = {kind.__name__: kind for kind in (Opened, Commented, Changed, Resolved, TicketChanged)}
_TIMES = ("occurred_at", "started_at")
EVENT_VERSION = 1


def to_json(event: Event) -> str:
    """The event as a JSON text that `from_json` reads."""
    fields = asdict(event)
    fields |= {name: fields[name].isoformat() for name in _TIMES}
    return json.dumps({"kind": event.kind, **fields}, ensure_ascii=True)


def from_json(text: str) -> Event:
    """The event that `to_json` wrote. Raises LaterVersion, ValueError or KeyError for anything else."""
    fields = fields_of(json.loads(text), "an event", EVENT_VERSION)
    kind = _KINDS[fields.pop("kind")]
    fields |= {name: datetime.fromisoformat(fields[name]) for name in _TIMES}
    fields |= {name: tuple(fields[name]) for name in ("aliases", "participants")}
    fields["attributes"] = tuple((name, value) for name, value in fields["attributes"])
    fields["references"] = tuple(Reference(**each) for each in fields["references"])
    if fields.get("exchange") is not None:
        fields["exchange"] = Exchange(**fields["exchange"])
    return kind(**fields)
