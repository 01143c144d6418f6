"""Tests of the meaning of a failed call: by the platform's table, otherwise by the rule for its status."""

from __future__ import annotations

import pytest

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer
from connectors.toolbox.json_calls import Failure, Meaning, call_later, call_rejected, call_unknown, failure, json_call

TABLE: dict[int | str, Meaning] = {200: call_rejected, 429: call_later, 404: call_unknown, "busy": call_later}


@pytest.mark.parametrize(
    ("status", "error", "meaning"),
    [
        (400, None, CallRejected("why")),
        (499, None, CallRejected("why")),
        (500, None, CallUnknown("why")),
        (302, None, CallUnknown("why")),
        (429, None, CallLater(7.0, "why")),
        (404, None, CallUnknown("why")),
        (200, "no_such_channel", CallRejected("why")),
        (200, "busy", CallLater(7.0, "why")),
        (500, "busy", CallLater(7.0, "why")),
        (404, "no_such_channel", CallUnknown("why")),
    ],
)
def test_a_platforms_own_word_counts_before_its_status_and_that_before_the_rule(
    status: int, error: str | None, meaning: Failure
) -> None:
    assert failure(HttpAnswer(status, {"retry-after": "7"}, b""), "why", TABLE, error) == meaning


def test_a_call_with_json_says_so_unless_it_says_more() -> None:
    assert json_call("https://x", {"a": 1}).headers == {"Content-Type": "application/json"}
    call = json_call("https://x", {"a": "ä"}, {"Content-Type": "application/json; charset=utf-8", "X-A": "1"}, "PUT")
    assert call.headers == {"Content-Type": "application/json; charset=utf-8", "X-A": "1"}
    assert (call.body, call.method, call.repeatable) == (b'{"a": "\\u00e4"}', "PUT", False)
