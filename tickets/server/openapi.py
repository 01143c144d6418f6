"""The OpenAPI 3.1 document, built from the table of calls and the dialect of the revision."""

from __future__ import annotations

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tickets.assumptions import IDEMPOTENCY_KEY_PATTERN
from tickets.server.calls import OPEN, VERSION, Call, offered
from tickets.server.errors import STATUSES
from tickets.server.options import Options
from tickets.server.query import webhook_url_pattern
from tickets.server.revisions import REVISIONS
from tickets.server.schemas import REFERENCE, Json, reference

_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}, "required": False}
}


def _content(shape: type[BaseModel] | Json) -> Json:
    schema = shape if isinstance(shape, dict) else reference(shape.__name__)
    return {"content": {"application/json": {"schema": schema}}}


def _success(shape: type[BaseModel] | Json | None) -> Json:
    return {"description": "Success"} | ({} if shape is None else _content(shape))


def _error(status: int) -> Json:
    response: Json = {"description": STATUSES[status][1]}
    if status == 502:
        return response | {"content": {"text/html": {"schema": {"type": "string"}}}}
    if status in (429, 503):
        response["headers"] = _RETRY_AFTER
    return response | _content(reference({422: "Rejected", 429: "Spent"}.get(status, "Error")))


def _parameters(call: Call) -> list[Json]:
    found: list[Json] = []
    if call.id_schema is not None:
        found.append({"name": "id", "in": "path", "required": True, "schema": call.id_schema})
    if call.query is not None:
        found += [{"name": name, "in": "query", "schema": schema} for name, (schema, _) in call.query.items()]
    if call.idempotent:
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": IDEMPOTENCY_KEY_PATTERN}
        about = "The same key within 24 hours gets the original answer and has no second effect"
        found.append({"name": "Idempotency-Key", "in": "header", "schema": schema, "description": about})
    return found


def _operation(call: Call) -> Json:
    operation: Json = {
        "operationId": call.name,
        "parameters": _parameters(call),
        "responses": {
            str(call.status): _success(call.answer),
            **{str(status): _error(status) for status in call.errors},
        },
        "security": [{"apiKey": []}],
        "description": f"Needs the scope {call.scope}.",
    }
    if call.body is not None:
        operation["requestBody"] = {"required": call.body_required, **_content(call.body)}
    return operation


def _open_operation(name: str, answer: type[BaseModel] | Json) -> Json:
    responses = {"200": _success(answer)} | {str(status): _error(status) for status in (413, 500, 502, 503)}
    return {"operationId": name, "security": [], "responses": responses}


def _component_schemas(options: Options) -> Json:
    calls = offered(options)
    answers = [*(call.answer for call in calls), *(answer for _, answer in OPEN.values())]
    sides = (("validation", [call.body for call in calls]), ("serialization", answers))
    wanted = [(model, mode) for mode, models in sides for model in models if isinstance(model, type)]
    _, definitions = models_json_schema(wanted, ref_template=REFERENCE)  # type: ignore[arg-type]
    found: Json = definitions["$defs"]
    found["Webhook"]["properties"]["url"]["pattern"] = webhook_url_pattern(options.webhook_hosts)
    return found | REVISIONS[options.revision].errors


def document(options: Options) -> Json:
    """Return the document for these options; it depends on revision, environment and hosts of webhooks."""
    paths: Json = {path: {"get": _open_operation(name, answer)} for path, (name, answer) in OPEN.items()}
    for call in offered(options):
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
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
