"""Messages in Slack: they open, comment or close; edits and deletions comment.

Slack sends one message under several event ids, and a message that mentions the bot twice: as `message` and as
`app_mention`. The events of both are equal, so if one is ignored, the other still counts.

The edit of a mention arrives twice too: as `message_changed`, and as another `app_mention` with `edited`. Both carry
the id of the edit. Only `message_changed` shows whether the mention is new, so either may open a missing case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.chats.channels import Rules
from connectors.chats.facts import NOT_FOR_US, Facts, begins_with, subject
from connectors.contract.events import Commented, Opened, Resolved
from connectors.contract.messages import Remark
from connectors.slack import rendering
from connectors.slack.envelope import Envelope, Place, maybe_id, maybe_ts, moment, names, read_id, read_place, read_ts
from connectors.slack.envelope import references as named
from connectors.slack.facts import Deed, Words, facts
from connectors.slack.settings import Settings
from connectors.toolbox.reading import Said
from connectors.toolbox.reasons import Located, path_of, without_effect
from connectors.toolbox.strict_json import object_at, within
from connectors.toolbox.text import readable


def message(event: Mapping[str, Any], envelope: Envelope, settings: Settings) -> Said:
    """Read an event of type `message`, by its subtype."""
    subtype = event.get("subtype") or ""
    handler = _SUBTYPES.get(subtype) if isinstance(subtype, str) else None
    if handler is None:
        return without_effect("event.subtype", subtype)
    return handler(event, envelope, settings)


def mention(event: Mapping[str, Any], envelope: Envelope, settings: Settings) -> Said:
    """Read an event of type `app_mention`: a message that mentions the bot."""
    place = read_place(event)
    if reason := _from_a_bot(event, envelope):
        return Remark("event", reason)
    stamp = maybe_ts(object_at(event, "edited"), "ts")
    if stamp is not None:
        return _mentioned_by_edit(event, place, stamp, envelope, settings)
    return _said(event, place, envelope, settings, mentioned=True)


def _written(event: Mapping[str, Any], envelope: Envelope, settings: Settings) -> Said:
    place = read_place(event)
    if reason := _from_a_bot(event, envelope):
        if _is_ours(event, envelope) or not (envelope.asked_for and place.root == place.ts):
            return Remark("event", reason)
        # Somebody may have opened a ticket from a bot's message, such as a monitoring alert.
        return Commented(**_facts(event, place, envelope, settings, mentioned=False), unknown="wait", reopens=False)
    mentioned = rendering.mentions(rendering.raw_text(event), envelope.bots)
    return _said(event, place, envelope, settings, mentioned=mentioned)


def _said(event: Mapping[str, Any], place: Place, envelope: Envelope, settings: Settings, *, mentioned: bool) -> Said:
    rules, shared = settings.rules(place.channel), _facts(event, place, envelope, settings, mentioned=mentioned)
    author = shared["author"]
    if place.root != place.ts:
        return _reply(event, envelope, shared, settings, rules, mentioned=mentioned)
    ways = (("direct", _is_direct(event, place)), ("mention", mentioned), ("message", True))
    if not any(rules.has(gesture) for gesture, is_it in ways if is_it):
        if envelope.asked_for:
            return Commented(**shared, unknown="wait", reopens=False)
        off = next((gesture for gesture, is_it in ways[:2] if is_it), None)
        reason = rules.refuses(off) if off else None
        return Remark("event", reason or NOT_FOR_US)
    if reason := rules.turns_away(author):
        return Remark("event", reason)
    if _says_nothing(event, envelope, mentioned=mentioned):
        return Remark("event", "the message has no text beside the mention")
    # The first name equals the case key. The names in other workspaces may be the key of an existing case.
    shared["references"] = shared["references"][1:]
    return Opened(**shared)


def _reply(
    event: Mapping[str, Any], envelope: Envelope, shared: Facts, settings: Settings, rules: Rules, *, mentioned: bool
) -> Said:
    """Read a message in a thread."""
    author, asks = shared["author"], mentioned and rules.has("mention")
    if rules.has("close_word") and _closes(event, envelope, settings, mentioned=mentioned):
        return Resolved(**shared, authority=rules.authority(author))
    if asks and rules.may_open(author):
        return Commented(**shared, unknown="open")
    if not asks and (off := rules.refuses("reply")):
        return Remark("event", off)
    if _is_bare(event):
        shared = rules.made_public(shared, rendering.plain(rendering.raw_text(event)))
    return Commented(**shared, unknown="wait")


def _says_nothing(event: Mapping[str, Any], envelope: Envelope, *, mentioned: bool) -> bool:
    """True for a mention alone. In a thread, a bare mention refers to the messages above it."""
    spoken = _spoken(rendering.raw_text(event), envelope, mentioned=mentioned)
    return mentioned and not spoken.strip() and not any(event.get(each) for each in ("files", "attachments"))


def _is_bare(event: Mapping[str, Any]) -> bool:
    """True for a reply of words alone that was posted only in its thread, in a conversation known to be a channel."""
    has_more = any(event.get(field) for field in ("files", "attachments", "subtype", "edited"))
    return not has_more and event.get("channel_type") in ("channel", "group")


def _edited(event: Mapping[str, Any], envelope: Envelope, settings: Settings) -> Said:
    channel = read_id(event, "channel")
    after, before = within(event, "message"), object_at(event, "previous_message")
    fields = {**before, **after, "channel": channel, "channel_type": event.get("channel_type")}
    whole = Located(fields, path_of(after))
    gone = after.get("subtype") == "tombstone"
    if reason := _from_a_bot(before if gone else after, envelope):
        return Remark("event", reason)
    place = read_place(whole)
    if gone:
        return _gone(event, place, envelope, settings)
    rules, text = settings.rules(channel), rendering.raw_text(after)
    old = rendering.raw_text(before) if "text" in before else None
    edited = maybe_ts(object_at(after, "edited"), "ts")
    if text == old or (old is None and edited is None):
        return Remark("event", "the text is unchanged: Slack expanded links or counted replies")
    stamp = edited or maybe_ts(event, "event_ts") or read_ts(event, "ts")
    newly = rendering.mentions(text, envelope.bots) and not (old and rendering.mentions(old, envelope.bots))
    if newly and rules.has("mention"):
        return _mentioned_by_edit(whole, place, stamp, envelope, settings)
    if off := rules.refuses("edit"):
        return Remark("event", off)
    now_reads = rendering.plain(text)
    changes = rendering.difference(None if old is None else rendering.plain(old), now_reads)
    who = rendering.person(maybe_id(object_at(after, "edited").get("user")) or maybe_id(after.get("user")))
    note = Words(
        subject=subject(now_reads, f"Message in #{channel}"),
        text=f"{who} edited a message of {readable(moment(place.ts))}:\n\n{changes}",
        raw=text,
    )
    shared = _facts(whole, place, envelope, settings, mentioned=False, words=note, edited=stamp)
    return Commented(**_about(shared, place, envelope), unknown="wait", reopens=False)


def _deleted(event: Mapping[str, Any], envelope: Envelope, settings: Settings) -> Said:
    before = object_at(event, "previous_message")
    if reason := _from_a_bot(before, envelope):
        return Remark("event", reason)
    channel, ts = read_id(event, "channel"), read_ts(event, "deleted_ts")
    root = maybe_ts(before, "thread_ts") or ts
    return _gone(event, Place(channel, ts, root), envelope, settings)


def _gone(event: Mapping[str, Any], place: Place, envelope: Envelope, settings: Settings) -> Said:
    """Make a private note that names the deleted message and does not repeat its text."""
    if off := settings.rules(place.channel).refuses("delete"):
        return Remark("event", off)
    words = Words(
        subject=f"Message in #{place.channel} deleted",
        text=f"The message of {readable(moment(place.ts))} in #{place.channel} was deleted.",
        raw="",
    )
    when = moment(maybe_ts(event, "event_ts") or maybe_ts(event, "ts") or place.ts)
    shared = facts(envelope, settings, place, words, Deed(when, None, None), suffix=":deleted", private=True)
    return Commented(**_about(shared, place, envelope), unknown="wait", reopens=False)


def _mentioned_by_edit(
    event: Mapping[str, Any], place: Place, stamp: str, envelope: Envelope, settings: Settings
) -> Said:
    """Return the whole text under the id of the edit. A new mention opens a case; otherwise the text is a note."""
    rules = settings.rules(place.channel)
    if off := rules.refuses("mention"):
        return Remark("event", off)
    shared = _facts(event, place, envelope, settings, mentioned=True, edited=stamp)
    return Commented(**shared, unknown=rules.unknown(shared["author"]))


def _facts(
    event: Mapping[str, Any],
    place: Place,
    envelope: Envelope,
    settings: Settings,
    *,
    mentioned: bool,
    words: Words | None = None,
    edited: str | None = None,
) -> Facts:
    author = maybe_id(event.get("user"))
    raw = rendering.raw_text(event)
    when = moment(edited or place.ts)
    if words is None:
        text = rendering.plain(_spoken(raw, envelope, mentioned=mentioned))
        who = rendering.person(author, event)
        words = Words(
            subject=subject(text, f"Message in #{place.channel}"),
            text=rendering.whole(text, event, who, place.channel, when),
            raw=raw,
        )
    said = (rendering.plain(raw), rendering.forwarded(event))
    return facts(
        envelope,
        settings,
        place,
        words,
        Deed(when, author, event.get("channel_type")),
        suffix=f":edited:{edited}" if edited else "",
        private=settings.rules(place.channel).marked_private(*said, edited=edited is not None),
    )


def _about(shared: Facts, place: Place, envelope: Envelope) -> Facts:
    """Return the fields of an event about an earlier message: found by root or message, without new aliases."""
    known = shared["references"] + named(names(envelope, place.channel, place.ts))
    shared["references"] = tuple(dict.fromkeys(known))
    shared["aliases"] = ()
    return shared


def _spoken(raw: str, envelope: Envelope, *, mentioned: bool) -> str:
    return rendering.without_mention(raw, envelope.bots) if mentioned else raw


def _closes(event: Mapping[str, Any], envelope: Envelope, settings: Settings, *, mentioned: bool) -> bool:
    spoken = _spoken(rendering.raw_text(event), envelope, mentioned=mentioned)
    return begins_with(spoken, settings.close_word)


def _is_direct(event: Mapping[str, Any], place: Place) -> bool:
    return event.get("channel_type") == "im" or place.channel.startswith("D")


def _from_a_bot(event: Mapping[str, Any], envelope: Envelope) -> str | None:
    """Return why the message is not a person's (a bot's or our own); None for a person's message."""
    if event.get("bot_id") or event.get("subtype") == "bot_message":
        return "a bot wrote the message"
    return "our own app wrote the message" if _is_ours(event, envelope) else None


def _is_ours(event: Mapping[str, Any], envelope: Envelope) -> bool:
    is_app = envelope.app is not None and event.get("app_id") == envelope.app
    return is_app or maybe_id(event.get("user")) in envelope.bots


_SUBTYPES: dict[str, Callable[[Mapping[str, Any], Envelope, Settings], Said]] = {
    "": _written,
    "file_share": _written,
    "thread_broadcast": _written,
    "me_message": _written,
    "message_changed": _edited,
    "message_deleted": _deleted,
}
