"""Activities of a Teams bot: a mention opens, a reply notes or closes; edits, deletions and reactions arrive too.

In a channel, a thread is a case. A chat has no threads: the whole chat is one case, until that is closed.

Source: learn.microsoft.com/microsoftteams/platform, "Receive and send messages", "Conversation events in your bot".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.chats import teams_activities
from connectors.chats.facts import NOT_FOR_US, Facts, begins_with, named, subject
from connectors.chats.teams_activities import (
    BOT_PREFIX,
    CHANNEL,
    Place,
    author_of,
    ids_of,
    kind_of,
    maybe_id,
    read_id,
    read_place,
    read_when,
    who_and_where,
)
from connectors.contract.events import Commented, Opened, Resolved, digest
from connectors.contract.messages import Remark
from connectors.teams_bot import receipts
from connectors.teams_bot.settings import Settings
from connectors.toolbox.reading import Said
from connectors.toolbox.reasons import unexpected
from connectors.toolbox.strict_json import object_at, objects_in, within
from connectors.toolbox.text import readable

DIRECT = "personal"
CHATS = (DIRECT, "groupChat")
"""Types of conversations without threads."""


def written(activity: Mapping[str, Any], settings: Settings) -> Iterator[Said]:
    """Read an activity of type `message`."""
    if reason := _from_a_bot(activity):
        yield Remark("from", reason)
    else:
        yield _said(activity, settings)


def _said(activity: Mapping[str, Any], settings: Settings) -> Said:
    place, words, called = _read(activity, settings)
    rules, ids = settings.rules(place.conversation), teams_activities.ids_of_person(object_at(activity, "from"))
    shared = _facts(activity, place, settings, words)
    if rules.has("close_word") and _closes(activity, place, words, settings):
        return Resolved(**shared, authority=rules.authority(*ids))
    if not words and not teams_activities.files(activity):
        return Remark("text", "the message has neither text nor files")
    gesture = "direct" if kind_of(activity) == DIRECT else "mention"
    asks = called and rules.has(gesture)
    if not _is_reply(activity, place):
        if not called:
            return Remark("text", NOT_FOR_US)
        if reason := rules.refuses(gesture) or rules.turns_away(*ids):
            return Remark("text", reason)
        shared["references"] = ()
        return Opened(**shared)
    if asks:
        return Commented(**shared, unknown=rules.unknown(*ids))
    if off := rules.refuses("direct" if gesture == "direct" else "reply"):
        return Remark("text", off)
    if kind_of(activity) == CHANNEL and not teams_activities.has_more(activity):
        shared = rules.made_public(shared, words)
    return Commented(**shared, unknown="wait")


def updated(activity: Mapping[str, Any], settings: Settings) -> Iterator[Said]:
    """Read a `messageUpdate`: the same message with its current text. Teams does not send the earlier text."""
    place, words, called = _read(activity, settings)
    if reason := _from_a_bot(activity):
        yield Remark("from", reason)
        return
    rules, gesture = settings.rules(place.conversation), "direct" if kind_of(activity) == DIRECT else "mention"
    if off := rules.refuses("edit"):
        yield Remark("text", off)
        return
    shared = _facts(activity, place, settings, words, edited=True)
    shared["references"] = named((place.name, shared["case_key"]))
    opens = called and rules.has(gesture)
    ids = teams_activities.ids_of_person(object_at(activity, "from"))
    yield Commented(**shared, unknown=rules.unknown(*ids) if opens else "wait", reopens=False)


def deleted(activity: Mapping[str, Any], settings: Settings) -> Iterator[Said]:
    """Read a `messageDelete` as a private note that does not repeat the deleted text."""
    place = read_place(activity)
    if reason := _from_a_bot(activity):
        yield Remark("from", reason)
        return
    if off := settings.rules(place.conversation).refuses("delete"):
        yield Remark("type", off)
        return
    text = f"A message in {who_and_where(activity)[1]} was deleted, {readable(read_when(activity))}."
    shared = _about(activity, place, settings, f"messageDelete:{place.name}", text)
    shared["private"] = True
    yield Commented(**shared, unknown="wait", reopens=False)


def reacted(activity: Mapping[str, Any], settings: Settings) -> Iterator[Said]:
    """Read a `messageReaction`: added reactions, then removed ones. It names the message, but not its text."""
    place = read_place(activity, "replyToId" if "replyToId" in activity else "id")
    if reason := _from_a_bot(activity):
        yield Remark("from", reason)
        return
    known = [(verb, each) for verb, field in _VERBS.items() for each in _reactions(activity, field)]
    ours = [each for each in known if each[1] in (settings.open_reaction, settings.close_reaction)]
    if not ours:
        yield Remark("reactions", "none of the reactions opens or closes tickets")
    for verb, reaction in ours:
        yield _reaction(activity, place, settings, verb, reaction)


_VERBS = {"added": "reactionsAdded", "removed": "reactionsRemoved"}


def _reaction(activity: Mapping[str, Any], place: Place, settings: Settings, verb: str, reaction: str) -> Said:
    who, rules, opens = within(activity, "from"), settings.rules(place.conversation), reaction == settings.open_reaction
    ids = teams_activities.ids_of_person(who)
    off = rules.refuses("open_reaction" if opens else "close_reaction")
    if off or (opens and verb == "added" and (off := rules.turns_away(*ids))):
        return Remark("reactions", off)
    number = maybe_id(activity.get("id")) or place.number
    name = f"messageReaction:{place.conversation}:{number}:{read_id(who, 'id')}:{reaction}:{verb}"
    person, where = who_and_where(activity)
    did = "marked" if verb == "added" else "unmarked"
    text = f"{person} {verb} the reaction {reaction} {'to' if verb == 'added' else 'from'} a message in {where}."
    shared = _about(activity, place, settings, name, f"{text}\nTeams does not send the text of that message.")
    shared["private"] = shared["private"] if verb == "added" else True
    shared["subject"] = subject(f"Message in {where} {did} by {person}", name)
    shared["attributes"] = tuple(sorted((*shared["attributes"], ("reaction", reaction))))
    if verb == "removed":
        return Commented(**shared, unknown="wait", reopens=False)
    if opens:
        shared["aliases"] = tuple(dict.fromkeys((shared["case_key"], place.name)))
        return Opened(**shared)
    return Resolved(**shared, authority=rules.authority(*ids))


def _reactions(activity: Mapping[str, Any], field: str) -> Iterator[str]:
    listed = activity.get(field, [])
    if not isinstance(listed, list):
        raise unexpected(activity, field, "a list of reactions")
    yield from dict.fromkeys(name for each in listed if isinstance(each, dict) and (name := maybe_id(each.get("type"))))


def _read(activity: Mapping[str, Any], settings: Settings) -> tuple[Place, str, bool]:
    """Return the message's position, its text, and whether it addresses our bot."""
    place = read_place(activity)
    called = kind_of(activity) == DIRECT or _mentions_us(activity, settings)
    return place, teams_activities.spoken(activity, called=called), called


def _facts(activity: Mapping[str, Any], place: Place, settings: Settings, words: str, *, edited: bool = False) -> Facts:
    """Return the fields of a message's event. An edit has the same name and other content."""
    rules = settings.rules(place.conversation)
    person, where = who_and_where(activity)
    signature = f"Teams: {person} in {where}, {readable(read_when(activity))}"
    shared = _about(
        activity, place, settings, f"message:{place.name}", teams_activities.whole(words, activity, signature)
    )
    shared["subject"] = subject(words, f"Message of {person}")
    shared["content_digest"] = digest(
        teams_activities.raw_text(activity), *(each.name for each in teams_activities.files(activity))
    )
    shared["references"] = named((shared["case_key"],))
    shared["aliases"] = tuple(dict.fromkeys((shared["case_key"], place.name)))
    shared["private"] = shared["private"] or rules.marked_private(words, edited=edited)
    return shared


def _about(activity: Mapping[str, Any], place: Place, settings: Settings, name: str, text: str) -> Facts:
    """Return the fields of an event about the message at `place`."""
    when, author = read_when(activity), author_of(activity)
    rules = settings.rules(place.conversation)
    case = place.conversation if kind_of(activity) in CHATS else place.case_key
    return Facts(
        case_key=case,
        source_message_id=name,
        occurred_at=when,
        started_at=when,
        subject=subject(text, name),
        text=text,
        content_digest=digest(name),
        priority=rules.priority,
        category=rules.category,
        private=teams_activities.is_private(activity, rules),
        private_change=rules.private_word is not None,
        aliases=(),
        references=named((place.name, case)),
        author=author,
        participants=(author,) if author else (),
        attributes=tuple(sorted(ids_of(activity, place).items())),
        answer=receipts.target(activity, place) if settings.receipts else None,
    )


def _closes(activity: Mapping[str, Any], place: Place, words: str, settings: Settings) -> bool:
    if kind_of(activity) in CHATS:
        return words.casefold().rstrip(".!") == settings.close_word.casefold()
    return _is_reply(activity, place) and begins_with(words, settings.close_word)


def _is_reply(activity: Mapping[str, Any], place: Place) -> bool:
    """True if the message is in a conversation that may have a ticket: a thread, or a chat."""
    return place.root != place.number or kind_of(activity) in CHATS


def _mentions_us(activity: Mapping[str, Any], settings: Settings) -> bool:
    ours = (maybe_id(object_at(activity, "recipient").get("id")), f"{BOT_PREFIX}{settings.app_id}")
    named = [object_at(each, "mentioned") for each in objects_in(activity.get("entities"))]
    return any(number in ours for each in named if (number := maybe_id(each.get("id"))))


def _from_a_bot(activity: Mapping[str, Any]) -> str | None:
    """Return why the activity is not a person's; None for a person's."""
    who, us = within(activity, "from"), object_at(activity, "recipient").get("id")
    if us is not None and who.get("id") == us:
        return "the activity comes from our own bot"
    return "the activity comes from a bot" if teams_activities.is_of_a_bot(who) else None


HANDLERS: Mapping[str, Callable[[Mapping[str, Any], Settings], Iterator[Said]]] = {
    "message": written,
    "messageUpdate": updated,
    "messageDelete": deleted,
    "messageReaction": reacted,
}
"""Handlers by activity type."""
