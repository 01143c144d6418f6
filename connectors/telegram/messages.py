"""Messages in Telegram: they open, comment or close; an edit is the message again, with other content.

A private chat with the bot is one case. In groups and channels a case begins with the command or a mention; replies,
threads, topics and albums lead to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.chats.channels import Rules
from connectors.chats.facts import NOT_FOR_US, Facts, begins_with, named, subject
from connectors.contract.events import Authority, Commented, Opened, Resolved
from connectors.contract.messages import Remark
from connectors.telegram import content, receipts
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
from connectors.toolbox.reading import Said
from connectors.toolbox.strict_json import within

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,32}))?(?=\s|$)")
_MENTION = re.compile(r"(?<![\w.@])@([A-Za-z0-9_]{1,32})[\s,:]*")


def written(message: Mapping[str, Any], settings: Settings) -> Said:
    """Read a `message` or `channel_post`."""
    return _said(message, settings, edited=False)


def edited(message: Mapping[str, Any], settings: Settings) -> Said:
    """Read an `edited_message` or `edited_channel_post`: the whole message as it is now."""
    return _said(message, settings, edited=True)


def _said(message: Mapping[str, Any], settings: Settings, *, edited: bool) -> Said:
    place = read_place(message, settings)
    if reason := _migrated(message) or _from_nobody(message):
        return Remark("message", reason)
    if not content.says_something(message):
        return Remark("message", "the message is about the chat itself, such as a new member")
    text = content.spoken(message)
    rules = settings.rules(place.chat)
    command, rest = _command(text, settings)
    mentioned = _mentions(text, settings)
    if mentioned:
        rest = _MENTION.sub("", rest, count=1) if _MENTION.match(rest) else rest
    if command == settings.open_command and rest.strip().casefold() == settings.close_word.casefold():
        command = settings.close_command
    ours = mentioned or command == settings.open_command
    words = rest if ours or command == settings.close_command else text
    shared = _facts(message, place, settings, words, quotes=ours, edited=edited)
    ways = _ways(place, is_command=command == settings.open_command, mentioned=mentioned)
    if edited:
        opens = _opens(ways, rules) and not (place.is_direct and command is not None and not ours)
        return _edited(shared, rules, opens=opens)
    closes = place.parent and rules.has("close_word") and begins_with(words, settings.close_word)
    if command == settings.close_command or closes:
        return _closing(shared, place, rules, "close_word" if closes else "command")
    if command is not None and not ours:
        return Remark("message", "the command is not one of this bot's")
    if ours and not place.parent and not words.strip() and not content.has_more(message):
        return Remark(
            "message", "the command or mention has no text: write some after it, or reply to a message with it"
        )
    return _counted(message, shared, place, rules, ways)


def _edited(shared: Facts, rules: Rules, *, opens: bool) -> Said:
    if off := rules.refuses("edit"):
        return Remark("message", off)
    return Commented(**shared, unknown=rules.unknown(shared["author"]) if opens else "wait", reopens=False)


def _ways(place: Place, *, is_command: bool, mentioned: bool) -> list[str]:
    """Return the gestures of a message, the most specific first."""
    first = [name for name, is_it in (("command", is_command), ("mention", mentioned)) if is_it]
    return [*first, "direct" if place.is_direct else "reply" if place.replies else "message"]


def _opens(ways: list[str], rules: Rules) -> bool:
    """True if a gesture besides reply and message counts.

    An edit addresses the bot only by a command, a mention or a private chat.
    """
    return any(rules.has(each) for each in ways if each not in ("reply", "message"))


def _counted(message: Mapping[str, Any], shared: Facts, place: Place, rules: Rules, ways: list[str]) -> Said:
    """Return the event for a message, by those of its gestures that count."""
    author = shared["author"]
    if not any(rules.has(each) for each in ways):
        if place.album and ways == ["message"]:
            return Commented(**shared, unknown="wait")  # a photo belongs to the one that was sent with the words
        reason = None if ways == ["message"] else rules.refuses(ways[0])
        return Remark("message", reason or NOT_FOR_US)
    if place.is_direct or place.replies:
        # From another chat only participants may comment: others need not have seen the ticket's conversation.
        authority: Authority = "participant" if place.outside else "source"
        opens = _opens(ways, rules)
        if ways == ["reply"] and not place.outside and content.is_bare(message):
            shared = rules.made_public(shared, content.spoken(message))
        return Commented(**shared, unknown=rules.unknown(author) if opens else "wait", authority=authority)
    reason = rules.turns_away(author)
    return Remark("message", reason) if reason else Opened(**shared)


def _closing(shared: Facts, place: Place, rules: Rules, gesture: str) -> Said:
    if off := rules.refuses(gesture):
        return Remark("message", off)
    if not (place.replies or place.is_direct):
        return Remark("message", "to close a ticket, reply to one of its messages")
    return Resolved(**shared, authority=rules.authority(shared["author"]))


def _facts(
    message: Mapping[str, Any], place: Place, settings: Settings, words: str, *, quotes: bool, edited: bool
) -> Facts:
    chat, rules = within(message, "chat"), settings.rules(place.chat)
    sent = read_moment(message, "date")
    when = read_moment(message, "edit_date") if edited and "edit_date" in message else sent
    author = read_author(message) or (place.chat if place.chat_type == "channel" else None)
    attributes = {"channel": place.chat, "chat_type": place.chat_type} | ({"user": author} if author else {})
    if place.thread is not None:
        attributes["thread"] = place.thread
    where = content.title(chat)
    said = (words, content.spoken(message), content.answered(message) if quotes else "")
    alone = not (place.replies or place.is_direct or place.album)
    return Facts(
        case_key=place.case_key,
        source_message_id=place.name,
        occurred_at=when,
        started_at=when,
        subject=subject(words, f"Message in {where}"),
        text=content.signature(content.whole(words, message, quotes=quotes), sent),
        content_digest=content.content_digest(message),
        priority=rules.priority,
        category=rules.category,
        private=rules.marked_private(*said, edited=edited) or is_private(rules, chat),
        private_change=rules.private_word is not None,
        aliases=place.known_as,
        # A message that stands alone has its case key as name. A reply is looked up by all names that lead to its case.
        references=() if alone and not edited else named(place.leads),
        author=author,
        participants=(author,) if author else (),
        attributes=tuple(sorted(attributes.items())),
        answer=receipts.target(place.chat, place.number, place.topic) if settings.receipts else None,
    )


def _command(text: str, settings: Settings) -> tuple[str | None, str]:
    """Return the command at the start of the text, if it is for our bot, and the text after it."""
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
    """Return why a message about the migration to a supergroup is ignored; None for other messages.

    After the migration, messages have a new chat and new numbers.
    """
    for field, text in (
        (
            "migrate_to_chat_id",
            "the group became the supergroup {}: if the setting channels names the group, add that id",
        ),
        ("migrate_from_chat_id", "the supergroup was the group {} before: replies to older messages belong there"),
    ):
        if number := maybe_number(message.get(field)):
            return text.format(number)
    return None


def _from_nobody(message: Mapping[str, Any]) -> str | None:
    """Return why the message is not a person's (a bot's, or a copy made by Telegram); None for a person's message."""
    if message.get("is_automatic_forward") is True:
        return "Telegram copied the message from the group's channel"
    if isinstance(message.get("sender_chat"), dict):
        return None  # written in the name of a chat; then `from` is a bot of Telegram
    who = message.get("from")
    if not isinstance(who, dict):
        return None
    if maybe_number(who.get("id")) == TELEGRAM:
        return "Telegram itself wrote the message"
    return "a bot wrote the message" if who.get("is_bot") is True else None
