"""Polling in place of webhooks that cannot reach us: the worker asks for one ticket after the other.

The connector says how often, and writes the delivery that the webhook would have sent. The worker asks the Tickets API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from connectors.contract.settings import SourceSettings

S = TypeVar("S", bound=SourceSettings)

WHOLE = timedelta(seconds=1)  # by which the lifecycle allows for webhooks, whose times are whole seconds


@dataclass(frozen=True, slots=True)
class Pace:
    """How often tickets are looked at."""

    again_after_s: float
    """Seconds; one ticket is looked at no sooner."""
    per_minute: int
    """Requests of a minute that this takes at the most."""


@dataclass(frozen=True, slots=True)
class Polling(Generic[S]):
    """How a kind's tickets are looked at."""

    pace: Callable[[S], Pace | None]
    """None: the webhooks have to do."""
    delivery: Callable[[Mapping[str, Any], datetime, str], bytes]
    """The body that a webhook would have had: of a ticket as the API gives it, asked for at that time, by that name."""
