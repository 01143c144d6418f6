"""Turns an edited body into a request, and validates it with the model of its kind before it is stored.

The body is shown and accepted without the marker; the ledger adds the marker again (tickets/markers.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from tickets.markers import without_marker
from tickets.models import AddNote, CloseTicket, CreateTicket, Revision, UpdateTicket, encode

MODELS: Mapping[str, type[CreateTicket | AddNote | UpdateTicket | CloseTicket]] = {
    "create_ticket": CreateTicket,
    "add_note": AddNote,
    "update_ticket": UpdateTicket,
    "close_ticket": CloseTicket,
}
MUST_SAY: Mapping[str, frozenset[str]] = {
    "create_ticket": frozenset({"subject", "description", "priority"}),
    "add_note": frozenset({"body", "private"}),  # a private note must not become public because the field is missing
}
ONLY_B = ("metadata",)


class NotARequest(Exception):
    """The edited body is not a valid request; the message holds the place and the reason."""


def cannot_be_edited(kind: str) -> str:
    """Return the refusal to edit an operation of a kind without a body."""
    return f"{kind} has no body to edit: use `dead retry`, `dead bind` or `dead skip`"


def shown(body: bytes) -> str:
    """Return the body of a request in the form that a person edits."""
    return json.dumps(_unmarked(json.loads(body)), ensure_ascii=False, indent=2) + "\n"


def request(kind: str, body: bytes, edited: str | bytes, revision: Revision) -> bytes | None:
    """Return the bytes of the edited request; None when the body is unchanged. Raises NotARequest."""
    if kind not in MODELS:
        raise NotARequest(cannot_be_edited(kind))
    try:
        fields = json.loads(edited)
    except ValueError as error:
        raise NotARequest(f"the body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise NotARequest("the body is not a JSON object")
    fields = _unmarked(fields)
    if fields == _unmarked(json.loads(body)):
        return None
    _check(kind, fields, revision)
    try:
        model = MODELS[kind].model_validate(fields)
    except ValidationError as error:
        places = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
        raise NotARequest("; ".join(places)) from error
    return encode(model, revision)


def _check(kind: str, fields: dict[str, Any], revision: Revision) -> None:
    if missing := sorted(MUST_SAY.get(kind, frozenset()) - fields.keys()):
        raise NotARequest(f"{', '.join(missing)}: missing, and required for {kind}")
    if "marker" in fields:
        raise NotARequest("marker: remove this field; the marker is added automatically")
    if revision == "A" and (unknown := [name for name in ONLY_B if name in fields]):
        raise NotARequest(f"{', '.join(unknown)}: revision A of the Tickets API has no such field")
    if blank := [name for name in ("subject", "description", "body") if _is_blank(fields.get(name))]:
        raise NotARequest(f"{', '.join(blank)}: must not be blank")


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _unmarked(fields: dict[str, Any]) -> dict[str, Any]:
    text = fields.get("description")
    return fields | {"description": without_marker(text)} if isinstance(text, str) else fields
