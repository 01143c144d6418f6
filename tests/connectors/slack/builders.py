"""Deliveries of Slack as they are sent to an app: small, made up, changed by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from connectors.base import Inbound, Parsed, Unverified
from connectors.events import Event
from connectors.slack import Settings, parse

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
TEAM, CHANNEL, BOT, APP = "T0ACME001", "C0HELP001", "U0RELAY01", "A0RELAY01"
ADA, BOB = "U0ADA0001", "U0BOB0001"
ROOT, REPLY, LATER = "1773453600.000100", "1773453660.000200", "1773453720.000300"


def key(ts: str, channel: str = CHANNEL, team: str = TEAM) -> str:
    return f"{team}:{channel}:{ts}"


def without_blanks(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields; those that are `...` are taken away."""
    return {name: value for name, value in fields.items() if value is not ...}


def envelope(event: Any, **changes: Any) -> dict[str, Any]:
    authorization = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True}
    whole = {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": APP,
        "event_id": "Ev0000001",
        "event_time": 1773453600,
        "authorizations": [authorization],
        "event": event,
    }
    return without_blanks(whole | changes)


def message(text: Any = "The VPN is down", ts: Any = ROOT, **changes: Any) -> dict[str, Any]:
    whole = {
        "type": "message",
        "user": ADA,
        "text": text,
        "ts": ts,
        "team": TEAM,
        "channel": CHANNEL,
        "channel_type": "channel",
        "event_ts": ts,
    }
    return without_blanks(whole | changes)


def mention(text: Any = f"<@{BOT}> The VPN is down", ts: Any = ROOT, **changes: Any) -> dict[str, Any]:
    return message(text, ts, **({"type": "app_mention", "channel_type": ...} | changes))


def reply(text: Any = "It works from the office", ts: Any = REPLY, **changes: Any) -> dict[str, Any]:
    return message(text, ts, **({"thread_ts": ROOT} | changes))


def reaction(name: str = "white_check_mark", ts: Any = ROOT, **changes: Any) -> dict[str, Any]:
    whole = {
        "type": "reaction_added",
        "user": ADA,
        "reaction": name,
        "item": {"type": "message", "channel": CHANNEL, "ts": ts},
        "item_user": BOB,
        "event_ts": LATER,
    }
    return without_blanks(whole | changes)


def edit(after: dict[str, Any], before: Any, *, marked: bool = True, **changes: Any) -> dict[str, Any]:
    """`after` and `before` are the whole message; the former gets its mark of an edit."""
    mark = {"edited": {"user": ADA, "ts": "1773453710.000000"}} if marked else {}
    whole = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": CHANNEL,
        "channel_type": "channel",
        "ts": LATER,
        "event_ts": LATER,
        "message": mark | after,
        "previous_message": before,
    }
    return without_blanks(whole | changes)


def deletion(before: Any = ..., ts: Any = REPLY, **changes: Any) -> dict[str, Any]:
    whole = {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": CHANNEL,
        "channel_type": "channel",
        "ts": LATER,
        "event_ts": LATER,
        "deleted_ts": ts,
        "previous_message": before,
    }
    return without_blanks(whole | changes)


def configured(**settings: Any) -> Settings:
    return Settings.model_validate({"secret": "s3cret", **settings})


def delivered(payload: Any, **settings: Any) -> Parsed:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return parse(Unverified(Inbound("chat", NOW, body)), configured(**settings))


def said(event: dict[str, Any], around: dict[str, Any] | None = None, **settings: Any) -> Event:
    """The one event that comes of it."""
    (found,) = delivered(envelope(event, **(around or {})), **settings).events
    return found


def ignored(event: dict[str, Any], around: dict[str, Any] | None = None, **settings: Any) -> str:
    """Why nothing comes of it."""
    parsed = delivered(envelope(event, **(around or {})), **settings)
    assert not parsed.events
    assert not parsed.unreadable
    (remark,) = parsed.ignored
    return remark.reason
