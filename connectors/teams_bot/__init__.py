"""A bot in Microsoft Teams: a thread, or a chat as a whole, is a case; it hears edits, deletions and reactions too.

Microsoft's Bot Connector posts each activity with a token that it signed; the keys are fetched from Microsoft. It posts
again what is not answered within 15 seconds: the same message, which is known.

Source: learn.microsoft.com/azure/bot-service, "Authentication with the Bot Connector API";
learn.microsoft.com/microsoftteams/platform, "Conversation events in your bot".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.contract.connector import Connector, Outside
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Remark, Verified
from connectors.contract.receipts import Answering
from connectors.teams_bot import answers, tokens
from connectors.teams_bot.messages import HANDLERS
from connectors.teams_bot.settings import CLOUDS, Settings
from connectors.toolbox.reading import of_object, parsed
from connectors.toolbox.strict_json import found, read_word

__all__ = ["CONNECTOR", "Settings"]

KEPT_S = 24 * 3600.0
"""How long Microsoft's keys are used without looking for others, as it says."""


def verify(inbound: Inbound, settings: Settings, now: datetime, keys: Keys) -> Verified | Denied:
    """`Authorization: Bearer` with a token of the Bot Connector, for our bot and this activity."""
    return tokens.check(inbound, settings, now, keys) or Verified(inbound)


def sign(_body: bytes, _settings: Settings, _now: datetime) -> dict[str, str]:
    """Nothing: only Microsoft can make the token."""
    return {}


@of_object
def parse(activity: Mapping[str, Any], _inbound: Inbound, settings: Settings) -> Parsed:
    """One event; two where one reaction took the place of another.

    Raises UnreadableMessage where what it is about cannot be told: no conversation, no id, no time.
    """
    kind = read_word(activity, "type", "type of an activity")
    handler = HANDLERS.get(kind)
    if handler is None:
        return Parsed(ignored=(Remark("type", f"nothing is done about an activity of type {found(kind)}"),))
    return parsed(handler(activity, settings))


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
