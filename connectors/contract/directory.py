"""What are users and channels called that a platform only gives ids of? It is asked for lists of them, once a day.

`parse` calls nobody: intake looks the names of a delivery up in the ledger, and hands them over in a header that only
we can set. They are stored with the delivery, so that reading it again gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.contract.calls import HttpAnswer, HttpCall, Later, Memory, Refused, Unclear
from connectors.contract.messages import Inbound
from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)

NAMES = ":names"
"""The header: a JSON object of names by id."""


@dataclass(frozen=True, slots=True)
class Named:
    """What an answer told."""

    memory: Memory
    names: Mapping[str, str]
    """By id."""


@dataclass(frozen=True, slots=True)
class Naming(Generic[S]):
    """How a kind of source is asked for names."""

    workspaces: Callable[[S], tuple[str, ...]]
    """What is asked by itself, with a token and limits of its own. None of them: no names are asked for."""
    begin: Callable[[], Memory]
    """All is to be asked for."""
    ask: Callable[[Memory, str, S], HttpCall | None]
    """The next request, for the workspace of this name; None: nothing is left."""
    read: Callable[[Memory, HttpAnswer], Named | Later | Unclear | Refused]
    """What the answer to that request means."""
    ids: Callable[[Inbound], frozenset[str]]
    """The ids in a delivery that may have a name."""
