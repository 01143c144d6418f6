"""Message ids that are used again: by a copy of a message, or by its sender for another message."""

from __future__ import annotations

from dataclasses import fields, replace

from connectors.contract.events import Commented, Event, Opened, digest

COPIED = "copied"
"""Marks messages that arrive as several differing copies, for example through a mailing list."""

USED_AGAIN = "message_id_reused: its id is known of another message of its sender"


def used_again(event: Event, known_content: str, *, is_copied: bool) -> Event | None:
    """Return the event under a new id if its sender used the id before, for another message; else None.

    An opening becomes a comment.
    """
    if event.other_words != "message" or event.content_digest == known_content or is_copied:
        return None
    facts = {each.name: getattr(event, each.name) for each in fields(event)}
    facts["source_message_id"] = digest(event.source_message_id, event.content_digest)
    if isinstance(event, Opened):
        return Commented(**{each.name: facts[each.name] for each in fields(Event)})
    return replace(event, source_message_id=facts["source_message_id"])
