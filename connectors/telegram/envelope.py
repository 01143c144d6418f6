"""Where does a message of Telegram stand, who wrote it, and when?

A message is named by its chat and its number in it. The `update_id` counts deliveries of one bot and names no message.
The numbers of private chats and of small groups are those of the bot, so one source is one bot. When a group becomes a
supergroup, its id and its numbers are new.

Source: core.telegram.org/bots/api, "Message", "Chat", "ExternalReplyInfo".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.chats.channels import Rules
from connectors.telegram.settings import Settings
from connectors.toolbox.strict_json import UnreadableItem, found_at, within

TELEGRAM = "777000"
"""The user id of Telegram itself: it forwards a channel's posts to the group where they are discussed."""

_ID = re.compile(r"-?[0-9]{1,19}")
_ALBUM = re.compile(r"[!-~]{1,64}")
_LAST = 253402300799  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands."""

    chat: str
    chat_type: str
    number: str
    """The message's number in its chat."""
    thread: str | None
    """The number of the message that its thread or topic began with, where it stands in one that is a case."""
    parent: str | None
    """The name of the message that it replies to."""
    outside: bool
    """The message that it replies to stands in another chat."""
    album: str | None
    """What the photos of one album have in common."""
    topic: str | None = None
    """The number of the topic of a forum that it stands in."""

    @property
    def name(self) -> str:
        """The message's own name, `chat:number`."""
        return f"{self.chat}:{self.number}"

    @property
    def is_direct(self) -> bool:
        """True in the private chat of a person with the bot, which as a whole is one case."""
        return self.chat_type == "private"

    @property
    def replies(self) -> bool:
        """True where it stands in a conversation: a reply, or in a thread or topic."""
        return self.parent is not None or self.thread is not None

    @property
    def case_key(self) -> str:
        """What the case is named after where none of its names is known."""
        if self.is_direct:
            return self.chat
        if self.thread is not None:
            return f"{self.chat}:{self.thread}"
        return self.name if self.parent is None or self.outside else self.parent

    @property
    def leads(self) -> tuple[str, ...]:
        """The names that may lead to its case; a comment on a case that is not known waits for the first."""
        outside = (self.parent,) if self.parent and self.outside else ()
        return (*outside, *self.known_as)

    @property
    def known_as(self) -> tuple[str, ...]:
        """The names under which its case is known from then on; what another chat says is none of them."""
        chat = (self.chat,) if self.is_direct else ()
        thread = (f"{self.chat}:{self.thread}",) if self.thread is not None else ()
        parent = (self.parent,) if self.parent and not self.outside else ()
        album = (f"{self.chat}:album:{self.album}",) if self.album else ()
        return tuple(dict.fromkeys((*chat, *thread, *parent, *album, self.name)))


def read_place(message: Mapping[str, Any], settings: Settings) -> Place:
    """Where the message stands. Raises UnreadableItem where there is no chat or number."""
    chat = within(message, "chat")
    chat_id, number = read_number(chat, "id"), read_number(message, "message_id")
    in_thread = maybe_number(message.get("message_thread_id"))
    topic = in_thread if message.get("is_topic_message") is True else None
    thread = in_thread if settings.topics or topic is None else None
    parent = _parent(message, chat_id, topic)
    return Place(
        chat=chat_id,
        chat_type=str(chat.get("type")),
        number=number,
        thread=thread,
        parent=parent,
        outside=parent is not None and not parent.startswith(f"{chat_id}:"),
        album=album if isinstance(album := message.get("media_group_id"), str) and _ALBUM.fullmatch(album) else None,
        topic=topic,
    )


def _parent(message: Mapping[str, Any], chat_id: str, topic: str | None) -> str | None:
    """What it replies to. In a topic every message replies to the topic's beginning: that is no reply."""
    told = message.get("reply_to_message")
    if isinstance(told, dict):
        number = maybe_number(told.get("message_id"))
        return f"{chat_id}:{number}" if number and number != topic and "forum_topic_created" not in told else None
    outside = message.get("external_reply")
    if not isinstance(outside, dict) or not isinstance(outside.get("chat"), dict):
        return None
    chat, number = maybe_number(outside["chat"].get("id")), maybe_number(outside.get("message_id"))
    return f"{chat}:{number}" if chat and number else None


def read_author(message: Mapping[str, Any]) -> str | None:
    """The id of who wrote it: a user, or the chat in whose name it was written. None where nobody is told."""
    for field in ("sender_chat", "from"):
        who = message.get(field)
        if isinstance(who, dict) and (number := maybe_number(who.get("id"))):
            return number
    return None


def is_private(rules: Rules, chat: Mapping[str, Any]) -> bool:
    """True unless the chat is known to be public and may be."""
    name = chat.get("username")
    return rules.is_private(
        among_few=chat.get("type") not in ("group", "supergroup", "channel"),
        known_public=isinstance(name, str) and bool(name.strip()),
    )


def maybe_number(value: object) -> str | None:
    """An id as text; None for whatever is none, and for 0, which is no message and nobody."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) and text != "0" else None


def read_number(document: Mapping[str, Any], field: str) -> str:
    """The id at the field. Raises UnreadableItem."""
    value = maybe_number(document.get(field))
    if value is None:
        raise UnreadableItem(f"{field}: {found_at(document, field)} is no id")
    return value


def read_moment(document: Mapping[str, Any], field: str) -> datetime:
    """The time at the field, in whole seconds. Raises UnreadableItem."""
    value = document.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LAST:
        raise UnreadableItem(f"{field}: {found_at(document, field)} is no time in seconds since 1970")
    return datetime.fromtimestamp(value, UTC)
