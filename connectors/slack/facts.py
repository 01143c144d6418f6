"""What do all events of Slack have in common? Their keys, and who said what where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.chats.facts import Facts
from connectors.contract.events import digest
from connectors.slack import answers
from connectors.slack.envelope import Envelope, Place, is_private, names, references
from connectors.slack.settings import Settings


@dataclass(frozen=True, slots=True)
class Words:
    """What is said."""

    subject: str
    text: str
    raw: str
    """What counts as the content: the sender's own text as it arrived, nothing that we add to it."""


@dataclass(frozen=True, slots=True)
class Deed:
    """When something was said or done, by whom, in what sort of channel."""

    when: datetime
    author: str | None
    channel_type: object
    """As Slack names it; None where it does not."""


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
    """The facts of an event about the message at `place`; `suffix` tells it from the message itself, and `private`
    says that it is, wherever it stands.

    The message's own names and those of its root are all made known, so that a reaction to a reply finds the case.
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
        answer=answers.target(place.channel, place.root, envelope.teams, settings),
    )
