"""Tests of the meaning of a failed call: by the platform's table, otherwise by the rule for its status."""

from __future__ import annotations

import pytest

from connectors.contract.calls import HttpAnswer, Later, Refused, Unclear
from connectors.toolbox.json_calls import Failure, Meaning, failure, json_call, later, refused, unclear

TABLE: dict[int | str, Meaning] = {200: refused, 429: later, 404: unclear, "busy": later}


@pytest.mark.parametrize(
    ("status", "error", "meaning"),
    [
        (400, None, Refused("why")),
        (499, None, Refused("why")),
        (500, None, Unclear("why")),
        (302, None, Unclear("why")),
        (429, None, Later(7.0, "why")),
        (404, None, Unclear("why")),
        (200, "no_such_channel", Refused("why")),
        (200, "busy", Later(7.0, "why")),
        (500, "busy", Later(7.0, "why")),
        (404, "no_such_channel", Unclear("why")),
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
