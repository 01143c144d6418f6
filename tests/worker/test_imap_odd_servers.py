"""IMAP servers that refuse a single mail, lack UIDNEXT, send unrequested data or cut the connection.

Dovecot does none of this on demand, so a small server in this file does.
"""

from __future__ import annotations

import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.processes import kept_port, wait_until
from tests.serving import serving
from worker.intake.imap.reader import Patience

from .mailreading import PATIENCE_S, QUICK, mail, reading


@dataclass
class OddServer:
    """A mailbox on a server that deviates from others; a test may change it at any time."""

    port: int
    mails: dict[int, bytes] = field(default_factory=dict)
    refuses: dict[int, str] = field(default_factory=dict)
    """UIDs that the server does not give, with its answer instead."""
    headers_too: bool = False
    """Refuse the headers of these mails too."""
    tells_uidnext: bool = True
    cuts: dict[int, int] = field(default_factory=dict)
    """UIDs at which the server ends the connection, and how often."""
    gone: set[int] = field(default_factory=set)
    """Missing UIDs that a search still finds."""
    said: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, Any]:
        own = {"host": "127.0.0.1", "port": self.port, "security": "none", "user": "a", "password": "b"}
        return QUICK | own

    def answer(self, tag: str, command: str) -> list[bytes] | None:
        """Return the lines of an answer; None ends the connection."""
        self.said.append(command)
        words = command.split()
        done = f"{tag} OK done".encode()
        if words[0].upper() == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1", done]
        if words[0].upper() in ("SELECT", "EXAMINE"):
            uidnext = max(self.mails, default=0) + 1
            told = [f"* OK [UIDNEXT {uidnext}] next".encode()] if self.tells_uidnext else []
            return [b"* 1 EXISTS", b"* OK [UIDVALIDITY 7] valid", *told, done]
        if words[0].upper() == "LOGOUT":
            return [b"* BYE", done]
        if words[:2] == ["UID", "SEARCH"]:
            return self._search(words[-1], done)
        if words[:2] == ["UID", "FETCH"]:
            return self._fetch(tag, words[2], command, done)
        return [done]

    def _search(self, span: str, done: bytes) -> list[bytes]:
        low, _, high = span.partition(":")
        top = max(self.mails, default=0)
        # The last UID is always in `n:*`.
        found = [uid for uid in self.mails if int(low) <= uid <= (top if high == "*" else int(high))]
        if high == "*" and top and top not in found:
            found.append(top)
        return [f"* SEARCH {' '.join(map(str, found))}".rstrip().encode(), b"* 99 EXISTS", done]

    def _fetch(self, tag: str, uids: str, command: str, done: bytes) -> list[bytes] | None:
        wanted = [int(each) for each in re.split("[,:]", uids) if int(each) in self.mails.keys() - self.gone]
        if "RFC822.SIZE" in command:
            lines = [
                f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(self.mails[uid])} "
                f'INTERNALDATE "17-Jul-2026 02:44:25 +0000")'.encode()
                for uid in wanted
            ]
            return [*lines, done]
        for uid in wanted:
            if self.cuts.get(uid):
                self.cuts[uid] -= 1
                return None
            if uid in self.refuses and ("HEADER" not in command or self.headers_too):
                return [f"{tag} {self.refuses[uid]}".encode()]
            body = self.mails[uid]
            if "HEADER" in command:
                return [b"* %d FETCH (UID %d BODY[HEADER] {%d}\r\n%s)" % (uid, uid, len(body), body), done]
            # The flags of another mail come unrequested, as a server may send them at any time.
            return [b"* 1 FETCH (UID 1 FLAGS (\\Seen))",
                    b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)" % (uid, uid, len(body), body), done]  # fmt: skip
        return [done]


@contextmanager
def odd_server() -> Iterator[OddServer]:
    odd = OddServer(kept_port())

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            while line := self.rfile.readline():
                tag, _, command = line.decode().strip().partition(" ")
                answer = odd.answer(tag, command)
                if answer is None:
                    return
                self.wfile.write(b"".join(each + b"\r\n" for each in answer))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with serving(Server(("127.0.0.1", odd.port), Session)):
        yield odd


@pytest.fixture
def odd() -> Iterator[OddServer]:
    with odd_server() as server:
        server.mails = {1: mail("One"), 2: mail("Two"), 3: mail("Three")}
        yield server


@pytest.mark.parametrize("headers_too", [False, True])
def test_a_mail_that_the_server_never_gives_is_quarantined_and_keeps_no_other_one(
    odd: OddServer, tmp_path: Path, headers_too: bool
) -> None:
    odd.refuses, odd.headers_too = {2: "NO cannot read that mail"}, headers_too
    with reading(tmp_path, main=odd.settings) as found, found.going():
        found.wait_for(3)
        assert {each["uid"]: each["outcome"] for each in found.uids()} == {1: "ticket", 2: "quarantined", 3: "ticket"}
        (kept,) = [each for each in found.deliveries() if each["outcome"] == "quarantined"]
        assert "cannot read that mail" in kept["reason"]
        (stored,) = found.ledger.reading.stored(f"in-{kept['id']}")
        assert stored.body is not None
        assert (b"Subject: Two" in stored.body) is not headers_too
        assert b"UID=2" in stored.body or not headers_too
        found.wait_for_polls()
        assert found.state().unaccounted == 0


def test_a_mail_that_cannot_be_given_now_is_unaccounted_until_it_is_and_keeps_no_other_one(
    odd: OddServer, tmp_path: Path
) -> None:
    odd.refuses = {2: "NO [UNAVAILABLE] the disk is being looked at"}
    with reading(tmp_path, main=odd.settings) as found, found.going():
        found.wait_for(2)
        found.wait_for_polls(5)
        assert [each["uid"] for each in found.uids()] == [1, 3]
        assert found.state().unaccounted == 1
        assert "UNAVAILABLE" in (found.state().error or "")
        odd.refuses = {}
        found.wait_for(3)
        assert found.outcomes() == {"ticket": 3}
        wait_until(lambda: found.state().unaccounted == 0, "all accounted for", PATIENCE_S)


def test_a_mail_that_can_never_be_given_now_is_quarantined_after_its_time(odd: OddServer, tmp_path: Path) -> None:
    odd.refuses = {2: "NO [SERVERBUG] internal error"}
    with reading(tmp_path, main=odd.settings) as found, found.going(Patience(not_now=0.5)):
        found.wait_for(3)
        assert found.outcomes() == {"quarantined": 1, "ticket": 2}


def test_a_connection_that_is_cut_in_a_fetch_leaves_the_cursor(odd: OddServer, tmp_path: Path) -> None:
    odd.cuts = {1: 1, 2: 1, 3: 1}
    with reading(tmp_path, main=odd.settings) as found, found.going():
        found.wait_for(3)
        assert found.outcomes() == {"ticket": 3}


def test_a_mail_at_which_every_connection_ends_comes_last_and_then_into_quarantine(
    odd: OddServer, tmp_path: Path
) -> None:
    odd.cuts = {1: 1000}
    with reading(tmp_path, main=odd.settings) as found, found.going(Patience(cut=1.0)):
        found.wait_for(2)
        assert [each["uid"] for each in found.uids()] == [2, 3]
        found.wait_for(3)
        assert found.outcomes() == {"quarantined": 1, "ticket": 2}
        found.wait_for_polls()


def test_a_mail_that_is_gone_before_it_is_fetched_is_not_waited_for(odd: OddServer, tmp_path: Path) -> None:
    odd.gone = {2}
    with reading(tmp_path, main=odd.settings) as found, found.going():
        found.wait_for(2)
        found.wait_for_polls()
        assert [each["uid"] for each in found.uids()] == [1, 3]
        assert found.state().unaccounted == 0


@pytest.mark.parametrize("begin", ["new", "all"])
def test_a_server_without_uidnext_is_read_all_the_same(odd: OddServer, tmp_path: Path, begin: str) -> None:
    odd.tells_uidnext = False
    with reading(tmp_path, main=odd.settings | {"begin": begin}) as found, found.going():
        found.wait_for_polls()
        odd.mails[4] = mail("Four")
        wanted = [4] if begin == "new" else [1, 2, 3, 4]
        wait_until(lambda: [each["uid"] for each in found.uids()] == wanted, "the mails that are ours", PATIENCE_S)


def test_nothing_is_asked_by_number_and_nothing_marks_a_mail_as_read(odd: OddServer, tmp_path: Path) -> None:
    with reading(tmp_path, main=odd.settings) as found, found.going():
        found.wait_for(3)
    asked = [each for each in odd.said if "FETCH" in each or "SEARCH" in each]
    assert all(each.startswith("UID ") for each in asked)
    assert not any("UNSEEN" in each for each in asked)
    assert all("BODY.PEEK[" in each for each in asked if "BODY" in each)
    assert not any(each.startswith(("SELECT", "UID STORE")) for each in odd.said)


def test_without_starttls_no_password_is_sent(odd: OddServer, tmp_path: Path) -> None:
    with reading(tmp_path, main=odd.settings | {"security": "starttls"}) as found, found.going():
        wait_until(lambda: "STARTTLS" in (found.state().error or ""), "an error", PATIENCE_S)
    assert not any(each.upper().startswith(("LOGIN", "AUTHENTICATE")) for each in odd.said)
