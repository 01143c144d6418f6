"""Helpers for JSON calls and their answers: pauses, JSON objects, reasons, and failures by a table.

A platform's table holds the exceptions to the rule, by status and by the platform's error codes. The rule: a 4xx status
refuses for good, and after any other failure the call may have been taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall
from connectors.toolbox.reasons import shown

PAUSE_S = 30.0  # if the platform gives no time


MAX_REASON = 300  # characters

Failure = CallLater | CallUnknown | CallRejected
Meaning = Callable[[HttpAnswer, str], Failure]
"""Returns the meaning of an answer with this reason."""

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def pause(answer: HttpAnswer) -> float:
    """Return the seconds in `Retry-After`, at most a day; `PAUSE_S` if there is no such number."""
    return seconds(answer.headers.get("retry-after"))


def seconds(told: object) -> float:
    """Return a number of seconds given in digits, at most a day; `PAUSE_S` for anything else."""
    written = str(told) if isinstance(told, str | int | float) and not isinstance(told, bool) else ""
    return min(float(written), 86_400.0) if _SECONDS.fullmatch(written) else PAUSE_S


def document(answer: HttpAnswer) -> Mapping[str, Any]:
    """Return the JSON object in an answer; empty if there is none."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def reason(platform: str, *said: object) -> str:
    """Return `Slack said …`, as one line of at most `MAX_REASON` characters."""
    return shown(f"{platform} said {' '.join(str(each) for each in said if each not in (None, ''))}", MAX_REASON)


def call_later(answer: HttpAnswer, because: str) -> Failure:
    """Not taken. Try again after the pause that the answer gives."""
    return CallLater(pause(answer), because)


def call_unknown(_answer: HttpAnswer, because: str) -> Failure:
    """Possibly taken."""
    return CallUnknown(because)


def call_rejected(_answer: HttpAnswer, because: str) -> Failure:
    """Never taken."""
    return CallRejected(because)


def failure(answer: HttpAnswer, because: str, table: Mapping[int | str, Meaning], error: str | None = None) -> Failure:
    """Return the meaning of an answer that does not confirm the call.

    The table is searched for the platform's error code, then for the status; otherwise the rule applies.
    """
    by_rule = call_rejected if 400 <= answer.status < 500 else call_unknown
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
    """Return a call with a JSON body; `headers` are added to the content type."""
    typed = {"Content-Type": "application/json", **(headers or {})}
    return HttpCall(url, json.dumps(body).encode(), typed, method, repeatable=repeatable)
