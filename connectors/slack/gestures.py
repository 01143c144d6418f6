"""What do slash commands, shortcuts and modals have in common? Who did it, where, and what they are answered.

They need no membership in a channel, so that a person can do them anywhere. The answer is given once the delivery is
in the database, before any ticket is: it says what will be done, and nothing of what was said.

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
from connectors.slack.envelope import Envelope, is_private, maybe_id, maybe_ts, moment, read_gesture_envelope, read_id
from connectors.slack.facts import Words
from connectors.slack.settings import Settings
from connectors.toolbox.strict_json import UnreadableItem, found_at, object_at
from connectors.toolbox.text import cut, readable

ACKNOWLEDGED = Reply(b"", "text/plain")
"""Slack shows whatever a body holds, `{}` too: what is to show nothing has none."""

OPENED = "Received: a ticket is opened for it."

NAMES_OF_PRIVATE: Mapping[str, str] = {"directmessage": "im", "privategroup": "group"}
"""What Slack calls a channel whose name it does not tell, and the type that it has therefore."""
GROUP_MESSAGE = "mpdm-"
"""How the names of messages to several people begin."""

_HANDLE = re.compile(r"[!-9;-~]{1,200}")  # as an id, and longer: 13345224609.738474920.8088930838d88f008e0


@dataclass(frozen=True, slots=True)
class Gesture:
    """What somebody did."""

    envelope: Envelope
    user: str
    who: str
    """The user as people call them."""
    when: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was done that is about no message."""

    channel: str | None = None
    type: str | None = None
    """The channel's, where it is known to be private."""


def read_gesture(payload: Mapping[str, Any], received_at: datetime, settings: Settings) -> Gesture:
    """Who did it: `user_id` of a slash command, `user` of the others. Raises UnreadableItem where nobody is named.

    Slash commands and modals tell no time: theirs is when they arrived.
    """
    told = object_at(payload, "user")
    user = maybe_id(told.get("id")) if payload.get("type") else read_id(payload, "user_id")
    if user is None:
        raise UnreadableItem(f"user: {found_at(told, 'id')} tells nobody who did it")
    name = first_line(payload.get("user_name"), told.get("username"), told.get("name"))
    who = rendering.person(user, {"user_profile": {"display_name": name}} if name else None)
    stamp = maybe_ts(payload, "action_ts")
    return Gesture(read_gesture_envelope(payload, settings), user, who, moment(stamp) if stamp else received_at)


def read_handle(document: Mapping[str, Any], field: str) -> str:
    """The id of a trigger or a view. Raises UnreadableItem."""
    value = document.get(field)
    if not isinstance(value, str) or not _HANDLE.fullmatch(value):
        raise UnreadableItem(f"{field}: {found_at(document, field)} is no id")
    return value


def channel_type(name: object) -> str | None:
    """The type of a channel, as far as its name tells; None where it does not: it may be any."""
    if not isinstance(name, str):
        return None
    return "mpim" if name.startswith(GROUP_MESSAGE) else NAMES_OF_PRIVATE.get(name)


def is_private_at(channel: str | None, type_of_channel: str | None, rules: Rules) -> bool:
    """True unless it was done in a channel that is known to be public: what was done nowhere is private."""
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
    """The facts of a case that is about no message; `name` is its own within the workspace."""
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
    """An answer to a slash command that nobody else sees."""
    return Reply(json.dumps({"response_type": "ephemeral", "text": text}).encode())


def nothing(item: str, reason: str, reply: Reply = ACKNOWLEDGED) -> Parsed:
    """Nothing is to be done, and why."""
    return Parsed(ignored=(Remark(item, reason),), reply=reply)
