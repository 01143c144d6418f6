"""The service's reason for a rejection is one safe line of bounded length, with its id of the request."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from tickets.errors import MAX_REASON, TicketsError

from .test_api_answers import failure, says
from .wire import KEY, create


def rejected(body: bytes, status: int = 422, headers: Mapping[str, str] | None = None) -> TicketsError:
    return failure(create, says(status, body, **(headers or {})))


def test_the_reason_names_the_rejected_fields_and_leaves_the_general_words_out() -> None:
    details = [{"field": "priority", "message": "must be low"}, {"field": "subject", "message": "is blank"}]
    body = {"error": "validation_error", "message": "the body has invalid fields", "details": details}
    error = rejected(json.dumps(body).encode())
    assert error.reason == "priority: must be low; subject: is blank"
    assert error.in_full == f"create_ticket: 422 validation_error: {error.reason}"


def test_without_a_field_the_reason_is_what_the_system_behind_the_service_said() -> None:
    assert rejected(b'{"detail": "Assignment group is mandatory"}', 400).reason == "Assignment group is mandatory"


def test_an_answer_without_words_has_no_reason() -> None:
    assert (rejected(b"{}").reason, rejected(b"{}").in_full) == (None, "create_ticket: 422")


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_a_page_of_a_proxy_is_called_one_and_none_of_it_is_repeated(status: int) -> None:
    error = rejected(b"<html><body><h1>Blocked by policy 7</h1></body></html>", status)
    assert error.in_full == (
        f"create_ticket: {status}, and the answer is not the JSON of the Tickets API: a proxy may have sent it"
    )


def test_a_reason_is_short_however_much_the_service_says() -> None:
    details = [{"field": f"field{number}", "message": "x" * 9999} for number in range(50)]
    reason = rejected(json.dumps({"details": details}).encode()).reason
    assert reason is not None
    assert (len(reason), reason[-1]) == (MAX_REASON, "…")


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\x1b[2J", "\r\n", "\x00", "\u2028"])
def test_a_reason_cannot_deceive_its_reader(hidden: str) -> None:
    details = [{"field": f"sub{hidden}ject", "message": f"not{hidden} liked"}]
    error = rejected(json.dumps({"details": details}).encode())
    assert error.in_full.isprintable()
    assert hidden not in error.in_full


def test_a_service_that_repeats_our_key_does_not_bring_it_into_the_reason() -> None:
    details = [{"field": "header", "message": f"X-API-Key {KEY} is for tests"}]
    error = rejected(json.dumps({"details": details}).encode(), headers={"X_Request_Id": f"r-{KEY}"})
    assert (error.reason, error.request_id) == ("header: X-API-Key [key] is for tests", None)


@pytest.mark.parametrize("hidden", ["\u200b", "\u2060", "\u202e", "\u00ad", "\ufeff", "\u3164"])
def test_a_key_hidden_by_invisible_characters_is_not_put_together_again(hidden: str) -> None:
    apart = f"{KEY[:7]}{hidden}{KEY[7:]}"
    details = [{"field": f"x{apart}", "message": apart}, {"message": "." * 1900 + hidden * 95 + apart}]
    error = rejected(json.dumps({"error": KEY + ".x", "message": apart, "details": details}).encode())
    assert KEY not in f"{error.in_full} {error.details}"
    assert "[key]" in error.in_full


@pytest.mark.parametrize(
    ("headers", "body", "found"),
    [
        ({"X_Request_Id": "req-1"}, {}, "req-1"),
        ({"Request_Id": " 7f/3.a "}, {}, "7f/3.a"),
        ({"X_Correlation_Id": "c"}, {}, "c"),
        ({"X_Correlation_Id": "c", "X_Request_Id": "req-1"}, {}, "req-1"),
        ({}, {"request_id": "from-the-body"}, "from-the-body"),
        ({"X_Request_Id": "req-1"}, {"request_id": "from-the-body"}, "req-1"),
        ({"X_Request_Id": "two words"}, {}, None),
        ({"X_Request_Id": "x" * 129}, {}, None),
        ({}, {"request_id": 7}, None),
        ({}, {"request_id": "a\x1b[2J"}, None),
        ({}, {}, None),
    ],
)
def test_the_request_id_is_that_of_the_header_else_of_the_body_if_it_is_one_plain_word(
    headers: dict[str, str], body: dict[str, object], found: str | None
) -> None:
    assert rejected(json.dumps(body).encode(), headers=headers).request_id == found
