"""Receipts in Discord: edits of the reply to an interaction, for 15 minutes, or without limit if there is a bot.

The interaction's token lets its bearer edit the reply for 15 minutes. It is part of the URL, so URLs are never shown or
logged. An edit is idempotent. Edits omit `components`, so the buttons stay. A reply that only its reader sees can be
edited with that token alone; other replies also by the bot, if it may read the channel.

Source: discord.com/developers/docs, "Edit Original Interaction Response", "Edit Message", "Rate Limits", "User Agent".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.contract.calls import CallLater, CallRejected, HttpAnswer, HttpCall
from connectors.contract.receipts import Outcome, Posted, ReceiptContent, text
from connectors.discord.envelope import maybe_id, moment
from connectors.discord.replies import ONLY_FOR_YOU
from connectors.discord.settings import Settings
from connectors.toolbox.forms import escaped
from connectors.toolbox.json_calls import Meaning, document, failure, json_call, pause, reason
from connectors.toolbox.strict_json import text_at

OPEN_FOR = timedelta(minutes=15) - timedelta(seconds=30)
"""How long after the interaction its reply can be edited, minus the time of a call."""
USER_AGENT = "DiscordBot (https://discord.com/developers/applications/{}, 1)"
"""The required User-Agent: library, URL about the bot, version. Discord may refuse others."""
ORIGINAL = "@original"
"""The place of a reply that only its token can edit."""


def target(application: str, interaction: str, token: str) -> str:
    """Return the receipt target for an event: the reply to edit."""
    return json.dumps({"application": application, "interaction": interaction, "token": token})


def is_on(settings: Settings) -> bool:
    return settings.receipts


def write(about: ReceiptContent, settings: Settings) -> HttpCall | CallRejected:
    """Write the edit: with the interaction's token while it is valid, then with the bot's."""
    where, api = json.loads(about.target), str(settings.api_url).rstrip("/")
    body = {"content": text(about), "allowed_mentions": {"parse": []}}
    headers = {"User-Agent": USER_AGENT.format(where["application"])}
    if about.now < moment(where["interaction"]) + OPEN_FOR:
        url = f"{api}/webhooks/{where['application']}/{escaped(where['token'])}/messages/@original"
        return json_call(url, body, headers, "PATCH", repeatable=True)
    channel, _, message = (about.place or ORIGINAL).partition(":")
    if settings.bot_token is None or not message:
        return CallRejected("the interaction is older than 15 minutes, so its reply cannot be edited without bot_token")
    headers["Authorization"] = f"Bot {settings.bot_token.get_secret_value()}"
    return json_call(f"{api}/channels/{channel}/messages/{message}", body, headers, "PATCH", repeatable=True)


def read(about: ReceiptContent, answer: HttpAnswer) -> Outcome:
    """Read Discord's answer: the message, or `code` and `message` of an error."""
    said = document(answer)
    because = reason("Discord", answer.status, said.get("code"), text_at(said, "message"))
    if answer.status == 200:
        number = maybe_id(said.get("id"))
        # A thread that is made from the reply has the reply's id.
        return Posted(_place(said, about), (number,) if number else ())
    if answer.status == 404 and about.place is None:
        return CallLater(None, f"{because}: the reply to edit does not exist yet")
    return failure(answer, because, FAILURES)


def _limited(answer: HttpAnswer, because: str) -> CallLater:
    return CallLater(pause(answer), because, for_all=document(answer).get("global") is True)


FAILURES: Mapping[int | str, Meaning] = {429: _limited}


def _place(message: Mapping[str, Any], about: ReceiptContent) -> str:
    """Return `channel:message` if the bot can edit the reply, else `@original`."""
    channel, number, flags = maybe_id(message.get("channel_id")), maybe_id(message.get("id")), message.get("flags")
    if channel is None or number is None or not isinstance(flags, int) or flags & ONLY_FOR_YOU:
        return about.place or ORIGINAL
    return f"{channel}:{number}"
