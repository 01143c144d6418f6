"""Rules of a channel: category, priority, privacy, permitted openers and closers, and active gestures.

The source sets the rules for all of its channels; `channels` overrides them for one channel. The source decides what a
channel leaves out. A thread with an id of its own takes precedence over its channel.

Unclear cases stay private. The private word makes a message private and is matched generously. A message in a private
channel becomes a public note only by exactly the public word, from an author who is listed for it.
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
"""Actions in chat, with one name each on all platforms. A kind takes the gestures that its platform has."""

ASKED_FOR = frozenset({"message"})
"""Gestures that are off unless a setting switches them on."""

FIRST_WORDS = 500  # characters searched for the private word

Channel = TypeVar("Channel", bound=str)
Person = TypeVar("Person", bound=str)
Gesture = TypeVar("Gesture", bound=str)
Mark = Annotated[str, StringConstraints(pattern=r"^\S{1,50}$")]


def _read(value: object) -> object:
    """Parse a JSON text: an environment variable can hold only text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('must be a JSON text, such as {"ID": {"private": false}}') from None


class ChannelSettings(BaseModel, Generic[Person, Gesture]):
    """Settings of one channel that differ from the source's."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    category: str | None = Field(default=None, min_length=1, max_length=255)
    """The category of the channel's tickets. None: the source's."""
    priority: Priority | None = None
    """The priority of the channel's tickets, unless a route sets another. None: the source's."""
    private: bool | None = None
    """False: the channel's text is public, even if the platform does not report the channel as public. None: the
    source's setting."""
    openers: Annotated[tuple[Person, ...] | None, BeforeValidator(listed)] = None
    """Ids of those who may open tickets in the channel; nobody else may. None: the source's setting."""
    closers: Annotated[tuple[Person, ...] | None, BeforeValidator(listed)] = None
    """Ids of those who may close any of the channel's tickets. None: the source's setting."""
    gestures: dict[Gesture, bool] = Field(default_factory=dict)
    """Gestures that count in the channel (true), or do not (false). Gestures not listed follow the source."""


# A specialised class such as `ChannelSettings[Id, Gesture]` has no source text, and Pydantic would look for the text in
# each frame of the stack: a process would start half a second later. Classes with a source text switch it on again.
ChannelSettings.model_config["use_attribute_docstrings"] = False

Own = TypeVar("Own", bound=ChannelSettings[Any, Any])


class ChatSettings(SourceSettings, Generic[Channel, Person, Gesture, Own]):
    """Settings that chat sources share."""

    routes_publish: ClassVar[bool] = False

    private: bool = True
    """Put text into private notes only. False: text from channels known to be public is public."""
    priority: Priority = "medium"
    """The priority of the tickets, unless a route sets another."""
    close_word: Mark = "close"
    """A reply whose first word is this, in upper or lower case, closes the ticket."""
    openers: Annotated[tuple[Person, ...] | None, BeforeValidator(listed)] = None
    """Ids of those who may open tickets; nobody else may. None: everybody."""
    closers: Annotated[tuple[Person, ...], BeforeValidator(listed)] = ()
    """Ids of those who may close any ticket. Others close the tickets that they opened."""
    gestures: dict[Gesture, bool] = Field(default_factory=dict)
    """Gestures that count (true), or do not (false). By default all of the platform's gestures count except
    `message`."""
    channels: Annotated[dict[Channel, Own], BeforeValidator(_read)] = Field(
        default_factory=dict, json_schema_extra={"additionalProperties": False}
    )
    """Differing settings of channels, by channel id. In the environment: a JSON text."""
    private_word: Mark | None = None
    """A message that begins with this word is private, also in a public channel. If the word is set, every edit is
    private too. None: no such word."""
    public_word: Mark | None = None
    """A reply in a private channel that begins with exactly this word becomes a public note if `publishers` lists its
    author. None: no such word."""
    publishers: Annotated[tuple[Person, ...], BeforeValidator(listed)] = ()
    """Ids of those whose replies may become public by `public_word`."""

    @model_validator(mode="after")
    def _words_hold_together(self) -> Self:
        if (self.public_word is None) != (not self.publishers):
            raise ValueError("public_word, publishers: give both or neither")
        words = {name: getattr(self, name) for name in ("close_word", "private_word", "public_word")}
        given = [each.casefold() for each in words.values() if each is not None]
        if len(set(given)) != len(given):
            raise ValueError(f"{', '.join(words)}: give each a word of its own")
        return self

    def rules(self, *channels: str | None) -> Rules:
        """Return the rules of a channel; the channel that contains it follows as the next argument."""
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


ChatSettings.model_config["use_attribute_docstrings"] = False


def _first(own: Sequence[ChannelSettings[Any, Any]], name: str, otherwise: Any) -> Any:
    return next((value for each in own if (value := getattr(each, name)) is not None), otherwise)


def _said(named: Sequence[Mapping[Any, bool]], wanted: bool) -> frozenset[str]:
    """Return the gestures whose last setting is `wanted`."""
    last: dict[Any, bool] = {}
    for each in named:
        last |= each
    return frozenset(gesture for gesture, is_on in last.items() if is_on is wanted)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one channel."""

    category: str | None
    priority: Priority
    private: bool
    is_public: bool
    """The settings declare this channel's text public."""
    openers: frozenset[str] | None
    closers: frozenset[str]
    off: frozenset[str]
    private_word: str | None
    public_word: str | None
    publishers: frozenset[str]

    def has(self, gesture: str) -> bool:
        """True if the gesture counts."""
        return gesture not in self.off

    def refuses(self, gesture: str) -> str | None:
        """Return why a gesture does not count; None if it counts."""
        return None if self.has(gesture) else f"the gesture {gesture} is off here"

    def may_open(self, *ids: str | None) -> bool:
        """True if this person may open a ticket. On some platforms a person has several ids: roles."""
        return self.openers is None or not self.openers.isdisjoint(ids)

    def turns_away(self, *ids: str | None) -> str | None:
        """Return why this person may not open a ticket; None if they may."""
        return None if self.may_open(*ids) else "this person may not open tickets here"

    def unknown(self, *ids: str | None) -> Unknown:
        """Return how a comment that may open a case treats an unknown case. Without permission to open, it waits."""
        return "open" if self.may_open(*ids) else "wait"

    def authority(self, *ids: str | None) -> Authority:
        """Return the authority with which this person closes a ticket."""
        return "opener" if self.closers.isdisjoint(ids) else "source"

    def is_private(self, *, among_few: bool, known_public: bool) -> bool:
        """True unless the channel may be public, and is. `among_few`: a direct message or private channel."""
        if among_few:
            return True
        return not self.is_public and (self.private or not known_public)

    def marked_private(self, *texts: str, edited: bool = False) -> bool:
        """True if a text begins with the private word, or if there is a private word and the message is an edit.

        An edit counts because the platform does not report all earlier versions.
        """
        word = self.private_word
        return word is not None and (edited or any(_begins(text, word) for text in texts))

    def made_public(self, shared: Facts, text: str) -> Facts:
        """Return the fields of a reply, as a public note if its author may publish and the public word asks for it.

        The note's text omits the public word. Only for replies of words alone, in a channel, as first posted.
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
    """True if the text begins with the word, after any marks, names and spaces."""
    end = r"(?![^\W_])" if word[-1].isalnum() else ""
    pattern = rf"(?:\s*@[^\s@]*)*[\W_]*{re.escape(word.casefold())}{end}"
    return re.match(pattern, text[:FIRST_WORDS].casefold()) is not None
