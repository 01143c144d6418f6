"""Every status is exactly one exception, whatever the body; the time until a retry is bounded and never negative."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.api_answers import (
    MAX_DETAILS,
    MAX_MESSAGE,
    MAX_RETRY_AFTER_S,
    ApiAnswer,
    error_of,
    said_by,
    seconds_to_wait,
)
from tickets.client import TicketsClient
from tickets.errors import (
    AskPerson,
    Detail,
    RepeatTwice,
    RepeatUnchanged,
    SendLater,
    StopSending,
    TicketsError,
)
from tickets.models import CloseTicket, Ticket

from .wire import KEY, TICKET, create, get, outcome, update

NOW = datetime(2026, 2, 20, 14, 30, tzinfo=UTC)

CLASS_OF: dict[int, type[TicketsError]] = {
    301: StopSending, 302: StopSending, 304: StopSending, 307: StopSending, 308: StopSending,
    400: AskPerson, 401: StopSending, 402: AskPerson, 403: StopSending, 404: AskPerson, 405: AskPerson,
    407: StopSending, 408: RepeatUnchanged, 410: AskPerson, 413: AskPerson, 415: AskPerson, 418: AskPerson,
    422: AskPerson, 425: RepeatUnchanged, 429: SendLater, 499: AskPerson,
    500: RepeatUnchanged, 501: RepeatUnchanged, 502: RepeatUnchanged, 503: SendLater, 504: RepeatUnchanged,
    599: RepeatUnchanged, 600: RepeatUnchanged, 999: RepeatUnchanged,
}  # fmt: skip
BODIES = (
    b'{"error": "some_code", "message": "Something", "details": [{"field": "priority", "message": "no"}]}',
    b'{"detail": "Something"}',
    b'{"detail": [{"loc": ["body", "priority"], "msg": "no", "type": "enum"}]}',
    b"<html>Something</html>",
    b"",
    b"null",
    b"[" * 100_000,
    b"\xff\xfe",
    b'{"error": {"code": 7}, "details": {"a": 1}, "detail": [7, null, {"msg": 7}], "retry_after": "soon"}',
)


def says(status: int, body: bytes = b"", **headers: str) -> TicketsClient:
    async def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=body, headers={key.replace("_", "-"): v for key, v in headers.items()})

    transport = httpx.MockTransport(answer)
    return TicketsClient("https://tickets.example/api/v1", KEY, transport=transport, now=lambda: NOW)


def failure(call: Callable[[TicketsClient], object], client: TicketsClient) -> TicketsError:
    result = asyncio.run(outcome(call(client)))  # type: ignore[arg-type]  # any of the client's calls
    assert isinstance(result, TicketsError)
    return result


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("status", "kind"), CLASS_OF.items())
def test_a_status_is_one_exception_whatever_its_body(status: int, kind: type[TicketsError], body: bytes) -> None:
    for call in (create, update, get):
        error = failure(call, says(status, body))
        assert (type(error), error.status) == (kind, status)
        assert "\n" not in str(error)


def test_a_conflict_is_tried_twice_more_with_a_key_and_asked_about_without() -> None:
    body = b'{"error": "idempotency_conflict", "message": "Another body"}'
    conflict = failure(create, says(409, body))
    assert (type(conflict), conflict.code) == (RepeatTwice, "idempotency_conflict")
    assert type(failure(update, says(409, body))) is AskPerson


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (409, b'{"error": "already_closed", "message": "The ticket is closed"}'),
        (409, b'{"detail": "Ticket is closed already"}'),
        (200, b""),
        (204, b""),
        (200, b'{"ok": true}'),
    ],
)
def test_a_ticket_that_is_closed_already_counts_as_closed(status: int, body: bytes) -> None:
    request = CloseTicket(resolution_notes="over")
    assert asyncio.run(says(status, body).close_ticket("7", request, idempotency_key="k")) is None


def test_a_close_that_answers_the_ticket_gives_it() -> None:
    request = CloseTicket(resolution_notes="over")
    ticket = asyncio.run(says(200, TICKET).close_ticket("7", request, idempotency_key="k"))
    assert ticket == Ticket.model_validate_json(TICKET)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (409, b'{"error": "idempotency_conflict", "message": "Another body"}', RepeatTwice),
        (409, b'{"detail": "Idempotency-Key was used with another body"}', RepeatTwice),
        (409, b"<html>Conflict</html>", RepeatTwice),
        (409, b"", RepeatTwice),
        (404, b'{"error": "not_found", "message": "No such ticket"}', AskPerson),
        (200, b"<html>Log in</html>", RepeatUnchanged),
        (200, b"[]", RepeatUnchanged),
    ],
)
def test_a_close_of_which_nobody_says_that_it_is_closed_is_none(
    status: int, body: bytes, kind: type[TicketsError]
) -> None:
    def close(client: TicketsClient) -> object:
        return client.close_ticket("7", CloseTicket(resolution_notes="over"), idempotency_key="k")

    assert type(failure(close, says(status, body))) is kind


def test_both_revisions_name_the_field_that_was_not_accepted() -> None:
    expected = (Detail("priority", "must be one of low, medium, high, urgent"),)
    text = expected[0].message
    a = {"error": "validation_error", "details": [{"field": "priority", "message": text}]}
    b = {"detail": [{"loc": ["body", "priority"], "msg": text, "type": "enum"}]}
    for body in (a, b):
        assert failure(create, says(422, json.dumps(body).encode())).details == expected


def test_what_the_system_behind_the_service_said_is_kept_for_a_person() -> None:
    error = failure(create, says(400, b'{"detail": "Assignment group\\n is\\u0000 mandatory"}'))
    assert error.details == (Detail("", "Assignment group is\ufffd mandatory"),)
    assert str(error) == "create_ticket: 400"


def test_details_are_few_and_short_however_many_and_long_they_come() -> None:
    body = json.dumps({"detail": [{"loc": ["x"], "msg": "y" * 9999}] * 99}).encode()
    details = said_by(body, KEY).details
    assert len(details) == MAX_DETAILS
    assert all(len(each.message) == MAX_MESSAGE for each in details)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0), (" 30 ", 30.0), ("0", 0.0), ("-5", 0.0), ("1.5", 1.5), ("9" * 300, MAX_RETRY_AFTER_S),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), MAX_RETRY_AFTER_S),
        ("Friday, 20-Feb-26 14:31:00 GMT", 60.0),
        ("soon", None), ("", None), ("nan", None), ("inf", None), ("1e9", None), ("٣٠", None),
        ("Fri, 99 Feb 2026 14:30:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    answer = ApiAnswer("create_ticket", 429, b"", header)
    assert seconds_to_wait(answer, said_by(b"", KEY), NOW) == seconds


def test_a_date_is_counted_from_the_services_own_clock() -> None:
    theirs = NOW + timedelta(hours=2)
    until, since = (format_datetime(each, usegmt=True) for each in (theirs + timedelta(seconds=40), theirs))
    assert seconds_to_wait(ApiAnswer("get_ticket", 503, b"", until, since), said_by(b"", KEY), NOW) == 40.0


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"retry_after": 12}', 12.0), (b'{"retry_after": "12"}', 12.0), (b'{"retry_after": -1}', 0.0),
        (b'{"retry_after": 1e999}', MAX_RETRY_AFTER_S), (b'{"retry_after": NaN}', None),
        (b'{"retry_after": true}', None), (b'{"retry_after": null}', None), (b"{}", None),
        (b'{"retry_after": ' + b"9" * 4000 + b"}", MAX_RETRY_AFTER_S),
    ],
)  # fmt: skip
def test_without_a_header_the_body_says_when(body: bytes, seconds: float | None) -> None:
    assert failure(create, says(429, body)).retry_after == seconds


def test_the_header_comes_before_the_body_unless_it_makes_no_sense() -> None:
    body = b'{"error": "rate_limit_exceeded", "retry_after": 12}'
    assert failure(create, says(429, body, Retry_After="3")).retry_after == 3.0
    assert failure(create, says(429, body, Retry_After="shortly")).retry_after == 12.0


@given(
    status=st.integers(100, 999).filter(lambda status: not 200 <= status < 300),
    body=st.none()
    | st.binary(max_size=60)
    | st.dictionaries(
        st.sampled_from(["error", "message", "details", "detail", "retry_after"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["field", "message", "loc", "msg"]), inner)
            ),
            max_leaves=8,
        ),
    ).map(lambda value: json.dumps(value).encode()),
    retry_after=st.none() | st.text(max_size=30) | st.integers().map(str) | st.datetimes().map(format_datetime),
    date=st.none() | st.text(max_size=30) | st.datetimes().map(format_datetime),
    keyed=st.booleans(),
)
def test_no_answer_whatsoever_breaks_the_reading(
    status: int, body: bytes | None, retry_after: str | None, date: str | None, keyed: bool
) -> None:
    error = error_of(ApiAnswer("get_ticket", status, body, retry_after, date), keyed=keyed, now=NOW, secret=KEY)
    assert type(error) in {SendLater, RepeatUnchanged, RepeatTwice, AskPerson, StopSending}
    assert error.retry_after is None or 0 <= error.retry_after <= MAX_RETRY_AFTER_S
    assert all("\n" not in each.field + each.message for each in error.details)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"error": KEY, "message": f"{KEY} is wrong", "details": [{"field": KEY, "message": KEY}]}),
        json.dumps({"detail": f"key {KEY}"}),
        json.dumps({"detail": [{"loc": ["header", KEY], "msg": KEY}]}),
    ],
)
def test_a_service_that_repeats_the_key_does_not_bring_it_into_an_exception(body: str) -> None:
    error = failure(create, says(401, body.encode()))
    told = "".join(traceback.format_exception(error)) + repr((error.code, error.details, error.args))
    assert KEY not in told
    assert "[key]" in told
