"""Reads the content of one mail after DATA, within limits of size, line length and memory.

aiosmtpd's own reader keeps a line without an end, whatever its length, and knows no limit over several sessions. Only a
line of one dot between two CRLF ends a mail: every other end would let a sender smuggle a second mail.

Source: RFC 5321, sections 2.3.8, 4.1.1.4 and 4.5.2.
"""

from __future__ import annotations

import asyncio

from worker.intake.peers import Unfinished

CRLF, END = b"\r\n", b".\r\n"
MAX_PART = 64 * 1024  # bytes that are read at once
MAX_LINE = 1024 * 1024  # bytes; RFC 5321 allows 1,000, and programs that send mail do not keep to it
NO_MEMORY = "452 4.3.1 too many mails are under way: send the mail again later"
TOO_LARGE = "552 5.3.4 the mail is larger than this mailbox accepts"
TOO_LONG = "500 5.5.2 a line of the mail is too long"


class Endless(Exception):
    """The mail goes on far beyond its limit."""


class Content:
    """The content of one mail. After a refusal its bytes are dropped, and read on to the end of the mail."""

    def __init__(self, unfinished: Unfinished, most: int) -> None:
        self._unfinished = unfinished
        self._most = most
        self._parts: list[bytes] = []
        self._held = 0
        self._read = 0
        self._line = 0
        self.refusal: str | None = None

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        """Return the content as it was before dots were doubled; empty after a refusal. Raises Endless."""
        while True:
            try:
                part = await reader.readuntil(CRLF)
            except asyncio.LimitOverrunError as error:
                part = await reader.read(error.consumed)
            if self._line == 0 and part == END:
                break
            self._add(part)
        content = b"".join(self._parts)
        self._parts.clear()
        return content

    def _add(self, part: bytes) -> None:
        self._read += len(part)
        if self._read > 2 * (self._most + MAX_LINE):
            raise Endless
        is_first = self._line == 0
        self._line += len(part)
        if self._read > self._most:
            self._refuse(TOO_LARGE)
        elif self._line > MAX_LINE + len(CRLF):
            self._refuse(TOO_LONG)
        elif not self._unfinished.has_room(self._held, len(part)):
            self._refuse(NO_MEMORY)
        if self.refusal is None:
            self._unfinished.take(len(part))
            self._held += len(part)
            self._parts.append(part[1:] if is_first and part.startswith(b".") else part)
        if part.endswith(CRLF):
            self._line = 0

    def _refuse(self, refusal: str) -> None:
        self.refusal = self.refusal or refusal
        self._parts.clear()
        self.release()

    def release(self) -> None:
        """Give the memory of this mail back to the other sessions."""
        self._unfinished.release(self._held)
        self._held = 0
