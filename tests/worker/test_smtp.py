"""The SMTP edge answers 250 exactly when the mail is in the ledger; and its other answers."""

from __future__ import annotations

import json
import re
import smtplib
import socket
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from connectors import connector
from tickets.listening import listen
from worker.intake.intake import Intake
from worker.intake.smtp import ENVELOPE_FROM, ENVELOPE_TO, Boxes, SmtpThread, mailboxes
from worker.ledger import Ledger
from worker.ledger.schema.tables import inbound
from worker.runtime.metrics import Metrics
from worker.settings import Source

from .builders import NOON, kinds_of, rows
from .conversations import story

SUPPORT, SALES = "support@example.net", "sales@example.net"
ADA = "ada@customer.example"
SMALL = 20_000  # bytes that the mailbox for sales takes


@dataclass(frozen=True, slots=True)
class Edge:
    """A listener with a ledger."""

    ledger: Ledger
    thread: SmtpThread
    listener: socket.socket
    port: int

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="test.example", timeout=30)

    def send(self, body: bytes, *recipients: str, sender: str = ADA) -> tuple[int, str]:
        """Send a mail on a connection of its own; return the answer to DATA."""
        with self.client() as client:
            return say(client, body, *(recipients or (SUPPORT,)), sender=sender)

    def stored(self) -> list[dict[str, Any]]:
        return rows(self.ledger, inbound)


def say(client: smtplib.SMTP, body: bytes, *recipients: str, sender: str = ADA) -> tuple[int, str]:
    client.ehlo_or_helo_if_needed()
    assert client.mail(sender)[0] == 250
    for each in recipients or (SUPPORT,):
        assert client.rcpt(each)[0] == 250
    code, answer = client.data(body)
    return code, answer.decode()


def envelope_of(edge: Edge) -> dict[str, str]:
    """Return the stored headers of the first delivery, which include the mail's envelope."""
    return dict(json.loads(edge.stored()[0]["headers"]))


def mail(name: str = "first", text: str = "The printer is out of toner.", *headers: str) -> bytes:
    lines = [f"Message-ID: <{name}@customer.example>", f"From: {ADA}", f"To: {SUPPORT}", f"Subject: {name}"]
    return "\r\n".join([*lines, "Date: Fri, 20 Feb 2026 12:00:00 +0000", *headers, "", text, ""]).encode()


def sources() -> dict[str, Source]:
    code = connector("email")

    def made(source_id: str, address: str, **more: Any) -> Source:
        settings = code.settings.model_validate({"secret": "s3cret", "address": address, **more})
        return Source(source_id, code, settings)

    return {
        "support": made("support", SUPPORT),
        "sales": made("sales", SALES, max_body=SMALL),
        "shop": made("shop", "orders@shop.example"),
    }


def boxes() -> Boxes:
    return Boxes(mailboxes(sources()))


@contextmanager
def listening(ledger: Ledger) -> Iterator[Edge]:
    intake = Intake(ledger, lambda _: None, Metrics())
    listener = listen("127.0.0.1", 0)
    thread = SmtpThread(listener, intake, boxes, clock=lambda: NOON)
    intake.start()
    thread.start()
    try:
        yield Edge(ledger, thread, listener, listener.getsockname()[1])
    finally:
        thread.stop()
        intake.stop()


@pytest.fixture
def edge(sqlite_ledger: Ledger) -> Iterator[Edge]:
    with listening(sqlite_ledger) as each:
        yield each


def test_a_mail_that_is_in_the_ledger_is_answered_250_with_its_number(edge: Edge) -> None:
    code, answer = edge.send(mail())
    (kept,) = edge.stored()
    assert (code, answer) == (250, f"2.0.0 OK in-{kept['id']}")
    assert (kept["source"], kept["outcome"], kept["received_at"]) == ("support", "accepted", NOON)
    assert zlib.decompress(kept["body"]) == mail()
    assert kinds_of(edge.ledger) == ["create_ticket"]


def test_the_envelope_is_kept_with_the_mail(edge: Edge) -> None:
    edge.send(mail(), SUPPORT, "support+more@example.net", sender="bounces@customer.example")
    headers = envelope_of(edge)
    assert headers[ENVELOPE_FROM] == "bounces@customer.example"
    assert headers[ENVELOPE_TO] == f"{SUPPORT}, support+more@example.net"


def test_the_same_mail_again_is_answered_250_and_has_no_effect(edge: Edge) -> None:
    assert [edge.send(mail())[0] for _ in range(3)] == [250, 250, 250]
    assert kinds_of(edge.ledger) == ["create_ticket"]
    assert len(edge.stored()) == 3


def test_a_recipient_that_is_no_mailbox_of_ours_is_refused_and_the_others_are_not(edge: Edge) -> None:
    with edge.client() as client:
        client.ehlo()
        client.mail(ADA)
        codes = [client.rcpt(each)[0] for each in ("nobody@example.net", "support@elsewhere.example", SUPPORT)]
        assert codes == [550, 550, 250]
        assert client.data(mail())[0] == 250
    assert [each["source"] for each in edge.stored()] == ["support"]


def test_a_mail_for_nobody_is_not_taken(edge: Edge) -> None:
    with edge.client() as client:
        client.ehlo()
        client.mail(ADA)
        assert client.rcpt("nobody@example.net")[0] == 550
        assert client.docmd("DATA")[0] == 503
    assert edge.stored() == []


def test_a_mail_for_two_sources_is_taken_once_for_each(edge: Edge) -> None:
    code, answer = edge.send(mail(), SUPPORT, "sales+spring@example.net", SALES, "SUPPORT@Example.Net")
    assert code == 250
    assert len(re.findall(r"in-\d+", answer)) == 2
    assert [each["source"] for each in edge.stored()] == ["support", "sales"]
    assert kinds_of(edge.ledger) == ["create_ticket"] * 2


def test_what_follows_a_plus_is_not_part_of_the_mailbox(edge: Edge) -> None:
    for number, recipient in enumerate(("support+a@example.net", "support+a+b@example.net", "Support+@EXAMPLE.net")):
        assert edge.send(mail(f"mail {number}"), recipient)[0] == 250
    assert {each["source"] for each in edge.stored()} == {"support"}


def test_a_bounce_with_its_empty_sender_is_taken(edge: Edge) -> None:
    assert edge.send(mail(), sender="<>")[0] == 250
    assert edge.stored()[0]["outcome"] == "quarantined"


def test_a_mail_that_says_how_large_it_is_is_refused_before_it_is_sent(edge: Edge) -> None:
    with edge.client() as client:
        client.ehlo()
        most = int(client.esmtp_features["size"])
        assert client.mail(ADA, [f"SIZE={most + 1}"])[0] == 552
        assert client.mail(ADA, [f"SIZE={most}"])[0] == 250


def test_a_mailbox_refuses_a_mail_that_says_it_is_larger_than_that_takes(edge: Edge) -> None:
    with edge.client() as client:
        client.ehlo()
        client.mail(ADA, [f"SIZE={SMALL + 1}"])
        assert [client.rcpt(each)[0] for each in (SALES, SUPPORT)] == [552, 250]
        client.rset()
        client.mail(ADA, [f"SIZE={SMALL}"])
        assert client.rcpt(SALES)[0] == 250


def test_a_mail_that_does_not_say_so_is_refused_when_it_is_too_large_and_leaves_nothing(edge: Edge) -> None:
    large = mail(text="\r\n".join(["x" * 70] * 400))
    with edge.client() as client:
        client.helo()
        assert say(client, large, SALES)[0] == 552
        assert say(client, large, SUPPORT, SALES)[0] == 552
        assert edge.stored() == []
        assert say(client, large, SUPPORT)[0] == 250


def test_a_mail_is_answered_451_while_the_ledger_is_away_and_taken_once_when_it_is_back(edge: Edge) -> None:
    with edge.ledger.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE inbound RENAME TO gone")
    assert edge.send(mail())[0] == 451
    with edge.ledger.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO inbound")
    assert edge.send(mail())[0] == 250
    assert len(edge.stored()) == 1
    assert kinds_of(edge.ledger) == ["create_ticket"]


def test_whatever_goes_wrong_the_sender_comes_again(empty_database_url: str) -> None:
    ledger = Ledger(empty_database_url)
    with closing(ledger), listening(ledger) as edge:  # without its tables
        assert edge.send(mail())[0] == 451
        ledger.upgrade()
        assert edge.send(mail())[0] == 250
        assert kinds_of(ledger) == ["create_ticket"]


def test_a_mail_while_intake_has_stopped_is_answered_451(sqlite_ledger: Ledger) -> None:
    intake = Intake(sqlite_ledger, lambda _: None, Metrics())
    listener = listen("127.0.0.1", 0)
    thread = SmtpThread(listener, intake, boxes, clock=lambda: NOON)
    intake.start()
    intake.stop()
    thread.start()
    try:
        assert Edge(sqlite_ledger, thread, listener, listener.getsockname()[1]).send(mail())[0] == 451
    finally:
        thread.stop()


@pytest.mark.parametrize("body", [b"\x00\xff\xfe", b"no header at all\r\n", b"{}", b"\r\n\r\n"])
def test_what_is_no_mail_is_answered_250_and_kept(edge: Edge, body: bytes) -> None:
    assert edge.send(body)[0] == 250
    assert [each["outcome"] for each in edge.stored()] == ["quarantined"]


def test_bytes_above_ascii_and_dots_arrive_as_they_were_sent(edge: Edge) -> None:
    body = mail(text="Grüße\r\n.\r\n..two\r\n.hidden") + b"\xff\xfe latin\xe9\r\n"
    assert edge.send(body)[0] == 250
    assert zlib.decompress(edge.stored()[0]["body"]) == body


def test_addresses_above_ascii_are_taken(edge: Edge) -> None:
    with edge.client() as client:
        client.ehlo()
        assert "smtputf8" in client.esmtp_features
        client.command_encoding = "utf-8"
        assert client.mail("jürgen@kunde.example", ["SMTPUTF8", "BODY=8BITMIME"])[0] == 250
        assert client.rcpt("support+größe@example.net")[0] == 250
        assert client.data(mail())[0] == 250
    assert envelope_of(edge)[ENVELOPE_FROM] == "jürgen@kunde.example"


def test_an_envelope_in_no_encoding_at_all_is_taken(edge: Edge) -> None:
    with _raw(edge) as talk:
        answers = talk(
            b"EHLO x\r\nMAIL FROM:<j\xfcrgen@kunde.example>\r\nRCPT TO:<support+\xff@example.net>\r\nDATA\r\n"
        )
        assert answers.splitlines()[-1].startswith(b"354")
        assert talk(mail() + b".\r\n", until=b"250").startswith(b"250 2.0.0")
    assert len(edge.stored()) == 1


def test_a_line_longer_than_the_standard_allows_is_taken(edge: Edge) -> None:
    body = mail(text="x" * 200_000)
    assert edge.send(body)[0] == 250
    assert zlib.decompress(edge.stored()[0]["body"]) == body


def test_commands_that_come_without_waiting_for_answers_are_taken_in_order(edge: Edge) -> None:
    commands = f"EHLO x\r\nMAIL FROM:<{ADA}>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n".encode()
    with _raw(edge) as talk:
        both = commands + mail("one") + b".\r\n" + commands[8:] + mail("two") + b".\r\nQUIT\r\n"
        answers = talk(both, until=b"221")
    assert len(re.findall(rb"250 2\.0\.0 OK in-\d+", answers)) == 2
    assert kinds_of(edge.ledger) == ["create_ticket"] * 2


def test_a_client_that_hangs_up_in_the_middle_of_a_mail_leaves_nothing(edge: Edge) -> None:
    for rest in (b"", mail()[:60], mail(), mail() + b"."):
        with _raw(edge) as talk:
            talk(f"EHLO x\r\nMAIL FROM:<{ADA}>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n".encode(), until=b"354")
            talk(rest, until=b"")
    assert edge.send(mail("afterwards"))[0] == 250
    assert [said for each in story(edge.ledger).values() for _, said in each] == [
        f"From: {ADA}\n\nThe printer is out of toner."
    ]
    assert len(edge.stored()) == 1


def test_encryption_is_not_offered(edge: Edge) -> None:
    with edge.client() as client:
        client.ehlo()
        assert "starttls" not in client.esmtp_features
        assert "auth" not in client.esmtp_features
        assert client.docmd("STARTTLS")[0] >= 450


def test_stopping_finishes_the_mail_that_is_under_way(sqlite_ledger: Ledger) -> None:
    with listening(sqlite_ledger) as edge, ThreadPoolExecutor(1) as pool, _raw(edge) as talk:
        talk(f"EHLO x\r\nMAIL FROM:<{ADA}>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n".encode(), until=b"354")
        stopping = pool.submit(edge.thread.stop)
        _wait_until_closed(edge.listener)
        assert talk(mail() + b".\r\n", until=b"250").startswith(b"250 2.0.0 OK in-")
        stopping.result(30)
        assert kinds_of(edge.ledger) == ["create_ticket"]


def test_stopping_hangs_up_on_who_says_nothing(sqlite_ledger: Ledger) -> None:
    with listening(sqlite_ledger) as edge, edge.client() as client:
        client.ehlo()
        edge.thread.stop()
        assert client.getreply()[0] == 421


def test_fifty_mails_over_ten_connections_at_once_are_a_ticket_each(edge: Edge) -> None:
    def five(first: int) -> list[str]:
        with edge.client() as client:
            return [say(client, mail(f"mail {first + number}"))[1] for number in range(5)]

    with ThreadPoolExecutor(10) as pool:
        answers = [answer for each in pool.map(five, range(0, 50, 5)) for answer in each]
    assert len(set(answers)) == 50
    assert {f"2.0.0 OK in-{each['id']}" for each in edge.stored()} == set(answers)
    assert Counter(kinds_of(edge.ledger)) == {"create_ticket": 50}


@contextmanager
def _raw(edge: Edge) -> Iterator[Any]:
    """A connection that sends bytes and reads lines until one begins with a given code."""
    with socket.create_connection(("127.0.0.1", edge.port), timeout=30) as connection:
        reader = connection.makefile("rb")

        def talk(said: bytes, until: bytes = b"354") -> bytes:
            connection.sendall(said)
            heard = b""
            while until:
                line = reader.readline()
                heard += line
                if line.startswith(until + b" ") or not line:
                    break
            return heard

        with reader:
            assert reader.readline().startswith(b"220")
            yield talk


def _wait_until_closed(listener: socket.socket) -> None:
    for _ in range(1000):
        if listener.fileno() == -1:
            return
        time.sleep(0.01)
    raise AssertionError("it takes connections still")
