"""A bot in Microsoft Teams: a thread, or a whole chat, is a case; edits, deletions and reactions arrive too.

Microsoft's Bot Connector posts each activity with a token that it signed; the keys are fetched from Microsoft. An
activity that is not answered within 15 seconds is posted again and is a repeat.

Source: learn.microsoft.com/azure/bot-service, "Authentication with the Bot Connector API";
learn.microsoft.com/microsoftteams/platform, "Conversation events in your bot".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.contract.connector import Connector, Outside
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Verified
from connectors.contract.receipts import ReceiptCalls
from connectors.teams_bot import receipts, tokens
from connectors.teams_bot.messages import HANDLERS
from connectors.teams_bot.settings import CLOUDS, Settings
from connectors.toolbox.reading import of_object, parsed
from connectors.toolbox.reasons import without_effect
from connectors.toolbox.strict_json import read_word

__all__ = ["CONNECTOR", "Settings"]

KEPT_S = 24 * 3600.0
"""Seconds for which Microsoft's keys are cached, as Microsoft specifies."""


def verify(inbound: Inbound, settings: Settings, now: datetime, keys: Keys) -> Verified | Denied:
    """Check `Authorization: Bearer` with a token of the Bot Connector, for our bot and this activity."""
    return tokens.check(inbound, settings, now, keys) or Verified(inbound)


def sign(_body: bytes, _settings: Settings, _now: datetime) -> dict[str, str]:
    """Return no headers: only Microsoft can make the token."""
    return {}


@of_object
def parse(activity: Mapping[str, Any], _inbound: Inbound, settings: Settings) -> Parsed:
    """Return one event; two if one reaction replaced another.

    Raises UnreadableMessage if the subject of an activity is missing: no conversation, no id, no time.
    """
    kind = read_word(activity, "type", "the type of an activity")
    handler = HANDLERS.get(kind)
    if handler is None:
        return Parsed(ignored=(without_effect("type", kind),))
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
    receipts=ReceiptCalls(receipts.is_on, receipts.write, receipts.read, credentials=receipts.credentials),
    attributes={
        "channel": "the id of the channel's or chat's conversation",
        "team": "the team's id; none in a chat",
        "user": "the id of who said or did it",
        "reaction": "Teams' word for it, where the event is a reaction that came or went",
    },
)
