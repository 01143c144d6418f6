"""Titles: the subject and the sender under which people find a delivery or a case in lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from connectors.contract.events import Event
from tickets.assumptions import MAX_SUBJECT
from tickets.text import cut, one_line
from worker.planning.lifecycle import PRIVATE_SUBJECT

MAX_SENDER = 320  # characters: the longest mail address


class Title(NamedTuple):
    """The title of a delivery."""

    subject: str | None = None
    sender: str | None = None


UNTITLED = Title()


def subject_line(subject: str) -> str | None:
    """Return a subject in one line that every database and terminal takes; None if it is blank."""
    return cut(one_line(subject), MAX_SUBJECT) or None


def title_of(source: str, events: Sequence[Event], *, is_changed: bool = False) -> Title:
    """Return the title of a delivery with these events: that of the first one, and how many further cases there are.

    A private event is titled like its ticket, and its sender is not named. `is_changed`: the first event is a change of
    a known message, which may have been private.
    """
    if not events:
        return UNTITLED
    first = events[0]
    further = len({each.case_key for each in events} - {first.case_key})
    more = f" (and {further} more)" if further else ""
    if first.private or (is_changed and first.private_change):
        return Title(PRIVATE_SUBJECT.format(source=source) + more)
    subject = subject_line(first.subject)
    return Title(subject and subject + more, cut(one_line(first.author), MAX_SENDER) if first.author else None)


def named(source: str, subject: str | None, opener: str | None) -> str | None:
    """Return the opener of a case as lists may name it: not for a private message, nor while the subject is unknown."""
    is_private = subject is None or subject == PRIVATE_SUBJECT.format(source=source)
    return None if is_private else opener
