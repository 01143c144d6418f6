"""Mentions of the Teams webhook: they open a case, comment on the case of their thread, or close it.

A thread is named by its channel and its first message, which follows `;messageid=` in the conversation's id.

Source: learn.microsoft.com/microsoftteams/platform, "Create Outgoing Webhooks"; Bot Framework, "Activity".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.chats import teams_activities
from connectors.chats.channels import Rules
from connectors.chats.facts import Facts, begins_with, named, subject
from connectors.chats.teams_activities import CHANNEL, Place, read_place, read_when, who_and_where
from connectors.contract.events import Commented, Opened, Resolved, Unknown, digest
from connectors.contract.messages import Remark
from connectors.teams.settings import Settings
from connectors.toolbox.reading import Said
from connectors.toolbox.strict_json import within
from connectors.toolbox.text import readable


def message(activity: Mapping[str, Any], settings: Settings) -> Said:
    """Read an activity of type `message`. Raises UnreadableItem if its position is missing."""
    place, who = read_place(activity), within(activity, "from")
    if teams_activities.is_of_a_bot(who):
        return Remark("from", "a bot wrote the message")
    text, rules, ids = (
        teams_activities.spoken(activity),
        settings.rules(place.conversation),
        teams_activities.ids_of_person(who),
    )
    shared = _facts(activity, place, rules, text)
    if place.root != place.number:
        if rules.has("close_word") and begins_with(text, settings.close_word):
            return Resolved(**shared, authority=rules.authority(*ids))
        if off := rules.refuses("mention"):
            return Remark("text", off)
        if teams_activities.kind_of(activity) == CHANNEL and not teams_activities.has_more(activity):
            # A public note opens no case: its author did not ask for it to become a ticket's description.
            shared = rules.made_public(shared, text)
        unknown: Unknown = "wait" if shared.get("public_note") else rules.unknown(*ids)
        return Commented(**shared, unknown=unknown)
    if text.casefold().rstrip(".!") == settings.close_word.casefold():
        return Remark("text", "to close a ticket, reply in its thread")
    if not text and not teams_activities.files(activity):
        return Remark("text", "the message has no text after the mention")
    if reason := rules.refuses("mention") or rules.turns_away(*ids):
        return Remark("text", reason)
    return Opened(**shared)


def _facts(activity: Mapping[str, Any], place: Place, rules: Rules, text: str) -> Facts:
    when, author = read_when(activity), teams_activities.author_of(activity)
    who, where = who_and_where(activity)
    return Facts(
        case_key=place.case_key,
        source_message_id=place.name,
        occurred_at=when,
        started_at=when,
        subject=subject(text, f"Message of {who}"),
        text=teams_activities.whole(text, activity, f"Teams: {who} in {where}, {readable(when)}"),
        content_digest=digest(
            teams_activities.raw_text(activity), *(each.name for each in teams_activities.files(activity))
        ),
        priority=rules.priority,
        category=rules.category,
        private=rules.marked_private(text) or teams_activities.is_private(activity, rules),
        private_change=rules.private_word is not None,
        aliases=tuple(dict.fromkeys((place.case_key, place.name))),
        references=named((place.case_key,)) if place.root != place.number else (),
        author=author,
        participants=(author,) if author else (),
        attributes=tuple(sorted(teams_activities.ids_of(activity, place).items())),
    )
