"""What does a mention of the webhook say? It opens a case, adds to the one of its thread, or closes that.

A thread is named by its channel and its first message, which stands behind `;messageid=` in the conversation's id.

Source: learn.microsoft.com/microsoftteams/platform, "Create Outgoing Webhooks"; Bot Framework, "Activity".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors import activities
from connectors.activities import CHANNEL, Place, part, read_place, read_when, who_and_where
from connectors.base import Remark
from connectors.chat import Facts, Said, begins_with, named, subject
from connectors.documents import within
from connectors.events import Commented, Opened, Resolved, digest
from connectors.mapping import readable
from connectors.teams.settings import Settings


def message(activity: Mapping[str, Any], settings: Settings) -> Said:
    """An activity of type `message`. Raises UnreadableItem where it cannot be placed."""
    place, who = read_place(activity), within(activity, "from")
    if activities.is_of_a_bot(who):
        return Remark("from", "a bot wrote the message")
    text = activities.spoken(activity)
    shared = _facts(activity, place, settings, text)
    if place.root != place.number:
        if begins_with(text, settings.close_word):
            return Resolved(**shared, authority="source" if _may_close(who, settings) else "opener")
        return Commented(**shared, unknown="open")
    if text.casefold().rstrip(".!") == settings.close_word.casefold():
        return Remark("text", "it closes no ticket: it does not stand in the thread of one")
    if not text and not activities.files(activity):
        return Remark("text", "it says nothing behind the mention")
    return Opened(**shared)


def _facts(activity: Mapping[str, Any], place: Place, settings: Settings, text: str) -> Facts:
    when, author = read_when(activity), activities.author_of(activity)
    who, where = who_and_where(activity)
    return Facts(
        case_key=place.case_key,
        source_message_id=place.name,
        occurred_at=when,
        started_at=when,
        subject=subject(text, f"Message of {who}"),
        text=activities.whole(text, activity, f"Teams: {who} in {where}, {readable(when)}"),
        content_digest=digest(activities.raw_text(activity), *(each.name for each in activities.files(activity))),
        priority="medium",
        category=settings.category,
        private=_is_private(activity, place, settings),
        aliases=tuple(dict.fromkeys((place.case_key, place.name))),
        references=named((place.case_key,)) if place.root != place.number else (),
        author=author,
        participants=(author,) if author else (),
        attributes=tuple(sorted(activities.ids_of(activity, place).items())),
    )


def _may_close(who: Mapping[str, Any], settings: Settings) -> bool:
    return any(who.get(field) in settings.closers for field in ("aadObjectId", "id"))


def _is_private(activity: Mapping[str, Any], place: Place, settings: Settings) -> bool:
    """True unless the conversation is a channel, and may be public."""
    kind = part(activity, "conversation").get("conversationType")
    if kind is not None and kind != CHANNEL:
        return True
    if place.conversation in settings.public_channels:
        return False
    return settings.private or kind != CHANNEL
