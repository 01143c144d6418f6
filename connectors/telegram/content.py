"""Renders Telegram messages as plain text, with the addresses of links, and with files and facts as lines.

Telegram gives a file's name and size but no link: only the bot's token can fetch the file.

Source: core.telegram.org/bots/api, "MessageEntity" (offsets are in UTF-16 code units), "MessageOrigin".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.chats.facts import MAX_BODY, File, file_lines, first_line, link, paragraphs
from connectors.contract.events import digest
from connectors.toolbox.strict_json import object_at, scalar_at, text_at
from connectors.toolbox.text import clean, cut, one_line, readable

MAX_QUOTED = 2_000  # characters
MOST_ENTITIES = 100

FILES = {
    "document": "a file",
    "photo": "a photo",
    "video": "a video",
    "audio": "an audio file",
    "voice": "a voice message",
    "video_note": "a video message",
    "animation": "an animation",
    "sticker": "a sticker",
}
"""Fields with files, and the name of a file without one."""

FACTS = {
    "contact": ("first_name", "last_name", "phone_number"),
    "location": ("latitude", "longitude"),
    "venue": ("title", "address"),
    "poll": ("question",),
}
"""Fields with facts, and the parts that people read."""


def raw_text(message: Mapping[str, Any]) -> str:
    """Return the text or caption. Raises UnreadableItem for a list or an object."""
    return scalar_at(message, "text") or scalar_at(message, "caption")


def says_something(message: Mapping[str, Any]) -> bool:
    """False for a message about the chat itself: somebody joined, a topic was made."""
    return bool(raw_text(message).strip()) or has_more(message)


def has_more(message: Mapping[str, Any]) -> bool:
    """True if the message has files or facts besides the text."""
    return any(message.get(field) for field in (*FILES, *FACTS))


def content_digest(message: Mapping[str, Any]) -> str:
    """Return the digest of the text, files and facts. Previews of links and counts of views are left out."""
    sent = [f"{field}:{text_at(each, 'file_unique_id')}" for field, each in _sent(message)]
    told = [line for line in _facts(message) if not line.startswith("Location")]  # a live location moves by itself
    return digest(raw_text(message), *sent, *told)


def spoken(message: Mapping[str, Any]) -> str:
    """Return the text as people read it: cleaned, each labelled link followed by its address."""
    raw = raw_text(message)
    entities = message.get("entities" if scalar_at(message, "text") else "caption_entities")
    units = raw.encode("utf-16-le", "surrogatepass")
    for end, address in sorted(_links(entities), reverse=True):
        if 2 * end <= len(units):
            units = units[: 2 * end] + f" ({address})".encode("utf-16-le") + units[2 * end :]
    return clean(units.decode("utf-16-le", "replace")).strip()


def _links(entities: object) -> Iterator[tuple[int, str]]:
    """Yield the end of each labelled link, in UTF-16 code units, and its address."""
    for each in entities[:MOST_ENTITIES] if isinstance(entities, list) else []:
        if not isinstance(each, dict) or each.get("type") != "text_link":
            continue
        offset, length, address = each.get("offset"), each.get("length"), link(each.get("url"))
        if isinstance(offset, int) and isinstance(length, int) and min(offset, length) >= 0 and address:
            yield offset + length, address.encode("utf-8", "replace").decode()


def whole(text: str, message: Mapping[str, Any], *, quotes: bool) -> str:
    """Return the text, forwarding, facts, files, the quoted message if `quotes`, author and chat."""
    return paragraphs(
        cut(text, MAX_BODY),
        _forwarded(message.get("forward_origin")),
        "\n".join(_facts(message)),
        "\n".join(file_lines(_files(message))),
        _quoted(object_at(message, "reply_to_message")) if quotes else "",
        f"Telegram: {person(message)} in {title(message.get('chat'))}",
    )


def signature(text: str, when: datetime) -> str:
    """Return the text with the time after its last line."""
    return f"{text}, {readable(when)}"


def person(message: Mapping[str, Any]) -> str:
    """Return `Ada Lovelace (@ada)`, or the chat in whose name the message was written."""
    for field in ("sender_chat", "from", "user", "actor_chat"):
        who = message.get(field)
        if isinstance(who, dict):
            return name(who)
    return "somebody"


def name(who: Mapping[str, Any]) -> str:
    """Return the display name of a user or chat."""
    both = " ".join(filter(None, (first_line(who.get("first_name")), first_line(who.get("last_name")))))
    called = first_line(who.get("title"), both)
    handle = first_line(who.get("username"))
    if called and handle:
        return f"{called} (@{handle})"
    return called or (f"@{handle}" if handle else f"user {one_line(str(who.get('id')))[:20]}")


def title(chat: object) -> str:
    """Return the display name of a chat."""
    if not isinstance(chat, dict) or chat.get("type") == "private":
        return "a private chat"
    return name(chat)


def _sent(message: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for field in FILES:
        value = message.get(field)
        if field == "document" and "animation" in message:
            continue  # Telegram repeats an animation as a document, for old bots
        if isinstance(value, list):  # a photo in several sizes, the largest last
            value = value[-1] if value else None
        if isinstance(value, dict):
            yield field, value


def _files(message: Mapping[str, Any]) -> Iterator[File]:
    for field, each in _sent(message):
        called = first_line(each.get("file_name"), each.get("title"), each.get("emoji"))
        yield File(called or FILES[field], each.get("file_size"))


def _facts(message: Mapping[str, Any]) -> Iterator[str]:
    for field, parts in FACTS.items():
        value = message.get(field)
        if not isinstance(value, dict) or (field == "location" and "venue" in message):
            continue
        told = (value.get(part) for part in parts)
        words = [one_line(str(each)) for each in told if isinstance(each, str | int | float)]
        yield f"{field.capitalize()}: {cut(', '.join(words), 500)}"


def _forwarded(origin: object) -> str:
    """Return the original author of a forwarded message."""
    if not isinstance(origin, dict):
        return ""
    people = (origin.get(each) for each in ("sender_user", "sender_chat", "chat"))
    who = next((name(each) for each in people if isinstance(each, dict)), "somebody")
    told = first_line(origin.get("sender_user_name")) or who
    return f"Forwarded, from {told}."


def is_bare(message: Mapping[str, Any]) -> bool:
    """True for a message of words alone that are its author's own."""
    return not has_more(message) and not any(message.get(each) for each in ("forward_origin", "via_bot", "sender_chat"))


def answered(message: Mapping[str, Any]) -> str:
    """Return the words of the message that this message replies to; empty if there is none."""
    return spoken(object_at(message, "reply_to_message"))


def _quoted(answered: Mapping[str, Any]) -> str:
    """Return the message that this message replies to, which may be in no ticket yet."""
    if not says_something(answered):
        return ""
    lines = cut(spoken(answered), MAX_QUOTED).split("\n")
    listed = file_lines(_files(answered))
    return "\n".join([f"In reply to {person(answered)}:", *(f"> {line}" for line in (*lines, *listed) if line)])
