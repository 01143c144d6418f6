"""Builders of Slack deliveries: small, invented payloads whose fields are changed by keyword."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Parsed, Unverified
from connectors.slack import Settings, parse

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
TEAM, CHANNEL, BOT, APP = "T0ACME001", "C0HELP001", "U0RELAY01", "A0RELAY01"
ADA, BOB = "U0ADA0001", "U0BOB0001"
ROOT, REPLY, LATER = "1773453600.000100", "1773453660.000200", "1773453720.000300"


def key(ts: str, channel: str = CHANNEL, team: str = TEAM) -> str:
    return f"{team}:{channel}:{ts}"


def without_blanks(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields without those that are `...`."""
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
    """Return an edit from `before` to `after`, both whole messages; `after` gets an `edited` field if `marked`."""
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
    """Return the only event of the delivery."""
    (found,) = delivered(envelope(event, **(around or {})), **settings).events
    return found


def ignored(event: dict[str, Any], around: dict[str, Any] | None = None, **settings: Any) -> str:
    """Return the reason why the delivery was ignored."""
    parsed = delivered(envelope(event, **(around or {})), **settings)
    assert not parsed.events
    assert not parsed.unreadable
    (remark,) = parsed.ignored
    return remark.reason


TRIGGER = "9000000000001.8000000000001.0f1e2d3c4b5a69788796a5b4c3d2e1f0"
RESPONSE_URL = "https://hooks.slack.com/commands/T0ACME001/9000000000001/a1b2c3d4"
TOKEN = "xoxb-of-the-tests"


def form(fields: dict[str, Any]) -> bytes:
    return urlencode(fields).encode()


def slash(text: Any = "VPN is down", **changes: Any) -> dict[str, Any]:
    """Return the form fields of a slash command."""
    whole = {
        "team_id": TEAM,
        "channel_id": CHANNEL,
        "channel_name": "help",
        "user_id": ADA,
        "user_name": "ada",
        "command": "/ticket",
        "text": text,
        "api_app_id": APP,
        "response_url": RESPONSE_URL,
        "trigger_id": TRIGGER,
    }
    return without_blanks(whole | changes)


def interaction(kind: str, **changes: Any) -> dict[str, Any]:
    """Return the payload of a shortcut or a modal."""
    whole = {
        "type": kind,
        "team": {"id": TEAM, "domain": "acme"},
        "user": {"id": BOB, "username": "bob", "name": "bob", "team_id": TEAM},
        "api_app_id": APP,
        "trigger_id": TRIGGER,
    }
    return without_blanks(whole | changes)


def shortcut(of: dict[str, Any], callback: str = "open_ticket", **changes: Any) -> dict[str, Any]:
    """Return a shortcut on a message; its `message` has no channel, as Slack sends it."""
    inside = {name: value for name, value in of.items() if name not in ("channel", "channel_type", "event_ts")}
    whole = {
        "callback_id": callback,
        "channel": {"id": CHANNEL, "name": "help"},
        "message_ts": of["ts"],
        "message": inside,
        "action_ts": LATER,
    }
    return interaction("message_action", **(whole | changes))


def submission(fields: dict[str, Any], view: Any = None, **changes: Any) -> dict[str, Any]:
    """Return a submitted modal; a value in a list of one is a selected option, any other value is typed text."""
    values = {
        block: {"given": {"selected_option": {"value": value[0]}} if isinstance(value, list) else {"value": value}}
        for block, value in fields.items()
    }
    shown = {"id": "V0NEW00001", "callback_id": "ticketrelay:new", "state": {"values": values}, "private_metadata": ""}
    return interaction("view_submission", **({"view": view if view is ... else shown | (view or {})} | changes))


def acted(payload: dict[str, Any]) -> bytes:
    """Return the HTTP body of an interaction."""
    return form({"payload": json.dumps(payload)})
