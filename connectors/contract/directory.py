"""Display names of users and channels, for a platform whose messages carry only ids.

The worker asks the platform for lists of names once a day. `parse` makes no calls: intake looks up the names of a
delivery in the ledger and passes them in a header that only intake can set. The names are stored with the delivery, so
that reading it again gives the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, HttpAnswer, HttpCall, Memory
from connectors.contract.messages import Inbound
from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)

DISPLAY_NAMES = ":names"
"""The header: a JSON object of names by id."""


@dataclass(frozen=True, slots=True)
class NamesPage:
    """The names in one answer."""

    memory: Memory
    names: Mapping[str, str]
    """Names by id."""


@dataclass(frozen=True, slots=True)
class DisplayNames(Generic[S]):
    """The requests for the display names of one kind of source."""

    workspaces: Callable[[S], tuple[str, ...]]
    """Names of the workspaces. Each has a token and limits of its own. Empty: no names are asked for."""
    begin: Callable[[], Memory]
    """Starts a round that asks for all names."""
    ask: Callable[[Memory, str, S], HttpCall | None]
    """The next request for the workspace with this name. None: the round is complete."""
    read: Callable[[Memory, HttpAnswer], NamesPage | CallLater | CallUnknown | CallRejected]
    """Reads the answer to that request."""
    ids: Callable[[Inbound], frozenset[str]]
    """The ids in a delivery that may have a display name."""
