"""Helpers that slash commands, shortcuts and modals share: author, origin and reply.

These gestures need no channel membership, so people can use them anywhere. The reply is sent once the delivery is in
the database, before a ticket exists: it reports what will be done and repeats no words of the message.

Source: docs.slack.dev, "Slash commands", "Shortcuts payloads", "View interaction payloads".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.chats.channels import Rules
from connectors.chats.facts import MAX_BODY, Facts, first_line, paragraphs
from connectors.contract.events import Priority, digest
from connectors.contract.messages import Parsed, Remark, Reply
from connectors.slack import rendering
from connectors.slack.envelope import (
    Envelope,
    is_private,
    maybe_id,
    maybe_ts,
    moment,
    read_gesture_envelope,
    read_id,
)
from connectors.slack.facts import Words
from connectors.slack.settings import Settings
from connectors.toolbox.reasons import unexpected
from connectors.toolbox.strict_json import object_at
from connectors.toolbox.text import cut, readable

ACKNOWLEDGED = Reply(b"", "text/plain")
"""Slack shows any body, even `{}`. A reply that shows no text has an empty body."""

OPENED = "Received: a ticket will be opened."

NAMES_OF_PRIVATE: Mapping[str, str] = {"directmessage": "im", "privategroup": "group"}
"""Channel names that Slack uses in place of a private channel's name, with the channel type that follows."""
GROUP_MESSAGE = "mpdm-"
"""Prefix of the names of group messages."""

_HANDLE = re.compile(r"[!-9;-~]{1,200}")  # like an id, but longer: 13345224609.738474920.8088930838d88f008e0


@dataclass(frozen=True, slots=True)
class Gesture:
    """One action of a user."""

    envelope: Envelope
    user: str
    who: str
    """The user's display name."""
    when: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of an action that is not about a message."""

    channel: str | None = None
    type: str | None = None
    """The channel's type, if the channel is known to be private."""


def read_gesture(payload: Mapping[str, Any], received_at: datetime, settings: Settings) -> Gesture:
    """Read an action's user: `user_id` of a slash command, else `user`. Raises UnreadableItem if the user is missing.

    Slash commands and modals carry no time, so their time is the time of arrival.
    """
    told = object_at(payload, "user")
    user = maybe_id(told.get("id")) if payload.get("type") else read_id(payload, "user_id")
    if user is None:
        raise unexpected(told, "id", "the id of the person who acted, like U0123456789")
    name = first_line(payload.get("user_name"), told.get("username"), told.get("name"))
    who = rendering.person(user, {"user_profile": {"display_name": name}} if name else None)
    stamp = maybe_ts(payload, "action_ts")
    return Gesture(read_gesture_envelope(payload, settings), user, who, moment(stamp) if stamp else received_at)


def read_handle(document: Mapping[str, Any], field: str) -> str:
    """Return the id of a trigger or a view. Raises UnreadableItem."""
    value = document.get(field)
    if not isinstance(value, str) or not _HANDLE.fullmatch(value):
        raise unexpected(document, field, "the id of a trigger or a view")
    return value


def channel_type(name: object) -> str | None:
    """Return the channel type that a channel's name implies; None if the channel may be of any type."""
    if not isinstance(name, str):
        return None
    return "mpim" if name.startswith(GROUP_MESSAGE) else NAMES_OF_PRIVATE.get(name)


def is_private_at(channel: str | None, type_of_channel: str | None, rules: Rules) -> bool:
    """True unless the action was in a channel that is known to be public. An action outside of channels is private."""
    return channel is None or is_private(rules, channel, type_of_channel)


def new_case(
    done: Gesture,
    settings: Settings,
    name: str,
    words: Words,
    *,
    origin: Origin,
    answer: str | None,
    priority: Priority | None = None,
    category: str | None = None,
) -> Facts:
    """Return the fields of a case that is not about a message; `name` is unique within the workspace."""
    channel = origin.channel
    rules = settings.rules(channel)
    attributes = {"team": done.envelope.teams[0], "user": done.user} | ({"channel": channel} if channel else {})
    own = tuple(f"{team}:{name}" for team in done.envelope.teams)
    where = f" in #{channel}" if channel else ""
    return Facts(
        case_key=own[0],
        source_message_id=own[0],
        occurred_at=done.when,
        started_at=done.when,
        subject=words.subject,
        text=paragraphs(cut(words.text, MAX_BODY), f"Slack: {done.who}{where}, {readable(done.when)}"),
        content_digest=digest(words.raw),
        priority=priority or rules.priority,
        category=category or rules.category,
        private=rules.marked_private(words.text) or is_private_at(channel, origin.type, rules),
        aliases=own,
        references=(),
        author=done.user,
        participants=(done.user,),
        attributes=tuple(sorted(attributes.items())),
        answer=answer if settings.receipts else None,
    )


def told(text: str) -> Reply:
    """Return a reply to a slash command that only its author sees."""
    return Reply(json.dumps({"response_type": "ephemeral", "text": text}).encode())


def nothing(item: str, reason: str, reply: Reply = ACKNOWLEDGED) -> Parsed:
    """Return a result without events, with the reason."""
    return ignored(Remark(item, reason), reply)


def ignored(remark: Remark, reply: Reply = ACKNOWLEDGED) -> Parsed:
    """Return a result without events, with the remark."""
    return Parsed(ignored=(remark,), reply=reply)
