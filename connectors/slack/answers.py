"""What does the thread say of its ticket? One message of ours, which is edited when the ticket's state changes.

It names number, state and link, and nothing that somebody wrote: a thread may have more readers than its ticket.

Source: docs.slack.dev, `chat.postMessage`, `chat.update`, "Rate limits".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from connectors.answering import Answered, HttpCall, Outcome, Told, Unclear
from connectors.slack import web
from connectors.slack.settings import Settings

STATES: Mapping[str, str] = {"open": "open", "pending": "in progress", "resolved": "resolved", "closed": "closed"}


def target(channel: str, root: str, teams: Sequence[str], settings: Settings) -> str | None:
    """Where the thread is, as the event carries it; None where nobody is told there.

    A workspace is named only where it has a token of its own: the threads of others are called what they always were.
    """
    if not settings.receipts:
        return None
    team = next((each for each in teams if each in settings.workspaces), None)
    if settings.token(team) is None:
        return None
    return json.dumps({"channel": channel, "thread": root} | ({"team": team} if team is not None else {}))


def is_on(settings: Settings) -> bool:
    return settings.receipts and settings.has_tokens


def write(about: Answered, settings: Settings) -> HttpCall:
    """`chat.postMessage` into the thread, or `chat.update` of what stands there."""
    where = json.loads(about.target)
    text = f"Ticket {about.ticket} is {STATES.get(about.status, about.status)} ({about.priority})"
    if about.link is not None:
        text += f": {about.link}"
    method, body = "chat.postMessage", {"channel": where["channel"], "text": text, "thread_ts": where["thread"]}
    if about.place is not None:
        method, body = "chat.update", {"channel": where["channel"], "text": text, "ts": about.place}
    headers = {**web.bearer(settings.token(where.get("team")) or ""), "Content-Type": "application/json; charset=utf-8"}
    return HttpCall(web.url(settings, method), json.dumps(body).encode(), headers)


def read(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """What Slack answered."""
    said = web.answered(status, headers, body)
    if not isinstance(said, Mapping):
        return said
    ts = said.get("ts")
    return Told(ts) if isinstance(ts, str) else Unclear("answered 200, and not as Slack does")
