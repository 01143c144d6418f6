"""How is a platform asked for what it did not deliver? One request after another, by what is left to be asked.

A platform that could not reach us for long, or dropped deliveries, still knows what was said. The connector writes each
request and reads its answer; the worker makes it, and takes in what is missing. All of it is pure: what is left to be
asked is in the memory, so that it goes on where it stopped, in whatever process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from connectors.contract.calls import HttpAnswer, HttpCall, Later, Memory, Refused, Unclear
from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Occasion:
    """When a round of questions begins, and what the ledger knows that may have grown meanwhile."""

    now: datetime
    cases: tuple[str, ...] = ()
    """Keys of open cases."""
    cases_since: datetime | None = None
    """When these were asked for last; None: they never were."""
    opened: tuple[str, ...] = ()
    """Keys of cases that were opened since the last round: what was said in them before is wanted too."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Something that was said: the delivery that the platform would have made of it."""

    body: bytes = field(repr=False)
    also: tuple[str, ...] = ()
    """Source message ids under which it may be known besides those of the events that are read in it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What an answer brought."""

    memory: Memory
    """Holds once all of `missed` is in the ledger."""
    missed: tuple[Missed, ...] = ()
    """In the order in which it is to be taken in; most of it may be known."""
    trouble: str | None = None
    """What cannot be asked for, and why; the rest can."""


@dataclass(frozen=True, slots=True)
class Backfilling(Generic[S]):
    """How a kind of source is asked for what it did not deliver."""

    every: Callable[[S], float | None]
    """Seconds from the end of one round to the next; None: it is not to be asked."""
    workspaces: Callable[[S], tuple[str, ...]]
    """What is asked by itself, with a token and limits of its own; an empty name where there is but one."""
    begin: Callable[[Memory, Occasion], Memory]
    """A new round; of a memory in which nothing is left to be asked."""
    ask: Callable[[Memory, str, S], HttpCall | None]
    """The next request, for the workspace of this name; None: nothing is left."""
    read: Callable[[Memory, HttpAnswer, S], Progress | Later | Unclear | Refused]
    """What the answer to that request means. Of the others nothing is remembered: the request is made again."""
