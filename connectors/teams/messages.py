"""What does a mention of the webhook say? It opens a case, adds to the one of its thread, or closes that.

A thread is named by its channel and its first message, which stands behind `;messageid=` in the conversation's id.

Source: learn.microsoft.com/microsoftteams/platform, "Create Outgoing Webhooks"; Bot Framework, "Activity".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.base import Remark
from connectors.channels import Rules
from connectors.chat import Facts, Said, begins_with, first_line, named, subject
from connectors.documents import UnreadableItem, found_at, read_instant, within
from connectors.events import Commented, Opened, Resolved, Unknown, digest
from connectors.mapping import readable
from connectors.teams import content
from connectors.teams.settings import Settings

ROOT = ";messageid="
CHANNEL = "channel"
"""The type of a conversation that a whole team reads; the others are among few."""
BOT_PREFIX = "28:"
"""How the ids of bots begin."""

_ID = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands."""

    conversation: str
    number: str
    root: str
    """The number of the message that its thread began with; its own where it began one."""

    @property
    def name(self) -> str:
        return f"{self.conversation}:{self.number}"

    @property
    def case_key(self) -> str:
        return f"{self.conversation}:{self.root}"


def message(activity: Mapping[str, Any], settings: Settings) -> Said:
    """An activity of type `message`. Raises UnreadableItem where it cannot be placed."""
    place, who = _place(activity), within(activity, "from")
    if who.get("role") == "bot" or str(who.get("id")).startswith(BOT_PREFIX):
        return Remark("from", "a bot wrote the message")
    text, rules, ids = content.spoken(activity), settings.rules(place.conversation), _ids(who)
    shared = _facts(activity, place, rules, text)
    if place.root != place.number:
        if rules.has("close_word") and begins_with(text, settings.close_word):
            return Resolved(**shared, authority=rules.authority(*ids))
        if off := rules.refuses("mention"):
            return Remark("text", off)
        if _kind(activity) == CHANNEL and not content.has_more(activity):
            # What is said in public opens nothing: a ticket's description is not what was meant by it.
            shared = rules.made_public(shared, text)
        unknown: Unknown = "wait" if shared.get("public_note") else rules.unknown(*ids)
        return Commented(**shared, unknown=unknown)
    if text.casefold().rstrip(".!") == settings.close_word.casefold():
        return Remark("text", "it closes no ticket: it does not stand in the thread of one")
    if not text and not content.files(activity):
        return Remark("text", "it says nothing behind the mention")
    if reason := rules.refuses("mention") or rules.turns_away(*ids):
        return Remark("text", reason)
    return Opened(**shared)


def _place(activity: Mapping[str, Any]) -> Place:
    conversation = _read_id(within(activity, "conversation"), "id")
    number = _read_id(activity, "id")
    base, _, root = conversation.partition(ROOT)
    if not base:
        raise UnreadableItem("conversation.id: it names no conversation")
    return Place(base, number, root or number)


def _facts(activity: Mapping[str, Any], place: Place, rules: Rules, text: str) -> Facts:
    when, author = _when(activity), _author(activity)
    who = first_line(_part(activity, "from").get("name")) or "somebody"
    where = first_line(_part(_part(activity, "channelData"), "channel").get("name")) or "a channel"
    data = _part(activity, "channelData")
    attributes = {
        "channel": place.conversation,
        "team": _maybe_id(data.get("teamsTeamId")) or _maybe_id(_part(data, "team").get("id")),
        "user": author,
    }
    return Facts(
        case_key=place.case_key,
        source_message_id=place.name,
        occurred_at=when,
        started_at=when,
        subject=subject(text, f"Message of {who}"),
        text=content.whole(text, activity, f"Teams: {who} in {where}, {readable(when)}"),
        content_digest=digest(content.raw_text(activity), *(each.name for each in content.files(activity))),
        priority=rules.priority,
        category=rules.category,
        private=rules.marked_private(text) or _is_private(activity, rules),
        private_change=rules.private_word is not None,
        aliases=tuple(dict.fromkeys((place.case_key, place.name))),
        references=named((place.case_key,)) if place.root != place.number else (),
        author=author,
        participants=(author,) if author else (),
        attributes=tuple(sorted((name, value) for name, value in attributes.items() if value)),
    )


def _author(activity: Mapping[str, Any]) -> str | None:
    """The user's id in the directory; `from.id` is another one for every bot, and only taken where that is missing."""
    who = _part(activity, "from")
    return _maybe_id(who.get("aadObjectId")) or _maybe_id(who.get("id"))


def _ids(who: Mapping[str, Any]) -> tuple[str | None, ...]:
    return _maybe_id(who.get("aadObjectId")), _maybe_id(who.get("id"))


def _kind(activity: Mapping[str, Any]) -> object:
    return _part(activity, "conversation").get("conversationType")


def _is_private(activity: Mapping[str, Any], rules: Rules) -> bool:
    """True unless the conversation is a channel, and may be public."""
    kind = _kind(activity)
    return rules.is_private(among_few=kind is not None and kind != CHANNEL, known_public=kind == CHANNEL)


def _when(activity: Mapping[str, Any]) -> datetime:
    found = read_instant(activity, "timestamp")
    if found is None:
        raise UnreadableItem(f"timestamp: {found_at(activity, 'timestamp')} is no time")
    return found.time


def _part(document: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = document.get(field)
    return value if isinstance(value, dict) else {}


def _maybe_id(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _read_id(document: Mapping[str, Any], field: str) -> str:
    value = _maybe_id(document.get(field))
    if value is None:
        raise UnreadableItem(f"{field}: {found_at(document, field)} is no id")
    return value
