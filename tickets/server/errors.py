"""Refusals (requests that get an error as answer), and the meaning of each status (`STATUSES`).

`Dialect.error` (tickets/server/revisions.py) makes the body in the shape of the revision in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import ValidationError

from tickets.assumptions import MAX_BODY

STATUSES: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        400: ("bad_request", "The body is not JSON"),
        401: ("unauthorized", "X-API-Key is missing or invalid"),
        403: ("forbidden", "The key lacks the scope"),
        404: ("not_found", "The path, ticket or webhook does not exist"),
        405: ("method_not_allowed", "The path does not take this method"),
        409: (
            "idempotency_conflict",
            "The idempotency key was used with another request, or one with it is in flight; or the state forbids it",
        ),
        413: ("payload_too_large", f"The body is too large (by default above {MAX_BODY} bytes)"),
        415: (
            "unsupported_media_type",
            "Content-Type is not JSON (application/json, or a type that ends in +json)",
        ),
        422: (
            "validation_error",
            "A field or parameter is invalid or unknown",
        ),
        429: ("rate_limit_exceeded", "The budget of the key is spent"),
        500: ("internal_error", "A defect"),
        502: ("error", "A proxy's page, on demand"),
        503: ("service_unavailable", "An outage, or the database is away"),
    }
)
"""Status → its code (revision A) and its meaning (the document). A 409 not about idempotency has code `conflict`."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value that was rejected: its location, the reason in words, and pydantic's name for the error."""

    location: tuple[str | int, ...]
    """Location as in revision B: `("body", "subject")`, `("query", "limit")`, `("header", "Idempotency-Key")`."""
    message: str
    kind: str = "value_error"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer: status, body bytes, and headers beyond Content-Type and Content-Length."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


class Refusal(Exception):
    """An error answer to a request; raised inside a transaction, it rolls the transaction back."""

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
        self.code = code or STATUSES.get(status, ("error",))[0]
        self.fields = fields
        self.headers = headers
        self.retry_after = retry_after
        """Whole seconds, for the body of revision A and the header of both."""


def invalid(field: str, message: str, where: str = "body") -> Refusal:
    """Return 422 for one field; the message follows the field's name: `must be …`."""
    return Refusal(422, f"{field} {message}", fields=(Field((where, field), message),))


def conflict(message: str) -> Refusal:
    return Refusal(409, message, code="conflict")


def not_found() -> Refusal:
    return Refusal(404, "the path, ticket or webhook does not exist")


def unreadable(error: ValidationError) -> Refusal:
    """Return 400 for a body that is not JSON; 422 with every wrong field for JSON that does not fit the call."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    if any(problem["type"] == "json_invalid" for problem in problems):
        return Refusal(400, "the body is not JSON")
    fields = tuple(Field(("body", *problem["loc"]), problem["msg"], problem["type"]) for problem in problems)
    return Refusal(422, "the body has invalid fields", fields=fields)
