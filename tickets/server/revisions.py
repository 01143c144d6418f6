"""Differences between the revisions of the documentation: one `Dialect` for each, as data.

A new revision is an entry in `Revision` and `REVISIONS`; it copies common parts from another revision
(`dataclasses.replace`). Bodies and tickets are models of tickets/server/schemas.py. The bodies of errors:

    A    {"error": code, "message": text, "details": [{"field", "message"}]}; a 429 and a 503 have "retry_after" too
    B    {"detail": text}; a 422 has {"detail": [{"loc", "msg", "type"}]}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from tickets.server import schemas
from tickets.server.clock import rfc3339
from tickets.server.errors import Field, HttpResponse, Refusal
from tickets.server.lifecycle import Ticket
from tickets.server.schemas import TEXT, Json, array, reference, structure

Revision = Literal["A", "B"]

_SHOWN: Mapping[str, Callable[[Ticket], Any]] = {
    "metadata": lambda ticket: dict(ticket.metadata),
    "created_at": lambda ticket: rfc3339(ticket.created_at),
    "updated_at": lambda ticket: rfc3339(ticket.updated_at),
    "external_provider": lambda _ticket: None,
    "external_ticket_id": lambda _ticket: None,
    "external_ticket_url": lambda _ticket: None,
}
"""Fields of an answered ticket that are not plain attributes of `Ticket`."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form of ids, requests, tickets and errors in one revision."""

    id: Literal["seq", "uuid"]
    """The attribute of `Ticket` that is the id in this revision."""
    id_schema: Json
    create: type[schemas.CreateA] | type[schemas.CreateB]
    update: type[schemas.UpdateA] | type[schemas.UpdateB]
    ticket: type[schemas.AnsweredTicket]
    error: Callable[[Refusal], Json]
    """Makes the body of an error."""
    errors: Json
    """Schemas of the bodies: `Error` of any error, `Rejected` of a 422, `Spent` of a 429."""

    def public_id(self, ticket: Ticket) -> int | str:
        found: int | str = getattr(ticket, self.id)
        return found

    def show(self, ticket: Ticket) -> Json:
        """Return the ticket as shown in answers."""
        names = [name for name in self.ticket.model_fields if name != "id"]
        rest = {name: _SHOWN[name](ticket) if name in _SHOWN else getattr(ticket, name) for name in names}
        return {"id": self.public_id(ticket)} | rest


def _error_a(refusal: Refusal) -> Json:
    details = [
        {"field": ".".join(str(part) for part in field.location[1:]), "message": field.message}
        for field in refusal.fields
    ]
    content: Json = {"error": refusal.code, "message": refusal.message, "details": details}
    if refusal.retry_after is not None:
        content["retry_after"] = refusal.retry_after
    return content


def _error_b(refusal: Refusal) -> Json:
    if refusal.status != 422:
        return {"detail": refusal.message}
    fields = refusal.fields or (Field(("body",), refusal.message),)
    return {"detail": [{"loc": list(each.location), "msg": each.message, "type": each.kind} for each in fields]}


_LOCATED = structure(loc=array({"type": ["string", "integer"]}), msg=TEXT, type=TEXT)

REVISIONS: Mapping[Revision, Dialect] = MappingProxyType(
    {
        "A": Dialect(
            id="seq",
            id_schema={"type": "integer", "minimum": 1},
            create=schemas.CreateA,
            update=schemas.UpdateA,
            ticket=schemas.TicketA,
            error=_error_a,
            errors={
                "Error": structure(error=TEXT, message=TEXT, details=array(structure(field=TEXT, message=TEXT))),
                "Rejected": reference("Error"),
                "Spent": {
                    "allOf": [reference("Error")],
                    "required": ["retry_after"],
                    "properties": {"retry_after": {"type": "integer", "minimum": 1}},
                },
            },
        ),
        "B": Dialect(
            id="uuid",
            id_schema={"type": "string", "format": "uuid"},
            create=schemas.CreateB,
            update=schemas.UpdateB,
            ticket=schemas.TicketB,
            error=_error_b,
            errors={
                "Error": structure(detail=TEXT),
                "Rejected": structure(detail={"type": "array", "minItems": 1, "items": _LOCATED}),
                "Spent": reference("Error"),
            },
        ),
    }
)


def render(refusal: Refusal, revision: Revision) -> HttpResponse:
    """Turn the refusal into an answer of this revision."""
    headers = refusal.headers
    if refusal.retry_after is not None:
        headers = (*headers, ("retry-after", str(refusal.retry_after)))
    content = REVISIONS[revision].error(refusal)
    return HttpResponse(refusal.status, json.dumps(content, ensure_ascii=False).encode(), headers)
