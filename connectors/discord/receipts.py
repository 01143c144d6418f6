"""How does the answer to an interaction come to name its ticket? By an edit, for 15 minutes; with a bot, for ever.

The token of the interaction lets whoever has it answer for 15 minutes; it stands in the URL, so no URL is shown or
logged. An edit says what is to stand there, so it may be made twice. It leaves out `components`: the buttons stay. What
only its reader sees can be edited by that token alone; everything else by the bot too, where it may read the channel.

Source: discord.com/developers/docs, "Edit Original Interaction Response", "Edit Message", "Rate Limits", "User Agent".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from connectors.contract.calls import HttpAnswer, HttpCall, Later, Refused
from connectors.contract.receipts import Answered, Outcome, Told, text
from connectors.discord.answers import ONLY_FOR_YOU
from connectors.discord.envelope import maybe_id, moment
from connectors.discord.settings import Settings
from connectors.toolbox.answers import Meaning, document, failure, json_call, pause, reason
from connectors.toolbox.forms import escaped
from connectors.toolbox.strict_json import text_at

OPEN_FOR = timedelta(minutes=15) - timedelta(seconds=30)
"""How long after the interaction its answer can be edited, less what a call may take."""
USER_AGENT = "DiscordBot (https://discord.com/developers/applications/{}, 1)"
"""What Discord wants to be told: a library, where to read about the bot, a version; others may be refused."""
ORIGINAL = "@original"
"""The place of an answer that only its token can edit."""


def target(application: str, interaction: str, token: str) -> str:
    """Which answer is edited, as the event carries it."""
    return json.dumps({"application": application, "interaction": interaction, "token": token})


def is_on(settings: Settings) -> bool:
    return settings.receipts


def write(about: Answered, settings: Settings) -> HttpCall | Refused:
    """The edit: by the interaction's token as long as that holds, then by the bot."""
    where, api = json.loads(about.target), str(settings.api_url).rstrip("/")
    body = {"content": text(about), "allowed_mentions": {"parse": []}}
    headers = {"User-Agent": USER_AGENT.format(where["application"])}
    if about.now < moment(where["interaction"]) + OPEN_FOR:
        url = f"{api}/webhooks/{where['application']}/{escaped(where['token'])}/messages/@original"
        return json_call(url, body, headers, "PATCH", repeatable=True)
    channel, _, message = (about.place or ORIGINAL).partition(":")
    if settings.bot_token is None or not message:
        return Refused("the interaction is longer ago than 15 minutes: its answer cannot be edited any more")
    headers["Authorization"] = f"Bot {settings.bot_token.get_secret_value()}"
    return json_call(f"{api}/channels/{channel}/messages/{message}", body, headers, "PATCH", repeatable=True)


def read(about: Answered, answer: HttpAnswer) -> Outcome:
    """Discord answers with the message, or with `code` and `message` of an error."""
    said = document(answer)
    because = reason("Discord", answer.status, said.get("code"), text_at(said, "message"))
    if answer.status == 200:
        number = maybe_id(said.get("id"))
        # A thread that is made from the answer has its id.
        return Told(_place(said, about), (number,) if number else ())
    if answer.status == 404 and about.place is None:
        return Later(None, f"{because}: our own answer is not there yet")
    return failure(answer, because, FAILURES)


def _limited(answer: HttpAnswer, because: str) -> Later:
    return Later(pause(answer), because, for_all=document(answer).get("global") is True)


FAILURES: Mapping[int | str, Meaning] = {429: _limited}


def _place(message: Mapping[str, Any], about: Answered) -> str:
    """`channel:message`, by which the bot can edit it; `@original` where it cannot."""
    channel, number, flags = maybe_id(message.get("channel_id")), maybe_id(message.get("id")), message.get("flags")
    if channel is None or number is None or not isinstance(flags, int) or flags & ONLY_FOR_YOU:
        return about.place or ORIGINAL
    return f"{channel}:{number}"
