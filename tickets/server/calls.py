"""Table of calls, from which routes, scopes, bodies, answers and the OpenAPI document follow.

A call reads its request before the transaction and does its work within the transaction; a Refusal rolls it back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Connection

from tickets.assumptions import IDEMPOTENT_CALLS
from tickets.server import lifecycle, schemas, store, webhooks
from tickets.server.clock import rfc3339
from tickets.server.errors import HttpResponse, Refusal, invalid, not_found
from tickets.server.options import Options
from tickets.server.query import PARAMETERS, Parameters, parse_filter, webhook_url_pattern
from tickets.server.revisions import REVISIONS, Dialect
from tickets.server.schemas import NUMBER, Json, array, encode, reference, structure

VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Request:
    """A request with checked API key, scope and limit; `now` in microseconds since 1970."""

    options: Options
    now: int
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    key: str | None = None
    """The idempotency key."""
    search_lag: int = 0
    """Microseconds."""

    @property
    def dialect(self) -> Dialect:
        return REVISIONS[self.options.revision]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API, in one revision."""

    name: str
    method: str
    path: str
    """Template below `/api/v1`, with `{id}` for the id."""
    scope: str
    run: Callable[[Connection, Request, Any], Any]
    """Does the work, and returns the content of the answer. The last argument is the result of `understand`."""
    status: int
    """Status of success; a 204 has no content."""
    answer: type[BaseModel] | Json | None = None
    """Model or schema of the content."""
    body: type[schemas.Body] | None = None
    understand: Callable[[Request, Any], Any] = lambda _request, body: body
    """Interprets the request, given its body as `body` (None if there is none). Raises Refusal (422)."""
    body_required: bool = True
    query: Parameters | None = None
    id_schema: Json | None = None
    sandbox_only: bool = False

    @property
    def idempotent(self) -> bool:
        """True if the call uses the Idempotency-Key header."""
        return self.name in IDEMPOTENT_CALLS

    @property
    def writes(self) -> bool:
        return self.method != "GET"

    @property
    def errors(self) -> tuple[int, ...]:
        """Return every error status that the call can answer, in order."""
        follow = (
            (self.body, {400, 415, 422}),
            (self.query, {422}),
            (self.id_schema, {404}),
            (self.idempotent, {409}),
        )
        found = {401, 403, 413, 429, 500, 502, 503}
        return tuple(sorted(found.union(*(statuses for cause, statuses in follow if cause))))

    def read(self, request: Request) -> Any:
        """Parse the body or the query. Raises Refusal (400, 422)."""
        body = None
        if self.body is not None and (request.body or self.body_required):
            body = schemas.read(self.body, request.body)
        return self.understand(request, body)

    def perform(self, connection: Connection, request: Request, said: Any) -> HttpResponse:
        """Do the work for `said`, the result of `read`, and return the answer. Raises Refusal."""
        content = self.run(connection, request, said)
        return HttpResponse(self.status, b"" if self.status == 204 else encode(content))


def create_fields(_request: Request, body: schemas.Body) -> dict[str, Any]:
    fields = {"status": "open", "category": None, "metadata": {}, "requester_email": None} | body.model_dump()
    return _with_category(fields)


def update_fields(_request: Request, body: schemas.Body) -> dict[str, Any]:
    fields = body.model_dump(exclude_unset=True)
    if not fields:
        raise invalid("status", "is missing, as are all other fields: send at least one")
    return _with_category(fields)


def _with_category(fields: dict[str, Any]) -> dict[str, Any]:
    """Set the category from the metadata: in revision B it is a string there, and the list's filter needs it."""
    if fields.get("metadata"):
        encode(fields["metadata"])
        category = fields["metadata"].get("category")
        fields["category"] = category if isinstance(category, str) and "\0" not in category else None
    return fields


def list_filter(request: Request, _: None) -> store.Filter:
    return parse_filter(request.query, request.now - request.search_lag if request.search_lag else None)


def allowed_webhook(request: Request, webhook: schemas.Webhook) -> schemas.Webhook:
    if not re.fullmatch(webhook_url_pattern(request.options.webhook_hosts), webhook.url):
        raise invalid("url", "must be http(s)://host[:port][/path], with a host that the options allow")
    return webhook


def _found(connection: Connection, request: Request) -> lifecycle.Ticket:
    ticket = store.get_ticket(connection, request.params["id"], request.dialect.id)
    if ticket is None:
        raise not_found()
    return ticket


def _record(connection: Connection, request: Request, kind: lifecycle.EffectKind, ticket: lifecycle.Ticket) -> Json:
    """Log the effect and announce it. Returns the ticket as shown in answers."""
    shown = request.dialect.show(ticket)
    store.log_effect(connection, request.now, kind, shown["id"], request.key, request.body)
    webhooks.announce(connection, kind, shown, request.now)
    return shown


def _apply(connection: Connection, request: Request, change: lifecycle.Change | Refusal) -> Json:
    if isinstance(change, Refusal):
        raise change
    if change.kind is None:
        return request.dialect.show(change.ticket)
    store.save_ticket(connection, change.ticket)
    return _record(connection, request, change.kind, change.ticket)


def create(connection: Connection, request: Request, fields: dict[str, Any]) -> Json:
    return _record(connection, request, "create_ticket", store.add_ticket(connection, fields, request.now))


def get(connection: Connection, request: Request, _: None) -> Json:
    return request.dialect.show(_found(connection, request))


def list_(connection: Connection, request: Request, filter_: store.Filter) -> Json:
    page, total = store.list_tickets(connection, filter_)
    data = [request.dialect.show(ticket) for ticket in page]
    return {"data": data, "total": total, "limit": filter_.limit, "offset": filter_.offset}


def update(connection: Connection, request: Request, fields: dict[str, Any]) -> Json:
    return _apply(connection, request, lifecycle.update(_found(connection, request), fields, request.now))


def add_note(connection: Connection, request: Request, note: schemas.Note) -> Json:
    ticket = _found(connection, request)
    shown = _apply(connection, request, lifecycle.note(ticket, request.now))
    number = store.add_note(connection, ticket, note.body, note.private, request.now)
    return {
        "id": number,
        "ticket_id": shown["id"],
        "body": note.body,
        "private": note.private,
        "created_at": rfc3339(request.now),
    }


def close(connection: Connection, request: Request, _: schemas.Close | None) -> Json:
    change = lifecycle.close(_found(connection, request), request.now, request.options.close_on_closed)
    return _apply(connection, request, change)


def reset(connection: Connection, request: Request, _: None) -> Json:
    removed = store.remove_tickets(connection)
    store.log_effect(connection, request.now, "reset_sandbox", None, None, b"")
    return {"removed": removed}


def register_webhook(connection: Connection, request: Request, webhook: schemas.Webhook) -> Json:
    return webhooks.register(connection, webhook, request.now)


def list_webhooks(connection: Connection, _request: Request, _: None) -> Json:
    return {"data": webhooks.registered(connection)}


def delete_webhook(connection: Connection, request: Request, _: None) -> None:
    if not webhooks.remove(connection, request.params["id"]):
        raise not_found()


READ, WRITE, HOOKS = "tickets:read", "tickets:write", "webhooks:manage"

_WEBHOOK_ID: Json = {"type": "string", "pattern": "^wh_[0-9a-f]{32}$"}


def calls_of(dialect: Dialect) -> tuple[Call, ...]:
    """Return every call except those in `OPEN`."""
    ticket, number = dialect.ticket, dialect.id_schema
    page = structure(data=array(reference(ticket.__name__)), total=NUMBER, limit=NUMBER, offset=NUMBER)
    hooks = structure(data=array(reference(schemas.WebhookAnswer.__name__)))
    return (
        Call("create_ticket", "POST", "/tickets", WRITE, create, 201, ticket, dialect.create, create_fields),
        Call("list_tickets", "GET", "/tickets", READ, list_, 200, page, None, list_filter, query=PARAMETERS),
        Call("get_ticket", "GET", "/tickets/{id}", READ, get, 200, ticket, id_schema=number),
        Call(
            "update_ticket", "PUT", "/tickets/{id}", WRITE, update, 200, ticket,
            dialect.update, update_fields, id_schema=number,
        ),
        Call(
            "add_note", "POST", "/tickets/{id}/notes", WRITE, add_note, 201, schemas.NoteAnswer,
            schemas.Note, id_schema=number,
        ),
        Call(
            "close_ticket", "POST", "/tickets/{id}/close", WRITE, close, 200, ticket,
            schemas.Close, body_required=False, id_schema=number,
        ),
        Call(
            "reset_sandbox", "POST", "/sandbox/reset", WRITE, reset, 200, structure(removed=NUMBER), sandbox_only=True
        ),
        Call(
            "register_webhook", "POST", "/webhooks", HOOKS, register_webhook, 201, schemas.WebhookAnswer,
            schemas.Webhook, allowed_webhook,
        ),
        Call("list_webhooks", "GET", "/webhooks", HOOKS, list_webhooks, 200, hooks),
        Call("delete_webhook", "DELETE", "/webhooks/{id}", HOOKS, delete_webhook, 204, id_schema=_WEBHOOK_ID),
    )  # fmt: skip


OPEN: Mapping[str, tuple[str, type[BaseModel] | Json]] = {
    "/health": ("health", schemas.Health),
    "/openapi.json": ("openapi", {"type": "object"}),
}
"""Path → name and answer of each GET that needs neither an API key nor the database."""


def offered(options: Options) -> tuple[Call, ...]:
    """Return the calls of this revision and environment."""
    calls = calls_of(REVISIONS[options.revision])
    return tuple(call for call in calls if options.environment == "sandbox" or not call.sandbox_only)


def health(options: Options) -> HttpResponse:
    content = {"status": "ok", "environment": options.environment, "version": f"{VERSION}-{options.revision}"}
    return HttpResponse(200, json.dumps(content).encode())
