"""Requests to the Tickets API on behalf of actions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tickets.client import TicketsClient
from worker.delivery.node import open_client
from worker.settings import Settings

T = TypeVar("T")


def with_client(settings: Settings, act: Callable[[TicketsClient], Awaitable[T]]) -> T:
    """Run `act` with a client for the Tickets API, in an event loop of its own. Raises what `act` raises."""

    async def run() -> T:
        async with open_client(settings) as client:
            return await act(client)

    return asyncio.run(run())
