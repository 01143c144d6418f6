"""What do requests and answers look like on the wire? The server's own models, one set per revision.

They are not the client's: so each checks the other. Unknown fields and lax types are refused.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from tickets.assumptions import (
    DEFAULT_PRIORITY,
    DEFAULT_PRIVATE,
    MAX_CATEGORY,
    MAX_SUBJECT,
    MAX_TEXT,
    MIN_SUBJECT,
    MIN_TEXT,
    Priority,
    Status,
)
from tickets.server.clock import rfc3339
from tickets.server.errors import Refusal, Revision, unreadable
from tickets.server.lifecycle import EVENT_OF, Ticket

NO_NUL = r"^[^\x00]*$"

Subject = Annotated[str, StringConstraints(min_length=MIN_SUBJECT, max_length=MAX_SUBJECT, pattern=NO_NUL)]
Text = Annotated[str, StringConstraints(min_length=MIN_TEXT, max_length=MAX_TEXT, pattern=NO_NUL)]
Category = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CATEGORY, pattern=NO_NUL)]
Email = Annotated[str, StringConstraints(max_length=320, pattern=r"^[!-?A-~]+@[!-?A-~]+$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[!-~]+$")]
Url = Annotated[str, StringConstraints(max_length=2000)]
EventType = Literal["ticket.created", "ticket.updated", "ticket.closed", "ticket.reopened", "ticket.note_added"]
EVENT_TYPES = tuple(sorted(EVENT_OF.values()))


def _unset() -> Any:
    """A default that is never read (`exclude_unset`) and that the document does not show."""
    return None


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class CreateA(Body):
    subject: Subject
    description: Text
    priority: Priority = DEFAULT_PRIORITY
    category: Category | None = None


class CreateB(Body):
    subject: Subject
    description: Text
    priority: Priority = DEFAULT_PRIORITY
    status: Status = "open"
    requester_email: Email | None = None
    metadata: dict[str, JsonValue] = Field(default_factory=dict)


class _Update(Body):
    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    status: Status = Field(default_factory=_unset)
    priority: Priority = Field(default_factory=_unset)
    subject: Subject = Field(default_factory=_unset)
    description: Text = Field(default_factory=_unset)


class UpdateA(_Update):
    category: Category | None = Field(default_factory=_unset)


class UpdateB(_Update):
    metadata: dict[str, JsonValue] = Field(default_factory=_unset)


class Note(Body):
    body: Text
    private: bool = DEFAULT_PRIVATE


class Close(Body):
    resolution_notes: Text | None = None


class Webhook(Body):
    url: Url
    events: Annotated[list[EventType], Field(min_length=1, max_length=len(EVENT_TYPES))]
    secret: Secret


class TicketA(BaseModel):
    """An answered ticket of revision A."""

    id: int
    subject: str
    description: str
    status: Status
    priority: Priority
    category: str | None
    created_at: str


class TicketB(BaseModel):
    """An answered ticket of revision B."""

    id: str
    subject: str
    description: str
    status: Status
    priority: Priority
    metadata: dict[str, Any]
    requester_email: str | None
    external_provider: str | None
    external_ticket_id: str | None
    external_ticket_url: str | None
    created_at: str
    updated_at: str


class NoteAnswer(BaseModel):
    id: int
    ticket_id: int | str
    body: str
    private: bool
    created_at: str


class WebhookAnswer(BaseModel):
    """A registered webhook; its secret is never told again."""

    id: str
    url: str
    events: list[EventType]
    created_at: str


class Health(BaseModel):
    status: Literal["ok"]
    environment: Literal["production", "sandbox"]
    version: str


CREATE: dict[Revision, type[CreateA] | type[CreateB]] = {"A": CreateA, "B": CreateB}
UPDATE: dict[Revision, type[UpdateA] | type[UpdateB]] = {"A": UpdateA, "B": UpdateB}
TICKET: dict[Revision, type[TicketA] | type[TicketB]] = {"A": TicketA, "B": TicketB}


M = TypeVar("M", bound=Body)


def encode(content: Any) -> bytes:
    """Compact JSON. Raises Refusal (422) for a number that JSON cannot say."""
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except ValueError as error:
        raise Refusal(422, "a number in the body is out of JSON's range") from error


def read(model: type[M], body: bytes) -> M:
    """The body as `model`. Raises Refusal: 400 for what is no JSON, 422 for what the model does not take."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise unreadable(error) from error


def public_id(ticket: Ticket, revision: Revision) -> int | str:
    return ticket.seq if revision == "A" else ticket.uuid


def show(ticket: Ticket, revision: Revision) -> dict[str, Any]:
    """The ticket as the revision answers it (`TicketA`, `TicketB`)."""
    shown: dict[str, Any] = {
        "id": public_id(ticket, revision),
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "priority": ticket.priority,
    }
    if revision == "A":
        return shown | {"category": ticket.category, "created_at": rfc3339(ticket.created_at)}
    return shown | {
        "metadata": dict(ticket.metadata),
        "requester_email": ticket.requester_email,
        "external_provider": None,
        "external_ticket_id": None,
        "external_ticket_url": None,
        "created_at": rfc3339(ticket.created_at),
        "updated_at": rfc3339(ticket.updated_at),
    }
