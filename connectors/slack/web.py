"""Calls of Slack's Web API, and the meanings of its answers.

Source: docs.slack.dev, "Using the Web API" (`ok`, `error`, `needed`), "Rate limits" (429 with `Retry-After`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from connectors.contract.calls import CallUnknown, HttpAnswer, HttpCall
from connectors.slack.settings import Settings
from connectors.toolbox import forms
from connectors.toolbox.json_calls import (
    Failure,
    Meaning,
    call_later,
    call_rejected,
    call_unknown,
    document,
    failure,
    reason,
)
from connectors.toolbox.strict_json import text_at

LATER = ("ratelimited", "rate_limited", "service_unavailable", "team_added_to_org")
UNCLEAR = ("fatal_error", "internal_error", "request_timeout")
"""Errors after which, according to Slack, part of the work may have been done."""
FAILURES: Mapping[int | str, Meaning] = {
    200: call_rejected,  # with an error
    **dict.fromkeys(LATER, call_later),
    **dict.fromkeys(UNCLEAR, call_unknown),
}
JSON = {"Content-Type": "application/json; charset=utf-8"}
PASSES = (429, 503)
"""Statuses of calls that were not executed and may be made later."""

_CURSOR = re.compile(r"[!-~]{1,2000}")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def form(settings: Settings, method: str, token: str, arguments: Mapping[str, str]) -> HttpCall:
    """Write a call as a form, which every method accepts. Methods that only read do not accept JSON."""
    headers = {**bearer(token), "Content-Type": "application/x-www-form-urlencoded"}
    return HttpCall(url(settings, method), forms.form(arguments), headers)


def url(settings: Settings, method: str) -> str:
    return f"{str(settings.api_url).rstrip('/')}/{method}"


def answered(answer: HttpAnswer) -> Mapping[str, Any] | Failure:
    """Return a successful answer, or the failure.

    Slack answers 200 with `ok`; 429 and 503 before executing the call.
    """
    if answer.status in PASSES:
        return call_later(answer, f"Slack answered {answer.status}")
    said = document(answer)
    if answer.status != 200 or not said:
        return CallUnknown(f"Slack answered {answer.status}: expected 200 and a JSON object with ok")
    if said.get("ok") is True:
        return said
    error, needed = text_at(said, "error"), text_at(said, "needed")
    told = reason("Slack", error or "no reason given") + (f", {needed[:200]}" if needed else "")
    return failure(answer, told, FAILURES, error)


def cursor(said: Mapping[str, Any]) -> str | None:
    """Return the cursor of an answer's next page; None after the last page."""
    more = said.get("response_metadata")
    value = more.get("next_cursor") if isinstance(more, dict) else None
    return value if isinstance(value, str) and _CURSOR.fullmatch(value) else None


def names_one(reason: str, errors: Set[str]) -> bool:
    """True if a reason from `answered` names one of these errors."""
    return not errors.isdisjoint(reason.replace(",", " ").split())
