"""Receipts in Slack: one message in the thread, edited when the ticket's state changes.

The receipt for a slash command goes to the command's `response_url`, once, visible only to its author: there Slack
takes five answers within half an hour and returns no message id. Anybody with that URL can post to it, so it is called
only on Slack's hosts.

Source: docs.slack.dev, `chat.postMessage`, `chat.update`, "Rate limits", "Handling user interaction".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import AnyHttpUrl

from connectors.contract.calls import CallRejected, CallUnknown, HttpAnswer, HttpCall
from connectors.contract.receipts import Outcome, Posted, ReceiptContent, text
from connectors.slack import web
from connectors.slack.settings import Settings
from connectors.toolbox.json_calls import call_later, failure, json_call, reason

_RESPONSE_URL = re.compile(r"(https?://[^/@]{1,255}/)[!-~]{1,450}")
_RESPONSE_HOSTS = ("https://hooks.slack.com/", "https://hooks.slack-gov.com/")


def target(channel: str, root: str | None, teams: Sequence[str], settings: Settings) -> str | None:
    """Return the receipt target for an event: a thread, or without a root the channel or person. None: no receipt.

    The target names a workspace only if the workspace has a token of its own. Targets in other workspaces keep their
    earlier form.
    """
    if not settings.receipts:
        return None
    team = next((each for each in teams if each in settings.workspaces), None)
    if settings.token(team) is None:
        return None
    thread = {} if root is None else {"thread": root}
    return json.dumps({"channel": channel} | thread | ({} if team is None else {"team": team}))


def target_of_channel(channel: str) -> str:
    """Return the receipt target for a message into a channel."""
    return json.dumps({"channel": channel})


def target_of_response(url: str) -> str:
    """Return the receipt target for one slash command, as the event carries it."""
    return json.dumps({"response_url": url})


def response_url(told: object, settings: Settings) -> str | None:
    """Return a command's `response_url` if it is on a host of Slack or on the host of the Web API, else None."""
    match = _RESPONSE_URL.fullmatch(told) if isinstance(told, str) else None
    ours = settings.api_url
    here = str(AnyHttpUrl.build(scheme=ours.scheme, host=ours.host or "", port=ours.port))
    return match[0] if match and match[1] in (*_RESPONSE_HOSTS, here) else None


def is_on(settings: Settings) -> bool:
    return settings.receipts and bool(settings.with_tokens)


def write(about: ReceiptContent, settings: Settings) -> HttpCall | CallRejected:
    """Write `chat.postMessage`, `chat.update` for an existing receipt, or the request for a `response_url`."""
    where = json.loads(about.target)
    if "response_url" in where:
        return _respond(where["response_url"], about, settings)
    method, body = "chat.postMessage", {"channel": where["channel"], "text": text(about)}
    if about.place is not None:
        channel, _, ts = about.place.rpartition(" ")
        method, body = "chat.update", body | {"channel": channel or where["channel"], "ts": ts}
    elif where.get("thread") is not None:
        body["thread_ts"] = where["thread"]
    headers = web.JSON | web.bearer(settings.token(where.get("team")) or "")
    return json_call(web.url(settings, method), body, headers, repeatable=about.place is not None)


def read(about: ReceiptContent, answer: HttpAnswer) -> Outcome:
    """Read Slack's answer."""
    if "response_url" in json.loads(about.target):
        return _responded(answer)
    said = web.answered(answer)
    if not isinstance(said, Mapping):
        return said
    ts, channel = said.get("ts"), said.get("channel")
    if not isinstance(ts, str):
        return CallUnknown("Slack answered 200 without ts: expected the time of the message")
    if not isinstance(channel, str):
        return Posted(ts)
    # The workspace in the case key: other deliveries about the receipt name the same workspace.
    team = about.case_key.partition(":")[0]
    # A direct message is edited in the channel that Slack returned: `chat.update` accepts no user ids.
    return Posted(f"{channel} {ts}" if channel.startswith("D") else ts, (f"{team}:{channel}:{ts}",))


def _respond(told: object, about: ReceiptContent, settings: Settings) -> HttpCall | CallRejected:
    url = response_url(told, settings)
    if url is None:
        return CallRejected("response_url is not an address of Slack's, and is not called")
    return json_call(url, {"response_type": "ephemeral", "replace_original": False, "text": text(about)}, web.JSON)


def _responded(answer: HttpAnswer) -> Outcome:
    if answer.status == 200:
        return Posted()
    if answer.status in web.PASSES:
        return call_later(answer, f"Slack answered {answer.status}")
    return failure(answer, reason("Slack", answer.status, answer.body[:100].decode("utf-8", "replace")), {})
