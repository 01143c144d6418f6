"""Errors of `accept`, told at most once a minute.

Where a process has no file left for a connection, asyncio reports each try: tens of thousands of lines in a minute,
which can fill the disk.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import uvicorn

from tickets.listening import WAITING


class AtMostOncePer:
    """Tells of events at most once in so many seconds, with their number since the last time."""

    def __init__(
        self, seconds: float, tell: Callable[[int, str], None], clock: Callable[[], float] = monotonic
    ) -> None:
        """`tell` takes the number of events and the text of the latest."""
        self._seconds, self._tell, self._clock = seconds, tell, clock
        self._number = 0
        self._next = clock()

    def __call__(self, text: str = "") -> None:
        self._number += 1
        now = self._clock()
        if now >= self._next:
            number, self._number, self._next = self._number, 0, now + self._seconds
            self._tell(number, text)


def accept_errors(loop: asyncio.AbstractEventLoop, tell: Callable[[str], None], make_room: Callable[[], None]) -> None:
    """Hand errors of `accept` on the event loop to `tell` and `make_room`. Other errors are reported as before."""

    def handle(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        # asyncio says "socket.accept() out of system resource", or "Exception in callback …_accept_connection(…)".
        if isinstance(error, OSError) and "accept" in str(context.get("message", "")):
            tell(error.strerror or type(error).__name__)
            make_room()
        else:
            loop.default_exception_handler(dict(context))

    loop.set_exception_handler(handle)


class PatientServer(uvicorn.Server):
    """Accepts few connections in a turn of the event loop; the kernel keeps the others until it is their turn.

    For asyncio both numbers are one. A process that accepts all that wait in one turn opens as many files at once,
    before it can refuse a connection.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for each in sockets or []:
            each.listen(WAITING)
