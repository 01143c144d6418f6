"""Reactions in Slack: one emoji opens, one closes; removing either is a note.

The event names the message, but neither its text nor its thread. So the case is found by the message's own name, which
every message of a case makes known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract.events import Commented, Opened, Resolved
from connectors.contract.messages import Remark
from connectors.slack import rendering
from connectors.slack.envelope import Envelope, Place, maybe_id, moment, read_id, read_ts
from connectors.slack.facts import Deed, Words, facts
from connectors.slack.settings import Settings
from connectors.toolbox.reading import Said
from connectors.toolbox.reasons import unexpected, unquoted_without_effect, without_effect
from connectors.toolbox.strict_json import object_at
from connectors.toolbox.text import readable


def added(event: Mapping[str, Any], envelope: Envelope, settings: Settings) -> Said:
    return _reaction(event, envelope, settings, "added")


def removed(event: Mapping[str, Any], envelope: Envelope, settings: Settings) -> Said:
    return _reaction(event, envelope, settings, "removed")


def _reaction(event: Mapping[str, Any], envelope: Envelope, settings: Settings, verb: str) -> Said:
    emoji, item = event.get("reaction"), object_at(event, "item")
    if not isinstance(emoji, str):
        raise unexpected(event, "reaction", "the name of an emoji")
    name = emoji.partition("::")[0]  # the suffix is the skin tone
    if name not in (settings.open_emoji, settings.close_emoji):
        return unquoted_without_effect("event.reaction", "open_emoji and close_emoji are other reactions")
    if item.get("type", "message") != "message":
        return without_effect("event.item.type", item.get("type"), "only reactions to messages are read")
    ts = read_ts(item, "ts")
    place = Place(read_id(item, "channel"), ts, ts)
    user, stamp = read_id(event, "user"), read_ts(event, "event_ts")
    if user in envelope.bots:
        return Remark("event", "the reaction is our own")
    rules, opens = settings.rules(place.channel), name == settings.open_emoji
    off = rules.refuses("open_reaction" if opens else "close_reaction")
    if off or (opens and verb == "added" and (off := rules.turns_away(user))):
        return Remark("event", off)
    shared = facts(
        envelope,
        settings,
        place,
        _words(name, verb, user, place, maybe_id(event.get("item_user"))),
        Deed(moment(stamp), user, item.get("channel_type")),
        suffix=f":{user}:{name}:{verb}:{stamp}",
        private=verb == "removed",
    )
    shared["attributes"] = tuple(sorted((*shared["attributes"], ("reaction", name))))
    if verb == "removed":
        shared["aliases"] = ()
        return Commented(**shared, unknown="wait", reopens=False)
    if opens:
        return Opened(**shared)
    shared["aliases"] = ()
    return Resolved(**shared, authority=rules.authority(user))


def _words(name: str, verb: str, user: str, place: Place, writer: str | None) -> Words:
    who, where = rendering.person(user), f"#{place.channel}"
    did = "marked" if verb == "added" else "unmarked"
    of = f"Its author is {rendering.person(writer)}. " if writer else ""
    return Words(
        subject=f"Message in {where} {did} by {who}",
        text=(
            f"{who} {verb} :{name}: {'to' if verb == 'added' else 'from'} a message in {where} of "
            f"{readable(moment(place.ts))}.\n{of}"
            f"Read it at archives/{place.channel}/p{place.ts.replace('.', '')} in the workspace."
        ),
        raw="",
    )
