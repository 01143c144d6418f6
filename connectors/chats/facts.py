"""Helpers that connectors of chat platforms share: fields of events, first words, files, lists of ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict

from connectors.contract.events import Priority, Reference
from connectors.toolbox.text import ELLIPSIS, cut, one_line

NOT_FOR_US = "the message neither mentions the bot nor is a reply"
"""The reason for ignoring other people's conversations."""

MAX_SUBJECT = 255  # characters, as all of these but the count
MAX_BODY = 40_000
MAX_NAME = 200
MAX_LINK = 500
MOST_FILES = 10


class Facts(TypedDict):
    """The fields of every event."""

    case_key: str
    source_message_id: str
    occurred_at: datetime
    started_at: datetime
    subject: str
    text: str
    content_digest: str
    priority: Priority
    category: str | None
    private: bool
    aliases: tuple[str, ...]
    references: tuple[Reference, ...]
    author: str | None
    participants: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    answer: NotRequired[str | None]
    public_note: NotRequired[bool]
    private_change: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class File:
    """Description of a file that was sent with a message. The file is not fetched."""

    name: str
    size: object = None
    """Bytes; left out if the value is not such a number."""
    link: object = None
    """Shown if it is an `https://` address."""


def subject(text: str, otherwise: str) -> str:
    """Return the first line that is not blank, at most 255 characters; `otherwise` if there is none."""
    return cut(next((line for line in map(one_line, text.split("\n")) if line), otherwise), MAX_SUBJECT)


def begins_with(text: str, word: str) -> bool:
    """True if the text's first word is `word`, in upper or lower case, with or without punctuation after it."""
    first = (text.split(maxsplit=1) or [""])[0].casefold()
    return word.casefold() in (first, first.rstrip(".,:;!"))


def first_line(*values: object) -> str | None:
    """Return the first value that is a text and not blank, as one line of at most 200 characters."""
    lines = (one_line(value) for value in values if isinstance(value, str))
    return next((cut(line, MAX_NAME) for line in lines if line), None)


def file_lines(files: Iterable[File]) -> Iterator[str]:
    """Yield a line for each file: name, size, link. Yields no lines without files."""
    listed = list(files)
    if listed:
        yield "Files:"
    for each in listed[:MOST_FILES]:
        size = each.size
        known = isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 10**15
        parts = [cut(each.name, MAX_NAME), f"({size:,} bytes)" if known else "", link(each.link)]
        yield "- " + " ".join(part for part in parts if part)
    if len(listed) > MOST_FILES:
        yield f"{ELLIPSIS} and {len(listed) - MOST_FILES} more"


def link(value: object) -> str:
    """Return the address if a person can follow it, else an empty text."""
    line = one_line(value) if isinstance(value, str) else ""
    return line if line.startswith("https://") and len(line) <= MAX_LINK else ""


def paragraphs(*parts: str) -> str:
    """Return the non-empty parts, with an empty line between them."""
    return "\n\n".join(part for part in parts if part)


def named(names: Iterable[str]) -> tuple[Reference, ...]:
    """Return references to a case by these names, each once."""
    return tuple(Reference(name) for name in dict.fromkeys(names))


def listed(value: object) -> object:
    """Split `1, 2` into a list: an environment variable can hold only text."""
    return value.replace(",", " ").split() if isinstance(value, str) else value
