"""What does the server promise, machine-readably? An OpenAPI 3.1 document, built from the table of calls."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tickets.assumptions import IDEMPOTENCY_KEY_PATTERN, MAX_BODY
from tickets.server import schemas
from tickets.server.calls import VERSION, Call, offered
from tickets.server.errors import Revision
from tickets.server.options import Options
from tickets.server.query import PARAMETERS, webhook_url_pattern

Json = dict[str, Any]

_REF = "#/components/schemas/"

# What each error means; the texts stand in the document.
MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        400: "The body is not JSON",
        401: "X-API-Key is missing or invalid",
        403: "The key lacks the scope",
        404: "There is no such thing",
        409: "The idempotency key was used with another request, or one with it is in flight; or the state forbids it",
        413: f"The body is too large (by default above {MAX_BODY} bytes)",
        415: "The body does not say that it is JSON (application/json, or a type that ends in +json)",
        422: "The request was read, and rejected; unknown fields and parameters are too",
        429: "The budget of the key is spent",
        500: "A defect",
        502: "A proxy's page, on demand",
        503: "An outage, or the database is away",
    }
)

_ALWAYS = (401, 403, 413, 429, 500, 502, 503)


def errors_of(call: Call) -> tuple[int, ...]:
    """Every error status that the call can answer, in order."""
    found = {*_ALWAYS}
    if call.takes_body:
        found |= {400, 415, 422}
    if call.name == "list_tickets":
        found.add(422)
    if "{id}" in call.path:
        found.add(404)
    if call.idempotent:
        found.add(409)
    return tuple(sorted(found))


def _ref(name: str) -> Json:
    return {"$ref": f"{_REF}{name}"}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)}


_ERRORS_OF: Mapping[Revision, Json] = MappingProxyType(
    {
        "A": {
            "Error": _object(
                {
                    "error": {"type": "string"},
                    "message": {"type": "string"},
                    "details": {
                        "type": "array",
                        "items": _object({"field": {"type": "string"}, "message": {"type": "string"}}),
                    },
                }
            ),
            "Rejected": _ref("Error"),
            "Spent": {
                "allOf": [_ref("Error")],
                "required": ["retry_after"],
                "properties": {"retry_after": {"type": "integer", "minimum": 1}},
            },
        },
        "B": {
            "Error": _object({"detail": {"type": "string"}}),
            "Rejected": _object(
                {
                    "detail": {
                        "type": "array",
                        "minItems": 1,
                        "items": _object(
                            {
                                "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                                "msg": {"type": "string"},
                                "type": {"type": "string"},
                            }
                        ),
                    }
                }
            ),
            "Spent": _ref("Error"),
        },
    }
)
"""Schemas of the error bodies: any, that of a 422, that of a 429."""

_SCHEMA_OF_ERROR = MappingProxyType({422: "Rejected", 429: "Spent"})

_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}, "required": False}
}


def _error(status: int) -> Json:
    response: Json = {"description": MEANINGS[status]}
    if status == 502:
        return response | {"content": {"text/html": {"schema": {"type": "string"}}}}
    if status in (429, 503):
        response["headers"] = _RETRY_AFTER
    return response | {"content": _json(_ref(_SCHEMA_OF_ERROR.get(status, "Error")))}


def _models(revision: Revision) -> Mapping[str, tuple[type[BaseModel] | None, Json]]:
    """Call → the model of its body, and the schema of its success."""
    ticket = _ref(schemas.TICKET[revision].__name__)
    webhook = _ref("WebhookAnswer")
    number = {"type": "integer", "minimum": 0}
    page = {"data": {"type": "array", "items": ticket}, "total": number, "limit": number, "offset": number}
    return {
        "create_ticket": (schemas.CREATE[revision], ticket),
        "list_tickets": (None, _object(page)),
        "get_ticket": (None, ticket),
        "update_ticket": (schemas.UPDATE[revision], ticket),
        "add_note": (schemas.Note, _ref("NoteAnswer")),
        "close_ticket": (schemas.Close, ticket),
        "reset_sandbox": (None, _object({"removed": number})),
        "register_webhook": (schemas.Webhook, webhook),
        "list_webhooks": (None, _object({"data": {"type": "array", "items": webhook}})),
        "delete_webhook": (None, {}),
    }


def _parameters(call: Call, revision: Revision) -> list[Json]:
    found: list[Json] = []
    if "{id}" in call.path:
        ticket = {"type": "integer", "minimum": 1} if revision == "A" else {"type": "string", "format": "uuid"}
        webhook = {"type": "string", "pattern": "^wh_[0-9a-f]{32}$"}
        schema = webhook if call.path.startswith("/webhooks") else ticket
        found.append({"name": "id", "in": "path", "required": True, "schema": schema})
    if call.name == "list_tickets":
        found += [{"name": name, "in": "query", "schema": schema} for name, (schema, _) in PARAMETERS.items()]
    if call.idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": IDEMPOTENCY_KEY_PATTERN}
        about = "The same key within 24 hours gets the original answer and has no second effect"
        found.append({"name": "Idempotency-Key", "in": "header", "schema": schema, "description": about})
    return found


def _operation(call: Call, revision: Revision) -> Json:
    model, success = _models(revision)[call.name]
    answer: Json = {"description": "Success"}
    if success:
        answer["content"] = _json(success)
    responses = {str(call.status): answer} | {str(status): _error(status) for status in errors_of(call)}
    operation: Json = {
        "operationId": call.name,
        "parameters": _parameters(call, revision),
        "responses": responses,
        "security": [{"apiKey": []}],
        "description": f"Needs the scope {call.scope}.",
    }
    if model is not None:
        operation["requestBody"] = {"required": call.body_required, "content": _json(_ref(model.__name__))}
    return operation


def _open_operation(name: str, schema: Json) -> Json:
    responses = {"200": {"description": "Success", "content": _json(schema)}}
    responses |= {str(status): _error(status) for status in (413, 500, 502, 503)}
    return {"operationId": name, "security": [], "responses": responses}


def _component_schemas(options: Options) -> Json:
    revision = options.revision
    requests = [model for model, _ in _models(revision).values() if model is not None]
    answers = [schemas.TICKET[revision], schemas.NoteAnswer, schemas.WebhookAnswer, schemas.Health]
    wanted = [(model, "validation") for model in requests] + [(model, "serialization") for model in answers]
    _, definitions = models_json_schema(wanted, ref_template=_REF + "{model}")  # type: ignore[arg-type]
    found: Json = definitions["$defs"]
    found["Webhook"]["properties"]["url"]["pattern"] = webhook_url_pattern(options.webhook_hosts)
    return found | _ERRORS_OF[revision]


def document(options: Options) -> Json:
    """The document for these options: revision, environment and hosts of webhooks make a difference."""
    paths: Json = {
        "/health": {"get": _open_operation("health", _ref("Health"))},
        "/openapi.json": {"get": _open_operation("openapi", {"type": "object"})},
    }
    for call in offered(options):
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, options.revision)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Tickets API, local, revision {options.revision}",
            "version": VERSION,
            "description": "Other methods on these paths are answered 405 with Allow.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": _component_schemas(options),
            "securitySchemes": {"apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        },
    }
