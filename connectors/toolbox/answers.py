"""Writes calls with JSON and reads what their answers mean: a pause, a JSON object, a reason, and by a table a failure.

A platform's table has what differs from the rule: its statuses, and its own words for errors. The rule is that a status
of 4xx refuses for good, and that after anything else the call may have been taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from connectors.contract.calls import HttpAnswer, HttpCall, Later, Refused, Unclear
from connectors.toolbox.text import cut, one_line

PAUSE_S = 30.0  # where a platform does not say how long


MAX_REASON = 300  # characters

Failure = Later | Unclear | Refused
Meaning = Callable[[HttpAnswer, str], Failure]
"""What an answer means whose reason is this."""

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def pause(answer: HttpAnswer) -> float:
    """Seconds, as `Retry-After` says, at most a day; `PAUSE_S` where it does not."""
    return seconds(answer.headers.get("retry-after"))


def seconds(told: object) -> float:
    """A number of seconds in digits, at most a day; `PAUSE_S` where it is none."""
    written = str(told) if isinstance(told, str | int | float) and not isinstance(told, bool) else ""
    return min(float(written), 86_400.0) if _SECONDS.fullmatch(written) else PAUSE_S


def document(answer: HttpAnswer) -> Mapping[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def reason(platform: str, *said: object) -> str:
    """`Slack said …`, as one line that is not too long."""
    return cut(
        one_line(f"{platform} said {' '.join(str(each) for each in said if each not in (None, ''))}"), MAX_REASON
    )


def later(answer: HttpAnswer, because: str) -> Failure:
    """Surely not taken; after the pause that the answer tells."""
    return Later(pause(answer), because)


def unclear(_answer: HttpAnswer, because: str) -> Failure:
    """It may have been taken."""
    return Unclear(because)


def refused(_answer: HttpAnswer, because: str) -> Failure:
    """It will never be taken."""
    return Refused(because)


def failure(answer: HttpAnswer, because: str, table: Mapping[int | str, Meaning], error: str | None = None) -> Failure:
    """What an answer means that does not say that the call was taken.

    The table is asked for the platform's own word for the error, then for the status; then the rule holds.
    """
    by_rule = refused if 400 <= answer.status < 500 else unclear
    by_status = table.get(answer.status, by_rule)
    meaning = by_status if error is None else table.get(error, by_status)
    return meaning(answer, because)


def json_call(
    url: str,
    body: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
    method: Literal["POST", "PATCH", "PUT"] = "POST",
    *,
    repeatable: bool = False,
) -> HttpCall:
    """A call that sends the body as JSON; `headers` come on top of its type."""
    typed = {"Content-Type": "application/json", **(headers or {})}
    return HttpCall(url, json.dumps(body).encode(), typed, method, repeatable=repeatable)
