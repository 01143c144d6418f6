"""A connection to an IMAP server. All commands use UIDs, and none marks a mail as read.

    ImapError
    ├── ServerAway      not reached, no answer, or temporarily unable: try later
    ├── LoginRefused    the login was refused: somebody must change something
    └── Refused         one command was refused; the connection stays usable
        └── NotNow      one command is impossible at the moment

IMAPClient gives bytes and UIDs as they are. Every answer has a time-out; certificates and their names are verified.
"""

from __future__ import annotations

import imaplib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient  # type: ignore[import-untyped]  # it has no types
from imapclient.exceptions import LoginError  # type: ignore[import-untyped]

from connectors.contract.mailbox import ImapMailbox
from worker.intake.imap.plan import Folder

AT_ONCE = 500  # UIDs in one command
WINDOW = 50_000  # UIDs that one search covers: the line of its answer may be at most a million bytes long
WINDOWS = 200
TRY_LATER = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "OVERQUOTA", "TRYAGAIN")
"""Response codes of a server that is temporarily unable (RFC 5530)."""
CANNOT_NOW = ("Temporary authentication failure", "[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "Too many simultaneous")
"""Texts of servers that refuse a login for a temporary reason."""


class ImapError(Exception):
    """Base of all errors of a poll that the server or its absence causes. The message is for an operator."""


class ServerAway(ImapError):
    """The server cannot be used now."""


class LoginRefused(ImapError):
    """The server refuses the login."""


class Refused(ImapError):
    """The server refuses one command."""


class NotNow(Refused):
    """The server cannot execute one command at the moment."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The known facts about a mail before it is fetched."""

    size: int
    """Bytes, by the server's count."""
    arrived_at: datetime


class ImapServer:
    """A connection that is logged in, which must be closed in the end. Its methods raise ImapError."""

    def __init__(self, client: IMAPClient) -> None:
        self._client = client
        self._folders_seen: set[str] = set()

    @property
    def can_idle(self) -> bool:
        return bool(self._client.has_capability("IDLE"))

    def open(self, folder: str, *, read_only: bool) -> Folder:
        """Open a folder."""
        with told():
            answer = self._client.select_folder(folder, readonly=read_only)
            uidvalidity, uidnext = answer.get(b"UIDVALIDITY"), answer.get(b"UIDNEXT")
            if uidvalidity is None:
                raise Refused(f"the folder {folder} has no UIDVALIDITY, without which its mails cannot be told apart")
            if uidnext is None:  # RFC 3501 lets a server leave it out
                uidnext = max(self._client.search(["UID", "1:*"]), default=0) + 1
            return Folder(int(uidvalidity), int(uidnext))

    def uids(self, first: int, uidnext: int) -> set[int]:
        """Return the UIDs of the open folder from `first` on."""
        found: set[int] = set()
        with told():
            span = uidnext - first
            bounds = range(first, uidnext, WINDOW) if 0 < span <= WINDOW * WINDOWS else ()
            for low in bounds:
                found.update(self._client.search(["UID", f"{low}:{min(low + WINDOW, uidnext) - 1}"]))
            # `n:*` also gives the last UID when that is below n (RFC 3501, section 6.4.8).
            found.update(self._client.search(["UID", f"{uidnext if bounds else first}:*"]))
        return {uid for uid in found if uid >= first}

    def marks(self, uids: Sequence[int]) -> dict[int, Mark]:
        """Return size and time of arrival of those mails that are still there."""
        found: dict[int, Mark] = {}
        with told():
            for some in _portions(uids):
                answer = self._client.fetch(some, ["RFC822.SIZE", "INTERNALDATE"])
                for uid, items in answer.items():
                    if b"RFC822.SIZE" in items:
                        found[uid] = Mark(int(items[b"RFC822.SIZE"]), _in_utc(items.get(b"INTERNALDATE")))
        return found

    def body(self, uid: int, *, first: int | None = None) -> bytes | None:
        """Return the bytes of a mail, or the `first` ones of them; None when the mail is gone."""
        what = "BODY.PEEK[]" if first is None else f"BODY.PEEK[]<0.{first}>"
        return self._fetched(uid, what)

    def headers(self, uid: int) -> bytes | None:
        """Return the headers of a mail alone; None when the mail is gone."""
        return self._fetched(uid, "BODY.PEEK[HEADER]")

    def _fetched(self, uid: int, what: str) -> bytes | None:
        with told():
            answer = self._client.fetch([uid], [what])
        if uid not in answer:
            return None
        for name, value in answer[uid].items():
            if name.startswith(b"BODY[") and isinstance(value, bytes):
                return value
        raise Refused(f"the server sent no answer to {what}")

    def flag(self, uids: Sequence[int], flag: str) -> None:
        """Set a flag or keyword."""
        with told():
            for some in _portions(uids):
                self._client.add_flags(some, [flag], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move these mails, and no others that somebody marked as deleted."""
        with told():
            if folder not in self._folders_seen:
                if not self._client.folder_exists(folder):
                    self._client.create_folder(folder)
                self._folders_seen.add(folder)
            for some in _portions(uids):
                self._move(some, folder)

    def _move(self, uids: list[int], folder: str) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(uids, folder)
        elif self._client.has_capability("UIDPLUS"):
            self._client.copy(uids, folder)
            self._client.add_flags(uids, [r"\Deleted"], silent=True)
            self._client.uid_expunge(uids)
        else:
            raise Refused("the server has neither MOVE nor UIDPLUS, so mails cannot be moved safely")

    def wait(self, seconds: float, goes_on: Callable[[], bool], slice_s: float = 1.0) -> None:
        """Wait in IDLE (RFC 2177) until a mail arrives, the time is over, or `goes_on` is False.

        `goes_on` is called every `slice_s` seconds.
        """
        with told():
            self._client.idle()
            try:
                until = time.monotonic() + seconds
                while (left := until - time.monotonic()) > 0 and goes_on():
                    patience = min(slice_s, left)
                    asked = time.monotonic()
                    heard = self._client.idle_check(patience)
                    if any(b"EXISTS" in each for each in heard if isinstance(each, tuple)):
                        break
                    if not heard and time.monotonic() - asked < patience / 2:
                        break  # the connection has ended: the next command raises the error
            finally:
                self._client.idle_done()

    def close(self) -> None:
        """Log out if the server still answers, and end the connection."""
        with suppress(imaplib.IMAP4.error, OSError, ValueError, AttributeError):
            try:
                self._client.logout()
            except (imaplib.IMAP4.error, OSError):
                self._client.shutdown()

    def cut(self) -> None:
        """End the connection from another thread, whose next command then fails."""
        with suppress(imaplib.IMAP4.error, OSError, ValueError, AttributeError):
            self._client.shutdown()


def connect(settings: ImapMailbox, access_token: Callable[[], str] | None) -> ImapServer:
    """Connect and log in. `access_token` returns the token for XOAUTH2. Raises ServerAway, LoginRefused."""
    host, port = settings.address
    with told():
        context = ssl.create_default_context(cafile=str(settings.tls_ca) if settings.tls_ca else None)
        is_tls = settings.security == "tls"
        client = IMAPClient(host, port, ssl=is_tls, ssl_context=context if is_tls else None, timeout=settings.timeout)
    try:
        client.normalise_times = False
        if settings.security == "starttls":
            _start_tls(client, context)
        _log_in(client, settings, access_token)
    except BaseException:
        with suppress(OSError, imaplib.IMAP4.error):
            client.shutdown()
        raise
    return ImapServer(client)


def _start_tls(client: IMAPClient, context: ssl.SSLContext) -> None:
    """Start TLS, and never go on in clear: an attacker could have removed STARTTLS from the server's offer."""
    try:
        with told():
            client.starttls(context)
    except Refused as error:
        raise ServerAway(f"the server offers no STARTTLS: {error}") from None


def _log_in(client: IMAPClient, settings: ImapMailbox, access_token: Callable[[], str] | None) -> None:
    token = access_token() if access_token is not None else None
    try:
        with told():
            if token is not None:
                client.oauth2_login(settings.user, token)
            elif settings.password is not None:
                client.login(settings.user, settings.password.get_secret_value())
    except NotNow as error:
        raise ServerAway(str(error)) from None
    except Refused as error:
        raise LoginRefused(f"{settings.address[0]} refuses the login as {settings.user}: {error}") from None


@contextmanager
def told() -> Iterator[None]:
    """Translate the library's errors into those of this module."""
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise ServerAway(_text(error)) from error
    except LoginError as error:
        if any(each in _text(error) for each in CANNOT_NOW):
            raise ServerAway(_text(error)) from error
        raise Refused(_text(error)) from error
    except imaplib.IMAP4.error as error:
        if any(f"[{code}" in _text(error) for code in TRY_LATER):
            raise NotNow(_text(error)) from error
        raise Refused(_text(error)) from error
    except OSError as error:  # includes ssl.SSLError and time-outs
        raise ServerAway(_text(error)) from error


def _text(error: BaseException) -> str:
    said: Any = error.args[0] if error.args and not isinstance(error, OSError) else error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:300] or type(error).__name__


def _portions(uids: Sequence[int]) -> Iterator[list[int]]:
    """Split UIDs into as many as the line of a command may hold."""
    for start in range(0, len(uids), AT_ONCE):
        yield list(uids[start : start + AT_ONCE])


def _in_utc(moment: Any) -> datetime:
    """Return the time of arrival in UTC; the latest possible one without a time, so that no such mail counts as old."""
    return moment.astimezone(UTC) if isinstance(moment, datetime) else datetime.max.replace(tzinfo=UTC)
