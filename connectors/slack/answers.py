"""What does the thread say of its ticket? One message of ours, which is edited when the ticket's state changes.

It names number, state and link, and nothing that somebody wrote: a thread may have more readers than its ticket.

Source: docs.slack.dev, `chat.postMessage`, `chat.update`, "Rate limits".
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from connectors.answering import Answered, HttpCall, Later, Outcome, Refused, Told, Unclear
from connectors.slack.settings import Settings

LATER = frozenset({"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"})
UNCLEAR = frozenset({"fatal_error", "internal_error", "request_timeout"})
"""Errors after which Slack says that part of the work may have been done."""
PAUSE_S = 30.0  # where Slack does not say how long

STATES: Mapping[str, str] = {"open": "open", "pending": "in progress", "resolved": "resolved", "closed": "closed"}


def target(channel: str, root: str | None) -> str:
    """Where the thread is, as the event carries it; without a root, the channel, or the person that it names."""
    return json.dumps({"channel": channel} | ({} if root is None else {"thread": root}))


def target_of_response(url: str) -> str:
    """Where Slack takes answers to one slash command, as the event carries it."""
    return json.dumps({"response_url": url})


def is_on(settings: Settings) -> bool:
    return settings.receipts and settings.bot_token is not None


def write(about: Answered, settings: Settings) -> HttpCall:
    """`chat.postMessage` into the thread, or `chat.update` of what stands there."""
    where = json.loads(about.target)
    text = f"Ticket {about.ticket} is {STATES.get(about.status, about.status)} ({about.priority})"
    if about.link is not None:
        text += f": {about.link}"
    method, body = "chat.postMessage", {"channel": where["channel"], "text": text}
    if about.place is not None:
        channel, _, ts = about.place.rpartition(" ")
        method, body = "chat.update", {"channel": channel or where["channel"], "text": text, "ts": ts}
    elif "thread" in where:
        body["thread_ts"] = where["thread"]
    token = settings.bot_token.get_secret_value() if settings.bot_token is not None else ""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json; charset=utf-8"}
    return HttpCall(f"{str(settings.api_url).rstrip('/')}/{method}", json.dumps(body).encode(), headers)


def read(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Slack answers 200 with `ok`; 429 and 503 before anything was done."""
    if status in (429, 503):
        told = headers.get("retry-after", "")
        return Later(float(told) if told.isdecimal() and len(told) < 6 else PAUSE_S, f"answered {status}")
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if status != 200 or not isinstance(said, dict):
        return Unclear(f"answered {status}, and not as Slack does")
    if said.get("ok") is True and isinstance(said.get("ts"), str):
        # What goes to a person is edited in the channel that it came to: `chat.update` knows no people.
        channel = said.get("channel")
        is_direct = isinstance(channel, str) and channel.startswith("D")
        return Told(f"{channel} {said['ts']}" if is_direct else said["ts"])
    error = said.get("error") if isinstance(said.get("error"), str) else "no reason given"
    if error in LATER:
        return Later(PAUSE_S, f"Slack said {error}")
    return Unclear(f"Slack said {error}") if error in UNCLEAR else Refused(f"Slack said {error}")
