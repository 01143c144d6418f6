"""What holds in a channel: category, priority, privacy, who may open and close, and which gestures count?

The source says it for all of its channels, `channels` for one of them; what a channel leaves out, the source decides.
A thread with an id of its own comes before the channel that it stands in.

What is unclear stays private. A message can be made private by its first word, generously read; one in a private
channel becomes a public note only by exactly the word that was agreed on, of somebody who is named for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from connectors.chats.facts import MAX_BODY, Facts, listed, subject
from connectors.contract.events import Authority, Priority, Unknown
from connectors.contract.settings import SourceSettings
from connectors.toolbox.text import cut

GESTURES: Mapping[str, str] = {
    "mention": "a message that mentions the bot: opens; in a thread a note, or opens",
    "message": "any message that begins a thread: opens",
    "direct": "a message to the bot alone: opens",
    "reply": "a message in a thread: a note",
    "close_word": "a reply, or command, that begins with the close word: closes",
    "edit": "a message that was edited: a note",
    "delete": "a message that was deleted: a private note",
    "open_reaction": "a reaction that opens; taken away, a note",
    "close_reaction": "a reaction that closes; taken away, a note",
    "command": "a command that is typed, such as `/ticket`: opens, notes, closes",
    "shortcut": "a command in the menu of a message: opens, closes",
    "form": "a form that was filled in: opens, notes",
    "button": "a button below an answer: notes, closes",
}
"""What people do in chat, by one word each on all platforms; a kind takes those that its platform has."""

ASKED_FOR = frozenset({"message"})
"""Gestures that are off until somebody switches them on."""

FIRST_WORDS = 500  # characters in which a mark is looked for

Channel = TypeVar("Channel", bound=str)
Person = TypeVar("Person", bound=str)
Gesture = TypeVar("Gesture", bound=str)
Mark = Annotated[str, StringConstraints(pattern=r"^\S{1,50}$")]


def _read(value: object) -> object:
    """A JSON text as what it says: an environment variable holds nothing but text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('wants a JSON text there, such as {"ID": {"private": false}}') from None


class ChannelSettings(BaseModel, Generic[Person, Gesture]):
    """What one channel has otherwise than its source."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    category: str | None = Field(default=None, min_length=1, max_length=255)
    """The category of its tickets. None: the source's."""
    priority: Priority | None = None
    """The priority of its tickets, where no route says another. None: the source's."""
    private: bool | None = None
    """False: its text is public, whether or not the platform tells that the channel is. None: as the source says."""
    openers: Annotated[tuple[Person, ...] | None, BeforeValidator(listed)] = None
    """Ids of those who may open tickets in it; nobody else may. None: as the source says."""
    closers: Annotated[tuple[Person, ...] | None, BeforeValidator(listed)] = None
    """Ids of those who may close any of its tickets. None: as the source says."""
    gestures: dict[Gesture, bool] = Field(default_factory=dict)
    """What people do that counts in it, or does not; what is not named is as the source says."""


Own = TypeVar("Own", bound=ChannelSettings[Any, Any])


class ChatSettings(SourceSettings, Generic[Channel, Person, Gesture, Own]):
    """What sources of chat have in common."""

    routes_publish: ClassVar[bool] = False

    private: bool = True
    """Text goes into private notes only. Where it is false, what is known to be from a public channel is public."""
    priority: Priority = "medium"
    """The priority of the tickets, where no route says another."""
    close_word: Mark = "close"
    """A reply whose first word is this, in upper or lower case, closes the ticket."""
    openers: Annotated[tuple[Person, ...] | None, BeforeValidator(listed)] = None
    """Ids of those who may open tickets; nobody else may. None: everybody."""
    closers: Annotated[tuple[Person, ...], BeforeValidator(listed)] = ()
    """Ids of those who may close any ticket; others close those that they opened."""
    gestures: dict[Gesture, bool] = Field(default_factory=dict)
    """What people do that counts, or does not. All count that the platform has, but `message`."""
    channels: Annotated[dict[Channel, Own], BeforeValidator(_read)] = Field(
        default_factory=dict, json_schema_extra={"additionalProperties": False}
    )
    """By its id, what a channel has otherwise. In the environment it is a JSON text."""
    private_word: Mark | None = None
    """A message that begins with this is private, also in a public channel; so is every edit then. None: there is no
    such word."""
    public_word: Mark | None = None
    """A reply in a private channel that begins with exactly this becomes a public note, if `publishers` names its
    author. None: there is no such word."""
    publishers: Annotated[tuple[Person, ...], BeforeValidator(listed)] = ()
    """Ids of those whose replies may become public by `public_word`."""

    @model_validator(mode="after")
    def _words_hold_together(self) -> Self:
        if (self.public_word is None) != (not self.publishers):
            raise ValueError("public_word, publishers: one is of no use without the other")
        words = {name: getattr(self, name) for name in ("close_word", "private_word", "public_word")}
        given = [each.casefold() for each in words.values() if each is not None]
        if len(set(given)) != len(given):
            raise ValueError(f"{', '.join(words)}: two of them are the same: one word, one meaning")
        return self

    def rules(self, *channels: str | None) -> Rules:
        """What holds in a channel; what it stands in is given after it."""
        known: Mapping[Any, ChannelSettings[Any, Any]] = self.channels
        own = [known[each] for each in channels if each in known]
        openers, closers = _first(own, "openers", self.openers), _first(own, "closers", self.closers)
        says = _first(own, "private", None)
        named = [self.gestures, *(each.gestures for each in reversed(own))]
        return Rules(
            category=_first(own, "category", self.category),
            priority=_first(own, "priority", self.priority),
            private=self.private if says is None else says,
            is_public=says is False,
            openers=None if openers is None else frozenset(openers),
            closers=frozenset(closers),
            off=(ASKED_FOR | _said(named, False)) - _said(named, True),
            private_word=self.private_word,
            public_word=self.public_word,
            publishers=frozenset(self.publishers),
        )


def _first(own: Sequence[ChannelSettings[Any, Any]], name: str, otherwise: Any) -> Any:
    return next((value for each in own if (value := getattr(each, name)) is not None), otherwise)


def _said(named: Sequence[Mapping[Any, bool]], wanted: bool) -> frozenset[str]:
    """The gestures of which this is the last word."""
    last: dict[Any, bool] = {}
    for each in named:
        last |= each
    return frozenset(gesture for gesture, is_on in last.items() if is_on is wanted)


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one channel."""

    category: str | None
    priority: Priority
    private: bool
    is_public: bool
    """It was said of this channel that its text is public."""
    openers: frozenset[str] | None
    closers: frozenset[str]
    off: frozenset[str]
    private_word: str | None
    public_word: str | None
    publishers: frozenset[str]

    def has(self, gesture: str) -> bool:
        """True for a gesture that counts."""
        return gesture not in self.off

    def refuses(self, gesture: str) -> str | None:
        """Why a gesture does not count; None where it does."""
        return None if self.has(gesture) else f"the gesture {gesture} is off here"

    def may_open(self, *ids: str | None) -> bool:
        """True for somebody who may open a ticket; people have several ids: their roles, on some platforms."""
        return self.openers is None or not self.openers.isdisjoint(ids)

    def turns_away(self, *ids: str | None) -> str | None:
        """Why somebody opens no ticket; None where they may."""
        return None if self.may_open(*ids) else "who did it may not open tickets here"

    def unknown(self, *ids: str | None) -> Unknown:
        """What a comment does that may open a case: from somebody who may not, it is a note or nothing."""
        return "open" if self.may_open(*ids) else "wait"

    def authority(self, *ids: str | None) -> Authority:
        """By what somebody closes a ticket."""
        return "opener" if self.closers.isdisjoint(ids) else "source"

    def is_private(self, *, among_few: bool, known_public: bool) -> bool:
        """True unless the channel may be public, and is: `among_few` are direct messages, private channels."""
        if among_few:
            return True
        return not self.is_public and (self.private or not known_public)

    def marked_private(self, *texts: str, edited: bool = False) -> bool:
        """True where one of the texts begins with the private word; and for an edit, since nobody tells what the
        message was before, and before that."""
        word = self.private_word
        return word is not None and (edited or any(_begins(text, word) for text in texts))

    def made_public(self, shared: Facts, text: str) -> Facts:
        """The facts of a reply; as those of a public note with its bare words, where its author may and says so.

        Only for what is nothing but words, in a channel, as it was first said.
        """
        word, _, words = text.partition(" ")
        is_allowed = shared["author"] is not None and shared["author"] in self.publishers
        is_marked = word == self.public_word and bool(words.strip()) and not self.marked_private(text)
        if not (shared["private"] and is_allowed and is_marked):
            return shared
        shared["text"], shared["subject"] = cut(words.strip(), MAX_BODY), subject(words, "A note")
        shared["public_note"] = True
        return shared


def _begins(text: str, word: str) -> bool:
    """True where a text begins with a word, whatever marks, names and spaces stand before it."""
    end = r"(?![^\W_])" if word[-1].isalnum() else ""
    pattern = rf"(?:\s*@[^\s@]*)*[\W_]*{re.escape(word.casefold())}{end}"
    return re.match(pattern, text[:FIRST_WORDS].casefold()) is not None
