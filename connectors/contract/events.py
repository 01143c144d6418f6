"""The events that a source can report about a case: frozen values, made by connectors and read by planning.

    Event
    ├── Opened          the case began, or still goes on (a repeat carries the same source message id)
    ├── Commented       somebody added text
    ├── Changed         the facts of the case changed
    ├── Resolved        the case ended
    └── TicketChanged   a ticket's state changed; reported by the Tickets API, about a ticket and not a case

An event reports what happened at the source. Planning decides which calls follow from it.
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
"""Required author of an event. `source`: anybody for whom the source vouches; `participant`: somebody who takes part in
the case; `opener`: the person who opened the case."""

Unknown = Literal["open", "wait", "quarantine"]
"""Treatment of a comment on an unknown case. `open`: open a case; `wait`: wait for the case, and be dropped if the case
does not come; `quarantine`: keep the comment for a person."""

OtherWords = Literal["change", "copy", "message"]
"""Treatment of an event with a known source message id and another content digest. `change`: a change of that message;
`copy`: a differing copy of that message; `message`: another message, for which the sender used the id again."""

MAX_ID_LENGTH = 512  # characters of a case key, alias or source message id


def digest(*parts: str) -> str:
    """Return SHA-256 (64 hex digits) over the parts and their lengths: ("ab", "c") differs from ("a", "bc")."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()


@dataclass(frozen=True, slots=True)
class Reference:
    """A name under which the ledger may know a case."""

    alias: str
    proven: bool = False
    """A secret token proves that the author was let into the case. No further authority is required."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Loop guard for messages such as two automatic replies: at most `most` messages `within` that many seconds."""

    name: str
    """A sender and a subject; unique within the source."""
    most: int
    within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One report of a source about one case.

    Raises ValueError for a case key, alias or source message id that is empty, longer than `MAX_ID_LENGTH` or not
    printable, and for a time without a zone: a connector reports such an item as unreadable.
    """

    case_key: str
    """Names the case within its source: the full correlation key, not shortened, without routing."""
    source_message_id: str
    """Names this event within its source. The same id again is a repeat; with another `content_digest`, a change."""
    occurred_at: datetime
    """When the event happened, by the source's clock."""
    started_at: datetime
    """When the event's episode began, by the source's clock."""
    subject: str
    text: str
    """Plain text: the description of a ticket, or the body of a note."""
    content_digest: str
    """`digest` of the parts that count as content. Links and other noise are left out."""
    severity: str | None = None
    """The source's own word."""
    priority: Priority = "medium"
    category: str | None = None
    private: bool = False
    public_note: bool = False
    """Post the text as a public note although the event is private; set only when an authorised person asked for it."""
    private_change: bool = False
    """Treat the event as private if its message is already known with other content: the source does not report whether
    the earlier content was private."""
    aliases: tuple[str, ...] = ()
    """Further names of the case that this event makes known: a Message-ID, a chat timestamp, a thread token. Later
    events find the case by these names. The first case that has an alias keeps it."""
    references: tuple[Reference, ...] = ()
    """Names of the case that the event belongs to. They are looked up in order, then the case key."""
    author: str | None = None
    """The author, as the source identifies people: a mail address in lower case, a user id."""
    participants: tuple[str, ...] = ()
    """People who take part in the case from now on, identified like the author. The author takes part without being
    listed."""
    joins: bool = True
    """False: the author does not become a participant, as with an automatic reply."""
    authority: Authority = "source"
    """The author that is required for an effect on an existing case."""
    stranger: bool = False
    """The author may be somebody else than the message claims, so the author takes part in no case. Only a proven
    reference leads to an existing case, and without one nobody joins. Never lets a message change an alert."""
    doubt: str | None = None
    """Why the author is not verified, as a sentence for people: each ticket says it once for each author. None: it says
    nothing."""
    other_words: OtherWords = "change"
    exchange: Exchange | None = None
    """The loop guard. None: any number of such messages passes."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Sorted pairs for routing: labels, sender, channel."""
    answer: str | None = field(default=None, repr=False)
    """The target of receipts for the case that this event opens, in the connector's own format. None: no receipts."""

    def __post_init__(self) -> None:
        ids = [("case key", self.case_key), ("source message id", self.source_message_id)]
        names = [*self.aliases, *(each.alias for each in self.references)]
        ids += [("alias", alias) for alias in names]
        for name, value in ids:
            if not value.strip():
                raise ValueError(f"the {name} is empty: expected text")
            if len(value) > MAX_ID_LENGTH:
                raise ValueError(f"the {name} has {len(value)} characters: expected at most {MAX_ID_LENGTH}")
            if not value.isprintable():
                raise ValueError(f"the {name} holds control characters: expected only printable ones")
        for name, time in (("occurred_at", self.occurred_at), ("started_at", self.started_at)):
            if time.utcoffset() is None:
                raise ValueError(f"{name} has no time zone: expected one")

    @property
    def kind(self) -> str:
        """The class name: `Opened`, `Commented`, `Changed`, `Resolved` or `TicketChanged`."""
        return type(self).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Event):
    """The case began, or goes on."""

    start_known: bool = True
    """False: the source reports no start, and `started_at` is the time of the report. An open case goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commented(Event):
    """Somebody added text to the case.

    A comment by an author without authority opens a case of its own that names the other case if `unknown` is `open`;
    otherwise the comment has no effect.
    """

    unknown: Unknown = "open"
    reopens: bool = True
    """Reopens a closed ticket. False for an automatic reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Event):
    """The facts of the case changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Event):
    """The case ended at `occurred_at`."""


TicketStatus = Literal["open", "pending", "resolved", "closed", "gone"]
"""The states of the Tickets API, and `gone` for a ticket that the API no longer has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChanged(Event):
    """A ticket is in this state since `occurred_at`, by the clock of the Tickets API. The case key has no meaning."""

    ticket_id: str
    status: TicketStatus
    wont_fix: bool = False
    """The ticket was closed as "won't fix"."""


_KINDS = {kind.__name__: kind for kind in (Opened, Commented, Changed, Resolved, TicketChanged)}
_TIMES = ("occurred_at", "started_at")
EVENT_VERSION = 1


LATER_FIELDS = {"stranger": False, "doubt": None}
"""Fields that the previous version refuses, with their defaults. A default is not written."""


def to_json(event: Event) -> str:
    """Return the event as a JSON text that `from_json` reads."""
    fields = asdict(event)
    fields |= {name: fields[name].isoformat() for name in _TIMES}
    for name, default in LATER_FIELDS.items():
        if fields[name] == default:
            del fields[name]
    return json.dumps({"kind": event.kind, **fields}, ensure_ascii=True)


def from_json(text: str) -> Event:
    """Return the event that `to_json` wrote. Raises LaterVersion, ValueError or KeyError for anything else."""
    fields = fields_of(json.loads(text), "an event", EVENT_VERSION)
    kind = _KINDS[fields.pop("kind")]
    fields |= {name: datetime.fromisoformat(fields[name]) for name in _TIMES}
    fields |= {name: tuple(fields[name]) for name in ("aliases", "participants")}
    fields["attributes"] = tuple((name, value) for name, value in fields["attributes"])
    fields["references"] = tuple(Reference(**each) for each in fields["references"])
    if fields.get("exchange") is not None:
        fields["exchange"] = Exchange(**fields["exchange"])
    return kind(**fields)
