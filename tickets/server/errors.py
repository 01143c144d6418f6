"""What does a refused request get? A status, and a body in the shape of the revision that is spoken.

Revision A: `{"error": code, "message": text, "details": [{"field", "message"}]}`.
Revision B: `{"detail": text}`, and for 422 `{"detail": [{"loc", "msg", "type"}]}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ValidationError

Revision = Literal["A", "B"]

CODES: Mapping[int, str] = MappingProxyType(
    {
        400: "bad_request",
        401: "unauthorized",
        403: "forbidden",
        404: "not_found",
        405: "method_not_allowed",
        409: "idempotency_conflict",
        413: "payload_too_large",
        415: "unsupported_media_type",
        422: "validation_error",
        429: "rate_limit_exceeded",
        500: "internal_error",
        503: "service_unavailable",
    }
)
"""The code of revision A for every status; a 409 without idempotency about it says `conflict`."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value that was not accepted: where it stood, in words why, and pydantic's name for it."""

    location: tuple[str | int, ...]
    """As revision B gives it: `("body", "subject")`, `("query", "limit")`, `("header", "Idempotency-Key")`."""
    message: str
    kind: str = "value_error"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out: status, body bytes and headers beyond Content-Type and Content-Length."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


class Refusal(Exception):
    """The request is answered with an error; raised inside a transaction it undoes it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        fields: tuple[Field, ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or CODES.get(status, "error")
        self.fields = fields
        self.headers = headers
        self.retry_after = retry_after
        """Whole seconds, for the body of revision A and the header of both."""


def invalid(field: str, message: str, where: str = "body") -> Refusal:
    return Refusal(422, f"{field}: {message}", fields=(Field((where, field), message),))


def conflict(message: str) -> Refusal:
    return Refusal(409, message, code="conflict")


def not_found() -> Refusal:
    return Refusal(404, "there is no such thing here")


def unreadable(error: ValidationError) -> Refusal:
    """400 for what is no JSON, 422 with every field for JSON that is not what the call takes."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    if any(problem["type"] == "json_invalid" for problem in problems):
        return Refusal(400, "the body is not JSON")
    fields = tuple(Field(("body", *problem["loc"]), problem["msg"], problem["type"]) for problem in problems)
    return Refusal(422, "the body was rejected", fields=fields)


def render(refusal: Refusal, revision: Revision) -> Answer:
    """The refusal as it goes out."""
    headers = refusal.headers
    if refusal.retry_after is not None:
        headers = (*headers, ("retry-after", str(refusal.retry_after)))
    content = _body_a(refusal) if revision == "A" else _body_b(refusal)
    return Answer(refusal.status, json.dumps(content, ensure_ascii=False).encode(), headers)


def _body_a(refusal: Refusal) -> dict[str, Any]:
    details = [
        {"field": ".".join(str(part) for part in field.location[1:]), "message": field.message}
        for field in refusal.fields
    ]
    content: dict[str, Any] = {"error": refusal.code, "message": refusal.message, "details": details}
    if refusal.retry_after is not None:
        content["retry_after"] = refusal.retry_after
    return content


def _body_b(refusal: Refusal) -> dict[str, Any]:
    if refusal.status != 422:
        return {"detail": refusal.message}
    fields = refusal.fields or (Field(("body",), refusal.message),)
    return {"detail": [{"loc": list(each.location), "msg": each.message, "type": each.kind} for each in fields]}
