"""A mail server that speaks without end does not hold the thread that hands a mail in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import repeat

import pytest

from connectors.contract.calls import CallLater, CallUnknown
from connectors.contract.receipts import MailServer, OutgoingMail
from worker.receipts.sending import hand_in

DRIPS = repeat(b"250-wait\r\n")
OK = b"250 OK\r\n"


def greets_without_end(connection: socket.socket, pause: Callable[[], bool]) -> None:
    drip(connection, pause, repeat(b"220-wait\r\n"))


def takes_a_mail_without_end(connection: socket.socket, pause: Callable[[], bool]) -> None:
    said = connection.makefile("rb")
    for answer in (b"220 here\r\n", OK, OK, OK, b"354 go on\r\n"):
        connection.sendall(answer)
        said.readline()
    drip(connection, pause, DRIPS)


def speaks_byte_by_byte(connection: socket.socket, pause: Callable[[], bool]) -> None:
    drip(connection, pause, repeat(b"2"))


def drip(connection: socket.socket, pause: Callable[[], bool], drops: Iterator[bytes]) -> None:
    for drop in drops:
        connection.sendall(drop)
        if pause():
            return


@contextmanager
def serving(speak: Callable[[socket.socket, Callable[[], bool]], None]) -> Iterator[MailServer]:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                speak(connection, lambda: over.wait(0.02))

        thread = threading.Thread(target=serve)
        thread.start()
        yield MailServer("127.0.0.1", server.getsockname()[1], "none", None, None)
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("speak", "outcome"),
    [(greets_without_end, CallLater), (speaks_byte_by_byte, CallLater), (takes_a_mail_without_end, CallUnknown)],
)
def test_a_mail_server_that_speaks_without_end_is_left_at_the_deadline(
    speak: Callable[[socket.socket, Callable[[], bool]], None], outcome: type
) -> None:
    with serving(speak) as server:
        found = hand_in(OutgoingMail(server, "ada@customer.example", b"Subject: x\r\n\r\nx\r\n"), deadline_s=0.3)
    assert isinstance(found, outcome), found
