"""Turns an HTTP answer (status, headers, bytes) into a value or exactly one exception.

Pure: the time is an argument, and no request is sent. Understands the error bodies of both revisions. If an error body
cannot be read, the status alone decides.

Source: the Tickets API's contract, "Errors".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from tickets.errors import (
    AskPerson,
    Detail,
    RepeatTwice,
    RepeatUnchanged,
    SendLater,
    StopSending,
    TicketsError,
)
from tickets.text import cut, one_line

MAX_RETRY_AFTER_S = 3600.0  # the longest wait in seconds; longer requests of the service are cut to this value
MAX_DETAILS = 20
MAX_MESSAGE = 500  # characters of one message of the service
MAX_REQUEST_ID = 128  # characters

IDEMPOTENCY_CONFLICT = "idempotency_conflict"

REQUEST_ID_HEADERS = ("X-Request-Id", "Request-Id", "X-Correlation-Id")
"""Headers in which services and the proxies before them name a request, the best first. The documentation of the
Tickets API names none."""

EXCEPTIONS: Mapping[int, type[TicketsError]] = {
    HTTPStatus.UNAUTHORIZED: StopSending,
    HTTPStatus.FORBIDDEN: StopSending,
    # From a proxy, about the way to the service: the message is not the cause.
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: StopSending,
    # Sent by a proxy that may have forwarded the request.
    HTTPStatus.REQUEST_TIMEOUT: RepeatUnchanged,
    HTTPStatus.TOO_EARLY: RepeatUnchanged,
    HTTPStatus.TOO_MANY_REQUESTS: SendLater,
    HTTPStatus.SERVICE_UNAVAILABLE: SendLater,
}
"""Exceptions of single statuses that differ from their class (`CLASSES`). 409 on a keyed call is `RepeatTwice`."""

CLASSES: Mapping[int, type[TicketsError]] = {
    # Redirects are never followed: they could carry the key elsewhere. A redirect means that the base URL is wrong.
    3: StopSending,
    4: AskPerson,
    5: RepeatUnchanged,
}
"""Exceptions by the first digit of the status; any other digit is `RepeatUnchanged`."""

NOT_THE_SERVICE = ", and the answer is not the JSON of the Tickets API: a proxy may have sent it"

_KEY = "[key]"
"""Stands in place of our key, where the service repeats it."""
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REQUEST_ID = re.compile(rf"[A-Za-z0-9_.:/+=@-]{{1,{MAX_REQUEST_ID}}}")
_SECONDS = re.compile(r"-?[0-9]{1,300}(\.[0-9]{1,300})?")

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An HTTP answer. `body` is None if the body did not arrive whole, or was longer than the limit."""

    call: str
    """Name of the call in error messages, for example `create_ticket`."""
    status: int
    body: bytes | None
    retry_after: str | None = None
    """The header as received."""
    date: str | None = None
    """The header as received."""
    request_id: str | None = None
    """The header as received: the first of `REQUEST_ID_HEADERS`."""

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Said:
    """Content of an error body, in either revision."""

    readable: bool = False
    code: str | None = None
    details: tuple[Detail, ...] = ()
    retry_after: object = None
    request_id: object = None


def read(model: type[M], answer: ApiAnswer) -> M:
    """Parse a successful answer. Raises RepeatUnchanged if it cannot be read: the request may have been executed."""
    try:
        return model.model_validate(parse(answer))
    except ValidationError:
        raise unreadable(answer) from None


def parse(answer: ApiAnswer) -> object:
    """Return the JSON of a successful answer. Raises RepeatUnchanged if the body is not JSON."""
    try:
        return json.loads(answer.body or b"")
    except (ValueError, RecursionError):
        raise unreadable(answer) from None


def unreadable(answer: ApiAnswer) -> RepeatUnchanged:
    message = f"{answer.call}: {answer.status}, but the body is not the documented JSON"
    return RepeatUnchanged(message, status=answer.status)


def error_of(answer: ApiAnswer, *, keyed: bool, now: datetime, secret: str) -> TicketsError:
    """Return the exception for an unsuccessful answer; its details hold the service's messages, without `secret`."""
    said = said_by(answer.body, secret)
    kind = EXCEPTIONS.get(answer.status) or CLASSES.get(answer.status // 100, RepeatUnchanged)
    if keyed and answer.status == HTTPStatus.CONFLICT:
        kind = RepeatTwice
    message = " ".join(part for part in (f"{answer.call}: {answer.status}", said.code) if part)
    if kind is AskPerson and answer.body and not said.readable:
        message += NOT_THE_SERVICE
    return kind(
        message,
        status=answer.status,
        code=said.code,
        details=said.details,
        retry_after=seconds_to_wait(answer, said, now),
        request_id=request_id_of(answer, said, secret),
    )


def request_id_of(answer: ApiAnswer, said: Said, secret: str) -> str | None:
    """Return the service's id of the request; the header takes precedence over the body.

    None if there is none, or if it is not one word of plain characters.
    """
    for each in (answer.request_id, said.request_id):
        if isinstance(each, str) and _REQUEST_ID.fullmatch(each.strip()) and secret not in each:
            return each.strip()
    return None


def says_closed_already(answer: ApiAnswer, secret: str) -> bool:
    """True for a 409 on close that is about the ticket's state, not about the idempotency key.

    Revision B has no codes, so its text is searched for the key's name. An unreadable body gives False.
    """
    if answer.status != HTTPStatus.CONFLICT:
        return False
    said = said_by(answer.body, secret)
    about_key = any("idempoten" in each.message.lower() for each in said.details)
    return said.readable and said.code != IDEMPOTENCY_CONFLICT and (said.code is not None or not about_key)


def seconds_to_wait(answer: ApiAnswer, said: Said, now: datetime) -> float | None:
    """Seconds from 0 to `MAX_RETRY_AFTER_S`; the header takes precedence over the body; None if neither is understood.

    A date is counted from the answer's own `Date` header, so that a difference between the two clocks does no harm.
    """
    if answer.retry_after is not None:
        seconds = _bounded(answer.retry_after.strip())
        if seconds is not None:
            return seconds
        until = _date(answer.retry_after)
        if until is not None:
            since = _date(answer.date or "") or now
            return max(0.0, min((until - since).total_seconds(), MAX_RETRY_AFTER_S))
    return _bounded(said.retry_after)


def _bounded(value: object) -> float | None:
    if isinstance(value, str):
        value = float(value) if _SECONDS.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    return float(max(0, min(value, MAX_RETRY_AFTER_S)))


def _date(text: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed


def said_by(body: bytes | None, secret: str) -> Said:
    """Read `{"error", "message", "details"}` (A) and `{"detail"}` (B); never fails."""
    try:
        data = json.loads(body or b"")
    except (ValueError, RecursionError):
        return Said()
    if not isinstance(data, Mapping):
        return Said()
    code = data.get("error")
    known = isinstance(code, str) and _CODE.fullmatch(code) is not None and secret not in code
    found = [_detail(data.get("message"), secret), _detail(data.get("detail"), secret)]
    for key in ("details", "detail"):
        items = data.get(key)
        found.extend(_detail(each, secret) for each in items[:MAX_DETAILS]) if isinstance(items, list) else None
    details = tuple(each for each in found if each is not None)
    return Said(True, code if known else None, details[:MAX_DETAILS], data.get("retry_after"), data.get("request_id"))


def _detail(item: object, secret: str) -> Detail | None:
    if isinstance(item, str):
        return Detail("", _without(item, secret)) if item.strip() else None
    if not isinstance(item, Mapping):
        return None
    message = item.get("message") or item.get("msg")
    place = item.get("field") or item.get("loc") or ""
    if isinstance(place, list):
        place = ".".join(str(each) for each in (place[1:] if place[:1] == ["body"] else place))
    return Detail(_without(str(place), secret), _without(message, secret)) if isinstance(message, str) else None


def _without(text: str, secret: str) -> str:
    """Return the text as one line without the secret, also where invisible characters divided the secret."""
    visible = one_line(text.replace(secret, _KEY)[: 4 * MAX_MESSAGE])
    return cut(visible.replace(secret, _KEY), MAX_MESSAGE)
