"""How is Slack's Web API called, and what do its answers mean?

Source: docs.slack.dev, "Using the Web API" (`ok`, `error`, `needed`), "Rate limits" (429 with `Retry-After`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from connectors.contract.calls import HttpAnswer, HttpCall, Unclear
from connectors.slack.settings import Settings
from connectors.toolbox import forms
from connectors.toolbox.answers import Failure, Meaning, document, failure, later, reason, refused, unclear
from connectors.toolbox.strict_json import text_at

LATER = ("ratelimited", "rate_limited", "service_unavailable", "team_added_to_org")
UNCLEAR = ("fatal_error", "internal_error", "request_timeout")
"""Errors after which Slack says that part of the work may have been done."""
FAILURES: Mapping[int | str, Meaning] = {
    200: refused,  # with an error, that is
    **dict.fromkeys(LATER, later),
    **dict.fromkeys(UNCLEAR, unclear),
}
JSON = {"Content-Type": "application/json; charset=utf-8"}
PASSES = (429, 503)
"""Statuses of what was not done, and may be later."""

_CURSOR = re.compile(r"[!-~]{1,2000}")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def form(settings: Settings, method: str, token: str, arguments: Mapping[str, str]) -> HttpCall:
    """A call as a form, which every method takes; those that only read do not take JSON."""
    headers = {**bearer(token), "Content-Type": "application/x-www-form-urlencoded"}
    return HttpCall(url(settings, method), forms.form(arguments), headers)


def url(settings: Settings, method: str) -> str:
    return f"{str(settings.api_url).rstrip('/')}/{method}"


def answered(answer: HttpAnswer) -> Mapping[str, Any] | Failure:
    """What Slack said where it did what was asked. It answers 200 with `ok`; 429 and 503 before anything was done."""
    if answer.status in PASSES:
        return later(answer, f"answered {answer.status}")
    said = document(answer)
    if answer.status != 200 or not said:
        return Unclear(f"answered {answer.status}, and not as Slack does")
    if said.get("ok") is True:
        return said
    error, needed = text_at(said, "error"), text_at(said, "needed")
    told = reason("Slack", error or "no reason given") + (f", {needed[:200]}" if needed else "")
    return failure(answer, told, FAILURES, error)


def cursor(said: Mapping[str, Any]) -> str | None:
    """Where the next page of an answer begins; None where this was the last."""
    more = said.get("response_metadata")
    value = more.get("next_cursor") if isinstance(more, dict) else None
    return value if isinstance(value, str) and _CURSOR.fullmatch(value) else None


def names_one(reason: str, errors: Set[str]) -> bool:
    """True where a reason that `answered` gave is one of these errors."""
    return not errors.isdisjoint(reason.replace(",", " ").split())
