"""Reads position, author and time of Telegram messages.

A message is named by its chat and its number there. The `update_id` counts a bot's deliveries and names no message. The
message numbers of private chats and small groups are the bot's own, so one source is one bot. When a group becomes a
supergroup, its id and its numbers change.

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
from connectors.toolbox.reasons import SECONDS, unexpected
from connectors.toolbox.strict_json import within

TELEGRAM = "777000"
"""The user id of Telegram itself, which forwards a channel's posts to the channel's discussion group."""

_ID = re.compile(r"-?[0-9]{1,19}")
_ALBUM = re.compile(r"[!-~]{1,64}")
_LAST = 253402300799  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a message."""

    chat: str
    chat_type: str
    number: str
    """The message's number in its chat."""
    thread: str | None
    """The number of the first message of the thread or topic. None outside of threads, and in topics that are not
    a case."""
    parent: str | None
    """The name of the message that this message replies to."""
    outside: bool
    """True if this message replies to a message in another chat."""
    album: str | None
    """The id that the photos of one album share."""
    topic: str | None = None
    """The number of the message's forum topic."""

    @property
    def name(self) -> str:
        """The message's own name, `chat:number`."""
        return f"{self.chat}:{self.number}"

    @property
    def is_direct(self) -> bool:
        """True in the private chat of a person with the bot. The whole chat is one case."""
        return self.chat_type == "private"

    @property
    def replies(self) -> bool:
        """True for a reply, or a message in a thread or topic."""
        return self.parent is not None or self.thread is not None

    @property
    def case_key(self) -> str:
        """The case key if all names of the message are unknown."""
        if self.is_direct:
            return self.chat
        if self.thread is not None:
            return f"{self.chat}:{self.thread}"
        return self.name if self.parent is None or self.outside else self.parent

    @property
    def leads(self) -> tuple[str, ...]:
        """Names that may lead to the case. A comment on an unknown case waits for the first one."""
        outside = (self.parent,) if self.parent and self.outside else ()
        return (*outside, *self.known_as)

    @property
    def known_as(self) -> tuple[str, ...]:
        """Names that the case gets from this message, without names from another chat."""
        chat = (self.chat,) if self.is_direct else ()
        thread = (f"{self.chat}:{self.thread}",) if self.thread is not None else ()
        parent = (self.parent,) if self.parent and not self.outside else ()
        album = (f"{self.chat}:album:{self.album}",) if self.album else ()
        return tuple(dict.fromkeys((*chat, *thread, *parent, *album, self.name)))


def read_place(message: Mapping[str, Any], settings: Settings) -> Place:
    """Read the position of the message. Raises UnreadableItem if there is no chat or number."""
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
    """Return the message that this message replies to; None if it is not a reply.

    In a topic, every message replies to the topic's first message; that is not a reply.
    """
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
    """Return the id of the author: a user, or the chat in whose name the message was written; None without either."""
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
    """Return the value as an id in text form; None for any other value, and for 0, which is not an id."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) and text != "0" else None


def read_number(document: Mapping[str, Any], field: str) -> str:
    """Return the id at the field. Raises UnreadableItem."""
    value = maybe_number(document.get(field))
    if value is None:
        raise unexpected(document, field, "an id (a whole number, not 0)")
    return value


def read_moment(document: Mapping[str, Any], field: str) -> datetime:
    """Return the time at the field, in whole seconds. Raises UnreadableItem."""
    value = document.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LAST:
        raise unexpected(document, field, f"a time in {SECONDS}")
    return datetime.fromtimestamp(value, UTC)
