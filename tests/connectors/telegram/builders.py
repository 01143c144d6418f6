"""Builders of Telegram updates: small, invented payloads whose fields are changed by keyword."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Parsed, Unverified
from connectors.telegram import Settings, parse

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
BOT = "acme_ticket_bot"
GROUP, ADA_ID, BOB_ID = -1001000000001, 500000001, 500000002
ADA = {"id": ADA_ID, "is_bot": False, "first_name": "Ada"}
BOB = {"id": BOB_ID, "is_bot": False, "first_name": "Bob"}
CHAT = {"id": GROUP, "title": "Help desk", "type": "supergroup"}
DIRECT = {"id": ADA_ID, "first_name": "Ada", "type": "private"}
TOPIC = {"message_thread_id": 30, "is_topic_message": True}


def key(number: int, chat: int = GROUP) -> str:
    return f"{chat}:{number}"


def message(text: Any = "/ticket The VPN is down", number: Any = 10, **changes: Any) -> dict[str, Any]:
    """Return a message in the group; a change to `...` removes the field."""
    whole = {"message_id": number, "from": ADA, "chat": CHAT, "date": 1773453600, "text": text}
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def reply(
    text: Any = "It works from the office", number: Any = 11, author: Any = ADA, **changes: Any
) -> dict[str, Any]:
    return message(text, number, **({"from": author, "reply_to_message": message("The VPN is down")} | changes))


def reaction(before: list[str], after: list[str], **changes: Any) -> dict[str, Any]:
    old, new = ([{"type": "emoji", "emoji": each} for each in emojis] for emojis in (before, after))
    whole = {
        "chat": CHAT,
        "message_id": 10,
        "user": ADA,
        "date": 1773453900,
        "old_reaction": old,
        "new_reaction": new,
    }
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def configured(**settings: Any) -> Settings:
    return Settings.model_validate({"secret": "s3cret", "bot_username": BOT, **settings})


def delivered(content: Any, kind: str = "message", update_id: int = 1, **settings: Any) -> Parsed:
    body = json.dumps({"update_id": update_id, kind: content}).encode()
    return parse(Unverified(Inbound("chat", NOW, body)), configured(**settings))


def said(content: Any, kind: str = "message", **settings: Any) -> Event:
    """Return the only event of the update."""
    (found,) = delivered(content, kind, **settings).events
    return found


def ignored(content: Any, kind: str = "message", **settings: Any) -> str:
    """Return the reason why the update was ignored."""
    parsed = delivered(content, kind, **settings)
    assert not parsed.events
    (remark,) = parsed.ignored
    return remark.reason
