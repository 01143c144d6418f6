"""A bot in Microsoft Teams: a thread, or a chat as a whole, is a case; it hears edits, deletions and reactions too.

Microsoft's Bot Connector posts each activity with a token that it signed; the keys are fetched from Microsoft. It posts
again what is not answered within 15 seconds: the same message, which is known.

Source: learn.microsoft.com/azure/bot-service, "Authentication with the Bot Connector API";
learn.microsoft.com/microsoftteams/platform, "Conversation events in your bot".
"""

from __future__ import annotations

import re
from datetime import datetime

from connectors.chats.facts import MAX_REASON
from connectors.contract.connector import Connector, Outside
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Remark, UnreadableMessage, Unverified, Verified
from connectors.contract.receipts import Answering
from connectors.teams_bot import answers, tokens
from connectors.teams_bot.messages import HANDLERS
from connectors.teams_bot.settings import CLOUDS, Settings
from connectors.toolbox.strict_json import found, read_object
from connectors.toolbox.text import cut, one_line

__all__ = ["CONNECTOR", "Settings", "parse", "sign", "verify"]

KEPT_S = 24 * 3600.0
"""How long Microsoft's keys are used without looking for others, as it says."""


def verify(inbound: Inbound, settings: Settings, now: datetime, keys: Keys) -> Verified | Denied:
    """`Authorization: Bearer` with a token of the Bot Connector, for our bot and this activity."""
    return tokens.check(inbound, settings, now, keys) or Verified(inbound)


def sign(_body: bytes, _settings: Settings, _now: datetime) -> dict[str, str]:
    """Nothing: only Microsoft can make the token."""
    return {}


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """One event; two where one reaction took the place of another.

    Raises UnreadableMessage where what it is about cannot be told: no conversation, no id, no time.
    """
    activity = read_object(message.inbound.body)
    kind = activity.get("type")
    if not isinstance(kind, str):
        raise UnreadableMessage(f"type: {found(kind) if 'type' in activity else 'nothing'} is no type of an activity")
    handler = HANDLERS.get(kind)
    if handler is None:
        return Parsed(ignored=(Remark("type", f"nothing is done about an activity of type {found(kind)}"),))
    try:
        said = tuple(handler(activity, settings))
    except ValueError as error:
        raise UnreadableMessage(cut(one_line(str(error)), MAX_REASON)) from None
    return Parsed(
        events=tuple(each for each in said if not isinstance(each, Remark)),
        ignored=tuple(each for each in said if isinstance(each, Remark)),
    )


CONNECTOR = Connector(
    kind="teams_bot",
    title="Microsoft Teams (bot)",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    outside=Outside(
        hosts=re.compile("|".join(re.escape(each.keys.split("/")[2]) for each in CLOUDS.values())),
        keys=tokens.key_sets,
        kept_s=KEPT_S,
        lacks=tokens.lacks,
    ),
    answering=Answering(answers.is_on, answers.write, answers.read, answers.credentials),
    attributes={
        "channel": "the id of the channel's or chat's conversation",
        "team": "the team's id; none in a chat",
        "user": "the id of who said or did it",
        "reaction": "Teams' word for it, where the event is a reaction that came or went",
    },
)
