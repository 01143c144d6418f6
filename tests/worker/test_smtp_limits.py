"""Nobody keeps the mail listener's memory, time or connections: everything that a peer could prolong has an end."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.own_servers import make_certificate
from worker.intake.peers import Limits, Unfinished
from worker.intake.smtp_content import MAX_LINE, Content
from worker.ledger import Ledger
from worker.ledger.schema.tables import inbound

from .builders import rows
from .test_lmtp import Connection, serving
from .test_smtp import ADA, SALES, SUPPORT, mail

SOON = 0.2  # seconds
BEGIN = f"MAIL FROM:<{ADA}>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n".encode()
Encryption = tuple[ssl.SSLContext, ssl.SSLContext]


@contextmanager
def connected(port: int) -> Iterator[Connection]:
    """A connection that greeted."""
    connection = Connection(port)
    try:
        assert connection.say("EHLO test.example") == 250
        yield connection
    finally:
        connection.close()


def begun(connection: Connection, size: int | None = None) -> int:
    """Ask to send a mail, of a declared size; return the answer to DATA."""
    assert connection.say(f"MAIL FROM:<{ADA}>" + (f" SIZE={size}" if size is not None else "")) == 250
    assert connection.say(f"RCPT TO:<{SUPPORT}>") == 250
    return connection.say("DATA")


def answers_to_the_end(connection: Connection) -> list[int]:
    """Return the answers until the server hangs up."""
    found = []
    with suppress(ConnectionError):
        while (code := connection.answer()) != 0:
            found.append(code)
    return found


@pytest.fixture(scope="module")
def encryption(tmp_path_factory: pytest.TempPathFactory) -> Encryption:
    """TLS of a server, and of a client that trusts it."""
    made = make_certificate(tmp_path_factory.mktemp("certificate"))
    offered = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    offered.load_cert_chain(made.certificate, made.key)
    return offered, ssl.create_default_context(cafile=str(made.authority))


def large(size: int) -> bytes:
    return mail(text="\r\n".join(["x" * 1000] * (size // 1000)))


def test_mails_under_way_share_their_memory_and_one_more_is_to_come_again(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(unfinished=300_000)) as port, connected(port) as first, connected(port) as more:
        assert begun(first) == 354
        first.socket.sendall(large(200_000))
        assert begun(more) == 354
        more.socket.sendall(large(200_000) + b".\r\n")
        assert more.answer() == 452
        assert begun(more, 200_000) == 452  # before a byte of it was sent
        first.socket.sendall(b".\r\n")
        assert first.answer() == 250
        assert more.say("RSET") == 250
        assert more.send(large(200_000), SUPPORT) == [250]
    assert len(rows(sqlite_ledger, inbound)) == 2


def test_a_refused_mail_is_to_come_again_for_each_recipient_of_lmtp(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(unfinished=10_000), lmtp=True) as port:
        first, more = Connection(port), Connection(port)
        for each in (first, more):
            assert each.say("LHLO x") == 250
        assert begun(first) == 354
        first.socket.sendall(large(6_000))
        assert more.send(large(6_000), SUPPORT, SALES) == [452, 452]
        for each in (first, more):
            each.close()


def test_the_memory_of_a_sender_that_hung_up_is_free_again(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(unfinished=300_000)) as port, connected(port) as other, connected(port) as after:
        assert begun(other) == 354
        other.socket.sendall(large(60_000))
        with connected(port) as first:
            assert begun(first) == 354
            first.socket.sendall(large(200_000))
        answers: list[int] = []
        while 250 not in answers and len(answers) < 1000:
            answers += after.send(large(200_000), SUPPORT)
        assert set(answers) <= {452, 250}
        assert answers[-1] == 250


def test_a_mail_alone_is_taken_though_it_is_larger_than_the_memory_for_all(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(unfinished=1000)) as port, connected(port) as only:
        assert only.send(large(200_000), SUPPORT) == [250]


def test_a_mail_that_is_refused_holds_no_memory() -> None:
    unfinished = Unfinished(100)
    unfinished.take(90)
    content = Content(unfinished, 1000)
    content._add(b"x" * 8 + b"\r\n")
    assert unfinished.used == 100
    content._add(b"x" * 8 + b"\r\n")
    assert (content.refusal, unfinished.used) == (
        "452 4.3.1 too many mails are under way: send the mail again later",
        90,
    )
    content.release()
    assert unfinished.used == 90


def test_a_sender_that_trickles_a_mail_for_ever_is_ended(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(data_timeout=SOON)) as port, connected(port) as slow:
        assert begun(slow) == 354
        slow.socket.settimeout(0.01)
        heard = b""
        with suppress(ConnectionError):
            while True:
                slow.socket.sendall(b"x")
                with suppress(TimeoutError):
                    heard += slow.socket.recv(1000)
                    break
        assert heard.startswith(b"421 4.4.2 ")
    assert rows(sqlite_ledger, inbound) == []


@pytest.mark.parametrize("said", [b"", b"NOO", BEGIN, BEGIN + b"Subject: x\r\n", b"x" * 200_000, b"\r\n", b"BAD\r\n"])
def test_a_peer_that_falls_silent_is_ended_with_421(sqlite_ledger: Ledger, said: bytes) -> None:
    with serving(sqlite_ledger, Limits(idle_timeout=SOON)) as port, connected(port) as silent:
        silent.socket.sendall(said)
        assert answers_to_the_end(silent)[-1:] == [421]
        assert rows(sqlite_ledger, inbound) == []


def test_a_mail_that_comes_slowly_without_a_pause_is_taken(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(idle_timeout=2.0)) as port, connected(port) as slow:
        assert begun(slow) == 354
        for each in mail().splitlines(keepends=True):
            slow.socket.sendall(each)
        slow.socket.sendall(b".\r\n")
        assert slow.answer() == 250


NO_MAIL = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<no@b.example>\r\nRSET\r\n"


@pytest.mark.parametrize(
    "command", [b"NOOP\r\n", b"RSET\r\n", b"EHLO x\r\n", b"VRFY x@x.example\r\n", b"HELP\r\n", b"\r\n", NO_MAIL]
)
def test_commands_without_end_are_ended(sqlite_ledger: Ledger, command: bytes) -> None:
    with serving(sqlite_ledger, Limits(replies=30)) as port, connected(port) as endless:
        endless.socket.sendall(command * 60)
        answers = answers_to_the_end(endless)
        assert answers[-1] == 421
        assert len(answers) <= 30


def test_mails_in_one_connection_are_as_many_as_come(sqlite_ledger: Ledger) -> None:
    with serving(sqlite_ledger, Limits(replies=12)) as port, connected(port) as busy:
        assert [busy.send(mail(f"mail {number}"), SUPPORT) for number in range(8)] == [[250]] * 8


def test_a_peer_that_reads_no_answer_makes_room_for_others(
    sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.intake.smtp_session.LINGER_S", 0.05)
    limits = Limits(connections=1, idle_timeout=SOON, replies=10**9)
    with serving(sqlite_ledger, limits) as port, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", port))
        deaf.settimeout(SOON)
        with suppress(OSError):
            while True:
                deaf.sendall(b"HELP\r\n" * 10_000)
        codes = []
        while 220 not in codes:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as other, other.makefile("rb") as answers:
                codes.append(int(answers.readline()[:3]))
        assert set(codes) <= {220, 421}


def test_the_listener_ends_though_a_peer_reads_no_answer(
    sqlite_ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.intake.smtp_session.LINGER_S", 0.05)
    with socket.socket() as deaf:
        with serving(sqlite_ledger, Limits(replies=10**9)) as port:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", port))
            deaf.settimeout(SOON)
            with suppress(OSError):
                while True:
                    deaf.sendall(b"HELP\r\n" * 10_000)
        assert "smtp" not in [each.name for each in threading.enumerate()]


@pytest.mark.parametrize("length", [MAX_LINE, MAX_LINE + 1])
def test_a_line_of_the_greatest_length_is_taken_and_a_longer_one_is_not(sqlite_ledger: Ledger, length: int) -> None:
    with serving(sqlite_ledger) as port, connected(port) as long:
        assert long.send(mail(text="x" * length), SUPPORT) == [250 if length == MAX_LINE else 500]
        assert long.send(mail(), SUPPORT) == [250]


@pytest.mark.parametrize("at", range(64 * 1024 - 4, 64 * 1024 + 5))
def test_no_place_of_a_line_end_or_a_dot_changes_a_mail(sqlite_ledger: Ledger, at: int) -> None:
    body = mail() + b"x" * at + b"\r\n.\r\n..\r\n." + b"y" * at + b"\r\n.\r\nend"
    with serving(sqlite_ledger) as port, smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.ehlo()
        client.mail(ADA)
        client.rcpt(SUPPORT)
        assert client.data(body)[0] == 250
    (kept,) = rows(sqlite_ledger, inbound)
    assert _inflated(kept["body"]) == body + b"\r\n"


@pytest.mark.parametrize("lmtp", [False, True])
def test_no_password_is_asked_for_and_none_is_taken(sqlite_ledger: Ledger, encryption: Encryption, lmtp: bool) -> None:
    offered, trusting = encryption
    client_kind = smtplib.LMTP if lmtp else smtplib.SMTP
    with serving(sqlite_ledger, Limits(tls=offered), lmtp=lmtp) as port, client_kind("127.0.0.1", port) as client:
        for _ in range(2):
            client.ehlo()
            assert not client.has_extn("auth")
            assert client.docmd("AUTH", "PLAIN AGFkYQBhZGE=")[0] == 500
            assert b"AUTH" not in client.docmd("HELP")[1]
            if client.has_extn("starttls"):
                assert client.starttls(context=trusting)[0] == 220
        assert client.mail(ADA)[0] == 250
        assert client.rcpt(SUPPORT)[0] == 250


def test_what_was_said_before_encryption_does_not_count_after_it(sqlite_ledger: Ledger, encryption: Encryption) -> None:
    offered, trusting = encryption
    with serving(sqlite_ledger, Limits(tls=offered)) as port, connected(port) as plain:
        plain.socket.sendall(b"STARTTLS\r\n" + BEGIN)
        assert plain.answer() == 220
        with suppress(OSError), trusting.wrap_socket(plain.socket, server_hostname="127.0.0.1") as hidden:
            hidden.sendall(b"NOOP\r\n")
            assert hidden.recv(1000).startswith(b"250 OK")
    assert rows(sqlite_ledger, inbound) == []


def _inflated(body: bytes) -> bytes:
    return zlib.decompress(body)
