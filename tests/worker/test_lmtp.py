"""LMTP answers once for each recipient on every path, and the listener keeps its limits."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tickets.listening import listen
from worker.intake.intake import PATIENCE_S, Intake
from worker.intake.peers import Limits, Peers
from worker.intake.smtp import DEFAULT_MAX_BODY, NO_LIMITS, SmtpThread
from worker.ledger import Ledger
from worker.ledger.schema.tables import inbound
from worker.runtime.metrics import Metrics

from .builders import NOON, kinds_of, rows
from .test_smtp import ADA, SALES, SUPPORT, boxes, mail

NOBODY = "nobody@example.net"


class Connection:
    """A client of LMTP that reads every answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._file = self.socket.makefile("rb")
        assert self.answer() == 220

    def answer(self) -> int:
        while (line := self._file.readline())[3:4] == b"-":
            pass
        return int(line[:3] or b"0")

    def say(self, line: str) -> int:
        self.socket.sendall(f"{line}\r\n".encode())
        return self.answer()

    def send(self, body: bytes, *recipients: str) -> list[int]:
        """Return the answers to the mail: one for each accepted recipient."""
        assert self.say(f"MAIL FROM:<{ADA}>") == 250
        accepted = [each for each in recipients if self.say(f"RCPT TO:<{each}>") == 250]
        assert self.say("DATA") == 354
        self.socket.sendall(body + b"\r\n.\r\n")
        answers = [self.answer() for _ in accepted]
        assert self.say("NOOP") == 250  # no answer is left
        return answers

    def close(self) -> None:
        self._file.close()
        self.socket.close()


@contextmanager
def serving(
    ledger: Ledger,
    limits: Limits = NO_LIMITS,
    *,
    lmtp: bool = False,
    file: Path | None = None,
    patience: float = PATIENCE_S,
) -> Iterator[int]:
    intake = Intake(ledger, lambda _: None, Metrics(), patience=patience)
    listener = listen("127.0.0.1", 0)
    thread = SmtpThread(listener, intake, boxes, clock=lambda: NOON, limits=limits, ledger=file, lmtp=lmtp)
    intake.start()
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.stop()
        intake.stop()


@pytest.fixture
def lmtp(sqlite_ledger: Ledger) -> Iterator[Connection]:
    with serving(sqlite_ledger, lmtp=True) as port:
        connection = Connection(port)
        assert connection.say("LHLO mx.example.net") == 250
        yield connection
        connection.close()


def test_each_recipient_is_answered_and_each_source_takes_the_mail_once(
    lmtp: Connection, sqlite_ledger: Ledger
) -> None:
    assert lmtp.send(mail(), SUPPORT, SALES, NOBODY, "support+more@example.net", SUPPORT) == [250] * 4
    assert [each["source"] for each in rows(sqlite_ledger, inbound)] == ["support", "sales"]
    assert kinds_of(sqlite_ledger) == ["create_ticket"] * 2


def test_a_mailbox_that_the_mail_is_too_large_for_refuses_it_alone(lmtp: Connection, sqlite_ledger: Ledger) -> None:
    large = mail(text="\r\n".join(["x" * 70] * 400))
    assert lmtp.send(large, SALES, SUPPORT, SALES) == [552, 250, 552]
    assert [each["source"] for each in rows(sqlite_ledger, inbound)] == ["support"]


def test_a_mail_that_is_too_large_for_all_is_answered_for_each(lmtp: Connection) -> None:
    assert lmtp.send(b"x: y\r\n" * (DEFAULT_MAX_BODY // 6 + 1), SUPPORT, SALES) == [552, 552]


def test_a_line_that_is_too_long_is_answered_for_each(lmtp: Connection) -> None:
    assert lmtp.send(b"x" * 3_000_000, SUPPORT, SALES) == [500, 500]


def test_while_the_ledger_is_away_each_is_to_come_again(lmtp: Connection, sqlite_ledger: Ledger) -> None:
    with sqlite_ledger.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE inbound RENAME TO gone")
    assert lmtp.send(mail(), SUPPORT, SALES) == [451, 451]
    with sqlite_ledger.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO inbound")
    assert lmtp.send(mail(), SUPPORT, SALES) == [250, 250]


def test_smtp_greetings_are_none_of_lmtp(lmtp: Connection) -> None:
    assert lmtp.say("EHLO x") == 500


def test_two_mails_in_one_connection_are_answered_each_by_itself(lmtp: Connection) -> None:
    assert lmtp.send(mail("one"), SUPPORT, SALES) == [250, 250]
    assert lmtp.send(mail("two"), SUPPORT) == [250]


def test_a_peer_that_sends_too_many_mails_is_to_come_again(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(per_minute=2)) as port, smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.ehlo()
        codes = []
        for _ in range(3):
            codes.append(client.mail(ADA)[0])
            client.rset()
        assert codes == [250, 250, 451]


def test_one_connection_more_than_a_peer_may_have_is_refused_and_another_is_taken_later(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(per_peer=1)) as port:
        with smtplib.SMTP("127.0.0.1", port, timeout=30):
            with pytest.raises(smtplib.SMTPConnectError) as caught:
                smtplib.SMTP("127.0.0.1", port, timeout=30)
            assert caught.value.smtp_code == 421
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
            assert client.ehlo()[0] == 250


def test_without_room_on_the_disk_mail_is_answered_452(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    limits = Limits(keep_free=1 << 60)
    with (
        serving(sqlite_ledger, limits, file=tmp_path / "ledger.db") as port,
        smtplib.SMTP("127.0.0.1", port, timeout=30) as client,
    ):
        client.ehlo()
        assert client.mail(ADA)[0] == 452
    assert rows(sqlite_ledger, inbound) == []


def test_a_line_without_an_end_is_hung_up_on(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, lmtp=True) as port:
        connection = Connection(port)
        connection.say("LHLO x")
        connection.say(f"MAIL FROM:<{ADA}>")
        connection.say(f"RCPT TO:<{SUPPORT}>")
        connection.say("DATA")
        sent = 0
        with suppress(ConnectionError):
            while sent < 200:
                connection.socket.sendall(b"x" * 1_000_000)
                sent += 1
        assert sent < 200
        connection.close()
    assert rows(sqlite_ledger, inbound) == []


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n\x00.\r\n"])
def test_no_other_end_of_a_mail_is_one_so_nobody_smuggles_a_second(sqlite_ledger: Ledger, end: bytes) -> None:
    with serving(sqlite_ledger, lmtp=True) as port:
        connection = Connection(port)
        connection.say("LHLO x")
        smuggled = f"MAIL FROM:<x@x.example>\r\nRCPT TO:<{SALES}>\r\nDATA\r\n".encode() + mail("smuggled")
        assert connection.send(mail() + end + smuggled, SUPPORT) == [250]
        connection.close()
    assert [each["source"] for each in rows(sqlite_ledger, inbound)] == ["support"]


def test_what_a_peer_sent_more_than_a_minute_ago_counts_no_more() -> None:
    now = [0.0]
    peers = Peers(replace(Limits(), per_minute=1), clock=lambda: now[0])
    assert [peers.may_send("a"), peers.may_send("a"), peers.may_send("b")] == [True, False, True]
    now[0] = 60.0
    assert peers.may_send("a")
