"""The server's own models of requests and answers; tickets/server/revisions.py assigns them to revisions.

These are not the client's models, so that client and server check each other. Unknown fields and lax types are refused.
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
from tickets.server.errors import Refusal, unreadable
from tickets.server.lifecycle import EVENT_OF

Json = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"
TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer", "minimum": 0}

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
    """A default that is never read (`exclude_unset`) and is not shown in the document."""
    return None


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class _Create(Body):
    subject: Subject
    description: Text
    priority: Priority = DEFAULT_PRIORITY


class CreateA(_Create):
    category: Category | None = None


class CreateB(_Create):
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


class AnsweredTicket(BaseModel):
    """Fields of an answered ticket in every revision, in the order of the answer."""

    id: Any
    subject: str
    description: str
    status: Status
    priority: Priority


class TicketA(AnsweredTicket):
    """An answered ticket of revision A."""

    id: int
    category: str | None
    created_at: str


class TicketB(AnsweredTicket):
    """An answered ticket of revision B."""

    id: str
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
    """A registered webhook; its secret is never shown again."""

    id: str
    url: str
    events: list[EventType]
    created_at: str


class Health(BaseModel):
    status: Literal["ok"]
    environment: Literal["production", "sandbox"]
    version: str


M = TypeVar("M", bound=Body)


def encode(content: Any) -> bytes:
    """Return compact JSON. Raises Refusal (422) for a number that JSON cannot express."""
    try:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except ValueError as error:
        raise Refusal(422, "the body holds a number that JSON cannot express") from error


def read(model: type[M], body: bytes) -> M:
    """Parse the body as `model`. Raises Refusal: 400 if it is not JSON, 422 if it does not fit the model."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise unreadable(error) from error


def reference(name: str) -> Json:
    """Return a reference to the schema `name` in the OpenAPI document."""
    return {"$ref": REFERENCE.format(model=name)}


def array(items: Json) -> Json:
    return {"type": "array", "items": items}


def structure(**properties: Json) -> Json:
    """Return the schema of an object with all of the properties."""
    return {"type": "object", "properties": properties, "required": list(properties)}
