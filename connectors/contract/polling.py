"""Polling of tickets, for a Tickets API whose webhooks cannot reach us.

The connector sets the pace and writes the delivery that the webhook would have sent. The worker asks the Tickets API
for one ticket after another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)

WHOLE = timedelta(seconds=1)  # tolerance of the lifecycle: the times in webhooks are whole seconds


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace at which tickets are polled."""

    again_after_s: float
    """Seconds. Minimum time between two polls of one ticket."""
    per_minute: int
    """Maximum requests per minute that polling uses."""


@dataclass(frozen=True, slots=True)
class Polling(Generic[S]):
    """The requests by which the tickets of a kind are polled."""

    pace: Callable[[S], Pace | None]
    """None: no polling; webhooks suffice."""
    delivery: Callable[[Mapping[str, Any], datetime, str], bytes]
    """The body that a webhook would have had, from the ticket as the API returned it, the time of the request and the
    name of the requester."""
