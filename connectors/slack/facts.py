"""Fields that all Slack events share: keys, words, author and place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.chats.facts import Facts
from connectors.contract.events import digest
from connectors.slack import receipts
from connectors.slack.envelope import Envelope, Place, is_private, names, references
from connectors.slack.settings import Settings


@dataclass(frozen=True, slots=True)
class Words:
    """The words of an event."""

    subject: str
    text: str
    raw: str
    """The text that counts as content: the sender's own text as it arrived, without our additions."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Time, author and channel type of an action."""

    when: datetime
    author: str | None
    channel_type: object
    """The channel type in Slack's terms; None if Slack does not name it."""


def facts(
    envelope: Envelope,
    settings: Settings,
    place: Place,
    words: Words,
    deed: Deed,
    *,
    suffix: str = "",
    private: bool = False,
) -> Facts:
    """Return the fields of an event about the message at `place`.

    `suffix` distinguishes the event's id from the message's own. `private` makes the event private in any channel.
    Names of the message and of its root all become aliases, so that a reaction to a reply finds the case.
    """
    rules, author = settings.rules(place.channel), deed.author
    own = names(envelope, place.channel, place.ts)
    root = names(envelope, place.channel, place.root)
    attributes = {"channel": place.channel, "team": envelope.teams[0]} | ({"user": author} if author else {})
    return Facts(
        case_key=root[0],
        source_message_id=own[0] + suffix,
        occurred_at=deed.when,
        started_at=deed.when,
        subject=words.subject,
        text=words.text,
        content_digest=digest(words.raw),
        priority=rules.priority,
        category=rules.category,
        private=private or is_private(rules, place.channel, deed.channel_type),
        aliases=tuple(dict.fromkeys((*root, *own))),
        references=references(root),
        author=author,
        participants=(author,) if author else (),
        attributes=tuple(sorted(attributes.items())),
        private_change=rules.private_word is not None,
        answer=receipts.target(place.channel, place.root, envelope.teams, settings),
    )
