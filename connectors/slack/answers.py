"""What does the thread say of its ticket? One message of ours, which is edited when the ticket's state changes.

What was asked for by a command is told at the command's `response_url`, to who asked, once: Slack takes five answers
within half an hour there, and says of none where it is. That URL lets anybody answer who has it; it is called only on
hosts of Slack's.

Source: docs.slack.dev, `chat.postMessage`, `chat.update`, "Rate limits", "Handling user interaction".
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import AnyHttpUrl

from connectors.answering import (
    Answered,
    HttpAnswer,
    HttpCall,
    Later,
    Outcome,
    Refused,
    Told,
    Unclear,
    document,
    pause,
    reason,
    text,
)
from connectors.slack.settings import Settings

LATER = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
UNCLEAR = frozenset({"fatal_error", "internal_error", "request_timeout"})
"""Errors after which Slack says that part of the work may have been done."""

RESPONSE_URL = re.compile(r"https://hooks\.slack(?:-gov)?\.com/[!-~]{1,1000}")


def target(channel: str, root: str | None) -> str:
    """Where the thread is, as the event carries it; without a root, the channel, or the person that it names."""
    return json.dumps({"channel": channel} | ({} if root is None else {"thread": root}))


def target_of_response(url: str) -> str:
    """Where Slack takes answers to one slash command, as the event carries it."""
    return json.dumps({"response_url": url})


def is_on(settings: Settings) -> bool:
    return settings.receipts and settings.bot_token is not None


def write(about: Answered, settings: Settings) -> HttpCall | Refused:
    """`chat.postMessage`, or `chat.update` of what stands there; or what a `response_url` takes."""
    where = json.loads(about.target)
    if "response_url" in where:
        return _respond(where["response_url"], about, settings)
    method, body = "chat.postMessage", {"channel": where["channel"], "text": text(about)}
    if about.place is not None:
        channel, _, ts = about.place.rpartition(" ")
        method, body = "chat.update", body | {"channel": channel or where["channel"], "ts": ts}
    elif where.get("thread") is not None:
        body["thread_ts"] = where["thread"]
    token = settings.bot_token.get_secret_value() if settings.bot_token is not None else ""
    url = f"{str(settings.api_url).rstrip('/')}/{method}"
    return _call(url, body, {"Authorization": f"Bearer {token}"}, repeatable=about.place is not None)


def read(about: Answered, answer: HttpAnswer) -> Outcome:
    """Slack answers 200 with `ok`; 429 and 503 before anything was done."""
    if answer.status in (429, 503):
        return Later(pause(answer), f"answered {answer.status}")
    if "response_url" in json.loads(about.target):
        return _responded(answer)
    said = document(answer)
    if answer.status != 200 or not said:
        return Unclear(f"answered {answer.status}, and not as Slack does")
    if said.get("ok") is True and isinstance(said.get("ts"), str):
        # What goes to a person is edited in the channel that it came to: `chat.update` knows no people.
        channel = said.get("channel")
        is_direct = isinstance(channel, str) and channel.startswith("D")
        return Told(f"{channel} {said['ts']}" if is_direct else said["ts"])
    error = said.get("error") if isinstance(said.get("error"), str) else "no reason given"
    if error in LATER:
        return Later(pause(answer), reason("Slack", error))
    return Unclear(reason("Slack", error)) if error in UNCLEAR else Refused(reason("Slack", error))


def _respond(url: object, about: Answered, settings: Settings) -> HttpCall | Refused:
    if not isinstance(url, str) or not (RESPONSE_URL.fullmatch(url) or _is_at(url, settings.api_url)):
        return Refused("the response_url is none of Slack's, and is not called")
    return _call(url, {"response_type": "ephemeral", "replace_original": False, "text": text(about)}, {})


def _responded(answer: HttpAnswer) -> Outcome:
    if answer.status == 200:
        return Told()
    said = reason("Slack", answer.status, answer.body[:100].decode("utf-8", "replace"))
    return Refused(said) if 400 <= answer.status < 500 else Unclear(said)


def _is_at(url: str, other: AnyHttpUrl) -> bool:
    """Whether both are at the same scheme, host and port."""
    return url.startswith(str(AnyHttpUrl.build(scheme=other.scheme, host=other.host or "", port=other.port)))


def _call(url: str, body: dict[str, Any], headers: dict[str, str], *, repeatable: bool = False) -> HttpCall:
    typed = {"Content-Type": "application/json; charset=utf-8"} | headers
    return HttpCall(url, json.dumps(body).encode(), typed, repeatable=repeatable)
