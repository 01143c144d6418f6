"""Backfill: asks a platform for messages that it did not deliver.

A platform that could not reach us for a long time, or dropped deliveries, still has the messages. The connector writes
each request and reads its answer. The worker makes the request and takes in the missing messages. All functions are
pure: the memory holds the requests that are still to be made, so any process can continue a round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall, Memory
from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)


@dataclass(frozen=True, slots=True)
class Occasion:
    """The start of a round of requests, and what the ledger can contribute to it."""

    now: datetime
    cases: tuple[str, ...] = ()
    """Keys of open cases."""
    cases_since: datetime | None = None
    """When these cases were last asked for. None: never."""
    opened: tuple[str, ...] = ()
    """Keys of cases opened since the last round. Earlier messages in these cases are asked for too."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A message that was not delivered, as the delivery that the platform would have sent."""

    body: bytes = field(repr=False)
    also: tuple[str, ...] = ()
    """Further source message ids under which the ledger may have the message, besides those of the events in the
    body."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The result of reading one answer."""

    memory: Memory
    """The next memory. Valid once all of `missed` is in the ledger."""
    missed: tuple[Missed, ...] = ()
    """Messages in the order in which they are to be taken in. The ledger may already have most of them."""
    trouble: str | None = None
    """The part that could not be asked for, with the reason. None: everything could."""


@dataclass(frozen=True, slots=True)
class Backfilling(Generic[S]):
    """The requests by which one kind of source is asked for undelivered messages."""

    every: Callable[[S], float | None]
    """Seconds from the end of one round to the start of the next. None: no backfill."""
    workspaces: Callable[[S], tuple[str, ...]]
    """Names of the workspaces. Each has a token and limits of its own. A single workspace has an empty name."""
    begin: Callable[[Memory, Occasion], Memory]
    """Starts a new round, given a memory without open requests."""
    ask: Callable[[Memory, str, S], HttpCall | None]
    """The next request for the workspace with this name. None: the round is complete."""
    read: Callable[[Memory, HttpAnswer, S], Progress | CallLater | CallUnknown | CallRejected]
    """Reads the answer to that request. After `CallLater`, `CallUnknown` or `CallRejected` the memory is unchanged and
    the request is made again."""
