"""Simulated network between the real client and the real local Tickets API.

A request that has left is a `Flight`. It stays in the air until a step of the simulation decides its fate. The service
may execute it long after its worker gave it up, for as long as `LIFE_S`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import httpx

from tests.engine.log import Origin
from tickets.assumptions import REQUEST_LIFE_S

Fate = Literal[
    "answered",  # executed, and the answer arrives
    "answer lost",  # executed, and the connection ends
    "lost",  # never executed; the connection ends
    "late",  # the connection ends, and the request may still be executed
    "refused connection",
    "500 before",
    "500 after",
    "503",
    "429",
    "401",
    "422",
]
FATES: tuple[Fate, ...] = (
    "answered", "answer lost", "lost", "late", "refused connection", "500 before", "500 after", "503", "429", "401",
    "422",
)  # fmt: skip
EXECUTED: frozenset[Fate] = frozenset({"answered", "answer lost", "500 after"})
STATUSES: dict[Fate, tuple[int, dict[str, str]]] = {
    "500 before": (500, {}),
    "500 after": (500, {}),
    "503": (503, {}),
    "429": (429, {"Retry-After": "20"}),
    "401": (401, {}),
    "422": (422, {}),
}
"""Answers that replace the service's own."""


@dataclass(eq=False)
class Flight:
    """One request that has left a worker."""

    origin: Origin
    request: httpx.Request
    left_at: float
    """In seconds of the simulated time."""
    answer: asyncio.Future[httpx.Response] = field(repr=False)
    in_air: bool = True
    """True while the request can still reach the service."""

    @property
    def reads(self) -> bool:
        return self.request.method == "GET"

    def is_alive(self, seconds: float) -> bool:
        return self.in_air and seconds < self.left_at + REQUEST_LIFE_S

    def is_awaited(self) -> bool:
        return not self.answer.done()

    def give(self, answer: httpx.Response | Exception) -> None:
        """Give the answer to the worker, if the worker still waits."""
        if self.answer.done():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


FutureResponse = asyncio.Future[httpx.Response]
Sent = tuple[httpx.Request, FutureResponse]


class Wire(httpx.AsyncBaseTransport):
    """One worker's connection to the service."""

    def __init__(self, left: Callable[[httpx.Request, FutureResponse], None]) -> None:
        self._left = left

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer: FutureResponse = asyncio.get_running_loop().create_future()
        self._left(request, answer)
        return await answer


def status_answer(fate: Fate) -> httpx.Response:
    status, headers = STATUSES[fate]
    return httpx.Response(status, headers=headers, json={"error": "simulated", "message": fate})


def broken(fate: Fate) -> httpx.RequestError:
    """Return the HTTP library's exception for a missing answer."""
    if fate != "refused connection":
        return httpx.ReadError("the connection ended")
    error = httpx.ConnectError("nobody listens")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    return error
