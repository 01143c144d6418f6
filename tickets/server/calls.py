"""Which calls are there? One table; routes, scopes, idempotency and the OpenAPI document all follow from it.

A call reads its request before the transaction and does its work in it; a Refusal undoes the work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from tickets.assumptions import IDEMPOTENT_CALLS
from tickets.server import lifecycle, schemas, store, webhooks
from tickets.server.clock import rfc3339
from tickets.server.errors import Answer, Refusal, invalid, not_found
from tickets.server.options import Options
from tickets.server.query import parse_filter, webhook_url_pattern
from tickets.server.schemas import encode, public_id, read, show

VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose API key, scope and limit were checked; `now` in microseconds since 1970."""

    options: Options
    now: int
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    key: str | None = None
    """The idempotency key."""
    search_lag: int = 0
    """Microseconds."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API."""

    name: str
    method: str
    path: str
    """Template below `/api/v1`, with `{id}` for the id."""
    scope: str | None
    """None: it needs no API key."""
    status: int
    """Of its success."""
    run: Callable[[Connection, Request, Any], Answer]
    read: Callable[[Request], Any] = lambda _request: None
    """What the body or the query says. Raises Refusal (400, 422)."""
    takes_body: bool = False
    body_required: bool = True
    writes: bool = True
    sandbox_only: bool = False

    @property
    def idempotent(self) -> bool:
        """True: it heeds the Idempotency-Key header."""
        return self.name in IDEMPOTENT_CALLS


def _read_create(request: Request) -> dict[str, Any]:
    body = read(schemas.CREATE[request.options.revision], request.body)
    fields = {"status": "open", "category": None, "metadata": {}, "requester_email": None} | body.model_dump()
    return _with_category(fields)


def _read_update(request: Request) -> dict[str, Any]:
    fields = read(schemas.UPDATE[request.options.revision], request.body).model_dump(exclude_unset=True)
    if not fields:
        raise invalid("status", "at least one field is needed")
    return _with_category(fields)


def _with_category(fields: dict[str, Any]) -> dict[str, Any]:
    """In revision B the category is a string in the metadata; the list's filter finds it there."""
    if fields.get("metadata"):
        encode(fields["metadata"])
        category = fields["metadata"].get("category")
        fields["category"] = category if isinstance(category, str) and "\0" not in category else None
    return fields


def _read_close(request: Request) -> schemas.Close:
    return read(schemas.Close, request.body) if request.body else schemas.Close()


def _read_webhook(request: Request) -> schemas.Webhook:
    webhook = read(schemas.Webhook, request.body)
    if not re.fullmatch(webhook_url_pattern(request.options.webhook_hosts), webhook.url):
        raise invalid("url", "a webhook goes to http(s)://host[:port][/path], and to hosts that the options name")
    return webhook


def _found(connection: Connection, request: Request) -> lifecycle.Ticket:
    ticket = store.get_ticket(connection, request.params["id"], request.options.revision)
    if ticket is None:
        raise not_found()
    return ticket


def _record(connection: Connection, request: Request, kind: lifecycle.EffectKind, ticket: lifecycle.Ticket) -> None:
    revision = request.options.revision
    store.log_effect(connection, request.now, kind, public_id(ticket, revision), request.key, request.body)
    webhooks.announce(connection, kind, show(ticket, revision), request.now)


def _apply(connection: Connection, request: Request, change: lifecycle.Change | Refusal) -> lifecycle.Ticket:
    if isinstance(change, Refusal):
        raise change
    if change.kind is not None:
        store.save_ticket(connection, change.ticket)
        _record(connection, request, change.kind, change.ticket)
    return change.ticket


def create(connection: Connection, request: Request, fields: dict[str, Any]) -> Answer:
    ticket = store.add_ticket(connection, fields, request.now)
    _record(connection, request, "create_ticket", ticket)
    return Answer(201, encode(show(ticket, request.options.revision)))


def get(connection: Connection, request: Request, _: None) -> Answer:
    return Answer(200, encode(show(_found(connection, request), request.options.revision)))


def list_(connection: Connection, request: Request, filter_: store.Filter) -> Answer:
    page, total = store.list_tickets(connection, filter_)
    data = [show(ticket, request.options.revision) for ticket in page]
    return Answer(200, encode({"data": data, "total": total, "limit": filter_.limit, "offset": filter_.offset}))


def update(connection: Connection, request: Request, fields: dict[str, Any]) -> Answer:
    change = lifecycle.update(_found(connection, request), fields, request.now)
    return Answer(200, encode(show(_apply(connection, request, change), request.options.revision)))


def add_note(connection: Connection, request: Request, note: schemas.Note) -> Answer:
    ticket = _apply(connection, request, lifecycle.note(_found(connection, request), request.now))
    number = store.add_note(connection, ticket, note.body, note.private, request.now)
    content = {
        "id": number,
        "ticket_id": public_id(ticket, request.options.revision),
        "body": note.body,
        "private": note.private,
        "created_at": rfc3339(request.now),
    }
    return Answer(201, encode(content))


def close(connection: Connection, request: Request, _: schemas.Close) -> Answer:
    change = lifecycle.close(_found(connection, request), request.now, request.options.close_on_closed)
    return Answer(200, encode(show(_apply(connection, request, change), request.options.revision)))


def reset(connection: Connection, request: Request, _: None) -> Answer:
    removed = store.remove_tickets(connection)
    store.log_effect(connection, request.now, "reset_sandbox", None, None, b"")
    return Answer(200, encode({"removed": removed}))


def register_webhook(connection: Connection, request: Request, webhook: schemas.Webhook) -> Answer:
    return Answer(201, encode(webhooks.register(connection, webhook, request.now)))


def list_webhooks(connection: Connection, _request: Request, _: None) -> Answer:
    return Answer(200, encode({"data": webhooks.registered(connection)}))


def delete_webhook(connection: Connection, request: Request, _: None) -> Answer:
    if not webhooks.remove(connection, request.params["id"]):
        raise not_found()
    return Answer(204, b"")


READ, WRITE, HOOKS = "tickets:read", "tickets:write", "webhooks:manage"

CALLS: tuple[Call, ...] = (
    Call("create_ticket", "POST", "/tickets", WRITE, 201, create, _read_create, takes_body=True),
    Call(
        "list_tickets",
        "GET",
        "/tickets",
        READ,
        200,
        list_,
        lambda request: parse_filter(request.query, request.now - request.search_lag if request.search_lag else None),
        writes=False,
    ),
    Call("get_ticket", "GET", "/tickets/{id}", READ, 200, get, writes=False),
    Call("update_ticket", "PUT", "/tickets/{id}", WRITE, 200, update, _read_update, takes_body=True),
    Call(
        "add_note",
        "POST",
        "/tickets/{id}/notes",
        WRITE,
        201,
        add_note,
        lambda request: read(schemas.Note, request.body),
        takes_body=True,
    ),
    Call(
        "close_ticket",
        "POST",
        "/tickets/{id}/close",
        WRITE,
        200,
        close,
        _read_close,
        takes_body=True,
        body_required=False,
    ),
    Call("reset_sandbox", "POST", "/sandbox/reset", WRITE, 200, reset, sandbox_only=True),
    Call("register_webhook", "POST", "/webhooks", HOOKS, 201, register_webhook, _read_webhook, takes_body=True),
    Call("list_webhooks", "GET", "/webhooks", HOOKS, 200, list_webhooks, writes=False),
    Call("delete_webhook", "DELETE", "/webhooks/{id}", HOOKS, 204, delete_webhook),
)
"""Every call but `GET /health` and `GET /openapi.json`, which need neither key nor database."""


def offered(options: Options) -> tuple[Call, ...]:
    """The calls that this environment has."""
    return tuple(call for call in CALLS if options.environment == "sandbox" or not call.sandbox_only)


def health(options: Options) -> Answer:
    content = {"status": "ok", "environment": options.environment, "version": f"{VERSION}-{options.revision}"}
    return Answer(200, json.dumps(content).encode())
