"""What does a message say? It opens, comments or closes; an edit is the message again, with other content.

A private chat with the bot is one case. In groups and channels a case begins with the command or a mention; replies,
threads, topics and albums lead to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.base import Remark
from connectors.chat import Facts, Said, begins_with, named, subject
from connectors.documents import text_at, within
from connectors.events import Authority, Commented, Opened, Resolved
from connectors.telegram import answers, content
from connectors.telegram.envelope import (
    TELEGRAM,
    Place,
    is_private,
    maybe_number,
    read_author,
    read_moment,
    read_place,
)
from connectors.telegram.settings import Settings

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,32}))?(?=\s|$)")
_MENTION = re.compile(r"(?<![\w.@])@([A-Za-z0-9_]{1,32})[\s,:]*")


def written(message: Mapping[str, Any], settings: Settings) -> Said:
    """A `message` or `channel_post`."""
    return _said(message, settings, edited=False)


def edited(message: Mapping[str, Any], settings: Settings) -> Said:
    """An `edited_message` or `edited_channel_post`: the whole message as it is now."""
    return _said(message, settings, edited=True)


def _said(message: Mapping[str, Any], settings: Settings, *, edited: bool) -> Said:
    place = read_place(message, settings)
    if reason := _migrated(message) or _from_nobody(message):
        return Remark("message", reason)
    if not content.says_something(message):
        return Remark("message", "the message is about the chat itself, and says nothing")
    text = content.spoken(message)
    command, rest = _command(text, settings)
    mentioned = _mentions(text, settings)
    if mentioned:
        rest = _MENTION.sub("", rest, count=1) if _MENTION.match(rest) else rest
    if command == settings.open_command and rest.strip().casefold() == settings.close_word.casefold():
        command = settings.close_command
    ours = mentioned or command == settings.open_command
    words = rest if ours or command == settings.close_command else text
    shared = _facts(message, place, settings, words, quotes=ours, edited=edited)
    if edited:
        opens = ours or (place.is_direct and command is None)
        return Commented(**shared, unknown="open" if opens else "wait", reopens=False)
    if command == settings.close_command or (place.parent and begins_with(words, settings.close_word)):
        return _closing(shared, place, settings)
    if command is not None and not ours:
        return Remark("message", f"nothing is done about the command /{command}")
    if ours and not place.parent and not words.strip() and not content.has_more(message):
        return Remark("message", "it says nothing: write what it is about behind it, or answer a message with it")
    if place.is_direct or place.replies:
        # From another chat only those get in who take part: they need not have seen the ticket's conversation.
        authority: Authority = "participant" if place.outside else "source"
        return Commented(**shared, unknown="open" if ours or place.is_direct else "wait", authority=authority)
    if ours or not settings.mention_only:
        return Opened(**shared)
    if place.album:
        return Commented(**shared, unknown="wait")
    return Remark("message", "the message mentions nobody of ours, and is no reply")


def _closing(shared: Facts, place: Place, settings: Settings) -> Said:
    if not (place.replies or place.is_direct):
        return Remark("message", "it closes nothing: it has to answer a message of the ticket")
    return Resolved(**shared, authority="source" if shared["author"] in settings.closers else "opener")


def _facts(
    message: Mapping[str, Any], place: Place, settings: Settings, words: str, *, quotes: bool, edited: bool
) -> Facts:
    chat = within(message, "chat")
    sent = read_moment(message, "date")
    when = read_moment(message, "edit_date") if edited and "edit_date" in message else sent
    author = read_author(message) or (place.chat if place.chat_type == "channel" else None)
    attributes = {"channel": place.chat, "chat_type": place.chat_type} | ({"user": author} if author else {})
    if place.thread is not None:
        attributes["thread"] = place.thread
    where = content.title(chat)
    alone = not (place.replies or place.is_direct or place.album)
    return Facts(
        case_key=place.case_key,
        source_message_id=place.name,
        occurred_at=when,
        started_at=when,
        subject=subject(words, f"Message in {where}"),
        text=content.signature(content.whole(words, message, quotes=quotes), sent),
        content_digest=content.content_digest(message),
        priority="medium",
        category=settings.category,
        private=is_private(settings, chat),
        aliases=place.known_as,
        # A message that stands alone is named as its case is; a reply is looked up by all that leads there.
        references=() if alone and not edited else named(place.leads),
        author=author,
        participants=(author,) if author else (),
        attributes=tuple(sorted(attributes.items())),
        answer=answers.target(place.chat, place.number, place.topic) if settings.receipts else None,
    )


def _command(text: str, settings: Settings) -> tuple[str | None, str]:
    """The command that the text begins with, if it is to our bot, and what follows it."""
    match = _COMMAND.match(text)
    if match is None:
        return None, text
    bot = settings.bot_username
    if match[2] and bot and match[2].casefold() != bot.casefold():
        return None, text
    return match[1].lower(), text[match.end() :].strip()


def _mentions(text: str, settings: Settings) -> bool:
    bot = settings.bot_username
    return bot is not None and any(match[1].casefold() == bot.casefold() for match in _MENTION.finditer(text))


def _migrated(message: Mapping[str, Any]) -> str | None:
    """Why nothing is done where a group became a supergroup: its messages have a new chat, and new numbers."""
    for field, text in (
        ("migrate_to_chat_id", "the group became the supergroup {}: if public_chats names it, name that id there too"),
        ("migrate_from_chat_id", "the supergroup was the group {}: replies to older messages lead there"),
    ):
        if number := maybe_number(message.get(field)):
            return text.format(number)
    return None


def _from_nobody(message: Mapping[str, Any]) -> str | None:
    """Why the message is nobody's: a bot's, or one that Telegram copied; None for a person's."""
    if message.get("is_automatic_forward") is True:
        return "Telegram copied the message from the channel that the group belongs to"
    if isinstance(message.get("sender_chat"), dict):
        return None  # somebody in the name of a chat; `from` is a bot of Telegram's then
    who = message.get("from")
    if not isinstance(who, dict):
        return None
    if maybe_number(who.get("id")) == TELEGRAM:
        return "Telegram itself wrote the message"
    return f"a bot wrote the message: @{text_at(who, 'username')[:32]}" if who.get("is_bot") is True else None
