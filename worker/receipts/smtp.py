"""SMTP sessions that end at a deadline, however slowly the server speaks.

The time-out of `smtplib` holds for one read. A server that sends a line every few seconds would hold its caller for
ever.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any

TIMEOUT_S = 10.0  # for each step with a mail server
AGAIN_S = 0.5
"""The pause before another try to end the session: while TLS begins, the session has no socket that could be shut."""


class Bounded(smtplib.SMTP):
    """A session whose connection is shut `deadline_s` seconds after its start. The read then ends with an error."""

    def __init__(self, host: str, port: int, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._over = threading.Event()
        super().__init__(host, port, timeout=TIMEOUT_S)

    def connect(self, host: str = "localhost", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:
        threading.Thread(target=self._watch, name="smtp deadline", daemon=True).start()
        try:
            return super().connect(host, port, source_address)
        except BaseException:
            self._over.set()
            raise

    def close(self) -> None:
        self._over.set()
        super().close()

    def _watch(self) -> None:
        pause = self._deadline_s
        while not self._over.wait(pause):
            pause = AGAIN_S
            with suppress(OSError):
                if self.sock is not None:
                    # TLS's own shutdown would make the other thread fail in the middle of its read.
                    socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class BoundedTls(Bounded, smtplib.SMTP_SSL):
    """The same, with TLS from the first byte on."""

    def __init__(self, host: str, port: int, deadline_s: float, context: ssl.SSLContext) -> None:
        self._deadline_s = deadline_s
        self._over = threading.Event()
        smtplib.SMTP_SSL.__init__(self, host, port, timeout=TIMEOUT_S, context=context)
