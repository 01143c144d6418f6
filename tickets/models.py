"""Requests and answers of the Tickets API, as frozen values.

Answers of both revisions are read without knowing the revision: an id is an opaque string, whether it came as a number
or a UUID; the category stands at the top or in `metadata`; unknown fields are ignored. `encode` makes the exact bytes
of a request, so that a caller can keep and repeat them.

Source: the Tickets API's contract, "Calls", "Revision B", "Where the documentation is silent".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from tickets.assumptions import DEFAULT_PRIORITY, DEFAULT_PRIVATE, MAX_CATEGORY, MAX_SUBJECT, MAX_TEXT
from tickets.text import clean, cut, fit, many_lines, one_line

Priority = Literal["low", "medium", "high", "urgent"]
Status = Literal["open", "pending", "resolved", "closed"]
Revision = Literal["A", "B"]

NO_SUBJECT = "(no subject)"
NO_TEXT = "(no text)"
MAX_MARKER = 200  # characters
MAX_EMAIL = 320  # characters
LEAST_MAX_TEXT = 1000  # characters; room for the marker and for the notice about a cut

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def _opaque(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _cleaned(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _passage(value: object) -> object:
    return many_lines(value) if isinstance(value, str) else value


def _lined(value: object) -> object:
    return one_line(value) if isinstance(value, str) else value


def _named(value: object) -> object:
    return one_line(value) or None if isinstance(value, str) else value


def _in_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.utcoffset() is None else value


Id = Annotated[str, BeforeValidator(_opaque), Field(min_length=1)]
Text = Annotated[str, BeforeValidator(_cleaned)]
Passage = Annotated[str, BeforeValidator(_passage)]
Line = Annotated[str, BeforeValidator(_lined)]
Name = Annotated[str | None, BeforeValidator(_named)]
Time = Annotated[datetime, AfterValidator(_in_utc)]


class Received(BaseModel):
    """Base of all answers of the service."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Ticket(Received):
    """A ticket as the service returned it; fields missing in revision A are None or empty there."""

    id: Id
    subject: Text
    description: Text | None = None
    status: Status
    priority: Priority
    category: Text | None = None
    created_at: Time
    updated_at: Time | None = None
    requester_email: Text | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)
    external_provider: Text | None = None
    external_ticket_id: Id | None = None
    external_ticket_url: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _category_from_metadata(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        metadata = data.get("metadata")
        if metadata is None:
            return {key: value for key, value in data.items() if key != "metadata"}
        if data.get("category") is None and isinstance(metadata, Mapping):
            return {**data, "category": metadata.get("category")}
        return data


class Page(Received):
    """One page of a list, newest first; the last page has `offset + limit >= total`."""

    data: tuple[Ticket, ...]
    total: int = Field(ge=0)
    limit: int = Field(ge=0)
    offset: int = Field(ge=0)


class Note(Received):
    """An added note. The contract promises only the status 201, so every field may be None."""

    id: Id | None = None
    ticket_id: Id | None = None
    body: Text | None = None
    private: bool | None = None
    created_at: Time | None = None


class Health(Received):
    status: Text
    environment: Text | None = None
    version: Text | None = None


class Webhook(Received):
    """A registered webhook; the service does not return the secret again."""

    id: Id
    url: Text
    events: tuple[Text, ...] = ()
    created_at: Time | None = None


class Request(BaseModel):
    """Base of all requests. Any text is accepted: NUL and lone surrogates become U+FFFD.

    Characters that hide text, or change its order, are removed: `tickets/invisible.py` has the table.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


class CreateTicket(Request):
    subject: Line
    """Made one line. A subject longer than `MAX_SUBJECT` characters is cut, and stands whole in the description."""
    description: Passage
    priority: Priority = DEFAULT_PRIORITY
    category: Name = None
    requester_email: Name = None
    """The requester; without a field for this value, the description begins with `From: …`.

    Revision A has no such field, and B takes only an address.
    """
    metadata: dict[Text, Passage] = Field(default_factory=dict)
    """Free attributes; not sent in revision A, which has no field for them."""
    marker: Annotated[Line, Field(min_length=1, max_length=MAX_MARKER)] | None = None
    """The description's last line, which is never cut; by this line the ticket can be found again."""


class UpdateTicket(Request):
    """Fields to change; None leaves a field as it is. Raises ValueError if there is nothing to change."""

    status: Status | None = None
    priority: Priority | None = None
    category: Name = None
    subject: Line | None = None
    description: Passage | None = None
    metadata: dict[Text, Passage] | None = None
    """The whole object, which the service replaces; the category is put into it. Not in revision A."""

    @model_validator(mode="after")
    def _changes_something(self) -> UpdateTicket:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError("an update must change at least one field")
        return self


class AddNote(Request):
    body: Passage
    private: bool = DEFAULT_PRIVATE


class CloseTicket(Request):
    resolution_notes: Passage


class RegisterWebhook(Request):
    url: Line
    events: tuple[Line, ...]
    secret: SecretStr


AnyRequest = CreateTicket | UpdateTicket | AddNote | CloseTicket | RegisterWebhook


def encode(request: AnyRequest, revision: Revision = "A", *, max_text: int = MAX_TEXT) -> bytes:
    """Return the exact bytes of the request: JSON in UTF-8, compact, keys sorted; the same for equal requests.

    Never fails because of a text: a text that is too long is cut, with a notice; a blank text in a required field gets
    a placeholder. `max_text` is the longest description or note in characters. Raises ValueError if `max_text` is less
    than `LEAST_MAX_TEXT`.
    """
    if max_text < LEAST_MAX_TEXT:
        raise ValueError(f"max_text must be at least {LEAST_MAX_TEXT} characters")
    fields: dict[str, Any]
    match request:
        case CreateTicket():
            fields = _create(request, revision, max_text)
        case UpdateTicket():
            fields = _update(request, revision, max_text)
        case AddNote():
            fields = {"body": _text(request.body, max_text), "private": request.private}
        case CloseTicket():
            fields = {"resolution_notes": _text(request.resolution_notes, max_text)}
        case RegisterWebhook():
            secret = clean(request.secret.get_secret_value())
            fields = {"url": request.url, "events": list(request.events), "secret": secret}
    return encoded(fields)


def encoded(fields: Mapping[str, Any]) -> bytes:
    """Return the bytes of a request with these fields: JSON in UTF-8, compact, keys sorted."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _create(request: CreateTicket, revision: Revision, max_text: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "subject": cut(request.subject, MAX_SUBJECT) or NO_SUBJECT,
        "description": _description(request, revision, max_text),
        "priority": request.priority,
    }
    if request.requester_email and _has_field(request.requester_email, revision):
        fields["requester_email"] = request.requester_email
    return fields | _attributes(request.category, request.metadata, revision)


def _has_field(requester: str, revision: Revision) -> bool:
    return revision == "B" and len(requester) <= MAX_EMAIL and _EMAIL.fullmatch(requester) is not None


def _description(request: CreateTicket, revision: Revision, max_text: int) -> str:
    head = []
    if request.requester_email and not _has_field(request.requester_email, revision):
        head.append(f"From: {request.requester_email}")
    if len(request.subject) > MAX_SUBJECT:
        head.append(f"Subject: {request.subject}")
    text = "\n".join([*head, "", request.description]) if head else request.description
    return _text(text, max_text, f"\n\n{request.marker}" if request.marker else "")


def _update(request: UpdateTicket, revision: Revision, max_text: int) -> dict[str, Any]:
    fields = request.model_dump(exclude_none=True, exclude={"category", "metadata"})
    if request.subject is not None:
        fields["subject"] = cut(request.subject, MAX_SUBJECT) or NO_SUBJECT
    if request.description is not None:
        fields["description"] = _text(request.description, max_text)
    return fields | _attributes(request.category, request.metadata or {}, revision)


def _attributes(category: str | None, metadata: dict[str, str], revision: Revision) -> dict[str, Any]:
    """Return the category in revision A; in B all free attributes, the category among them."""
    named = {} if category is None else {"category": cut(category, MAX_CATEGORY)}
    if revision == "A":
        return named
    return {"metadata": metadata | named} if metadata or named else {}


def _text(text: str, limit: int, tail: str = "") -> str:
    return fit(text if text.strip() else NO_TEXT, limit, tail)
