"""Receipts by mail: the author of a mail is answered once, through a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from connectors import connector
from connectors.contract.receipts import MailServer, OutgoingMail, Posted
from connectors.email import thread_address
from tests.acceptance.processes import kept_port
from worker.ledger import Ledger
from worker.ledger.schema.tables import cases, receipts
from worker.receipts.sending import hand_in
from worker.settings import Source

from ..builders import ManualClock, deliver_all, kinds_of, rows
from .posting import SECRET, arrive, later, row

pytestmark = pytest.mark.one_database


class Postbox:
    """The mails that a mail server took, and its answers to RCPT, DATA and QUIT."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.rcpt = self.data = "250 OK"
        self.quit = "221 Bye"

    async def handle_RCPT(  # noqa: N802 — as aiosmtpd names it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.data.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.mails.append((envelope.mail_from or "", list(envelope.rcpt_tos), envelope.content))
        return self.data

    async def handle_QUIT(  # noqa: N802
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        return self.quit


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    made = Postbox()
    controller = Controller(made, hostname="127.0.0.1", port=kept_port())
    controller.start()
    made.address = f"127.0.0.1:{controller.port}"  # type: ignore[attr-defined]
    yield made
    controller.stop()


def of_mail(postbox: Any, **settings: Any) -> Source:
    made = connector("email")
    own = {
        "secret": SECRET, "address": "support@example.net", "receipts_by": postbox.address,
        "receipts_security": "none",
    } | settings  # fmt: skip
    return Source("mail", made, made.settings.model_validate(own))


def written(**headers: str) -> bytes:
    whole = {
        "From": "Ada <ada@customer.example>", "To": "support@example.net", "Subject": "Kein Netz für Köln",
        "Message-ID": "<one@customer.example>", "Date": "Fri, 20 Feb 2026 11:00:00 +0000",
    } | headers  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in whole.items())
    return f"{lines}\r\nNothing works.\r\n".encode()


def test_a_new_mail_is_answered_once_with_the_number_and_a_way_back(
    ledger: Ledger, clock: ManualClock, postbox: Postbox
) -> None:
    source = of_mail(postbox)
    arrive(ledger, clock, source, written())
    arrive(ledger, clock, source, written())
    deliver_all(ledger, "1042")
    later(ledger, clock, source)
    reply_to = {"In-Reply-To": "<one@customer.example>", "Message-ID": "<two@customer.example>"}
    arrive(ledger, clock, source, written(**reply_to))
    deliver_all(ledger)
    later(ledger, clock, source)
    ((sender, recipients, content),) = postbox.mails
    assert (sender, recipients) == ("<>", ["ada@customer.example"])
    mail: Message = message_from_bytes(content)
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["In-Reply-To"] == "<one@customer.example>"
    key = rows(ledger, cases)[0]["key"]
    assert mail["Reply-To"] == thread_address(source.settings, key)  # type: ignore[arg-type]

    assert str(make_header(decode_header(mail["Subject"]))) == "[#1042] Re: Kein Netz für Köln"
    assert kinds_of(ledger) == ["create_ticket", "add_note"]


def test_our_own_answer_that_comes_back_is_no_ticket(ledger: Ledger, clock: ManualClock, postbox: Postbox) -> None:
    source = of_mail(postbox)
    arrive(ledger, clock, source, written())
    deliver_all(ledger)
    later(ledger, clock, source)
    ((_, _, content),) = postbox.mails
    arrive(ledger, clock, source, content)
    assert kinds_of(ledger) == ["create_ticket"]


@pytest.mark.parametrize(
    "headers",
    [
        {"List-Id": "<ops.example.net>"},
        {"Precedence": "bulk"},
        {"Auto-Submitted": "auto-replied"},
        {"Auto-Submitted": "auto-generated"},
        {"From": "MAILER-DAEMON@customer.example"},
        {"Return-Path": "<>"},
    ],
)
def test_what_no_person_wrote_is_never_answered(
    ledger: Ledger, clock: ManualClock, postbox: Postbox, headers: dict[str, str]
) -> None:
    source = of_mail(postbox)
    arrive(ledger, clock, source, written(**headers))
    deliver_all(ledger)
    later(ledger, clock, source)
    assert (postbox.mails, rows(ledger, receipts)) == ([], [])


@pytest.mark.parametrize(("said", "state"), [("450 later", "due"), ("550 nobody", "dead")])
def test_what_the_mail_server_says_decides_whether_it_is_tried_again(
    ledger: Ledger, clock: ManualClock, postbox: Postbox, said: str, state: str
) -> None:
    source = of_mail(postbox)
    arrive(ledger, clock, source, written())
    deliver_all(ledger)
    postbox.rcpt = said
    later(ledger, clock, source)
    assert row(ledger)["state"] == state
    postbox.rcpt = "250 OK"
    later(ledger, clock, source, 60)
    assert len(postbox.mails) == (state == "due")


@pytest.mark.parametrize("said", ["250 OK", "421 overloaded", "500 " + "x" * 9000, "no reply at all"])
def test_a_mail_that_the_server_took_is_sent_whatever_the_server_answers_to_the_goodbye(
    postbox: Postbox, said: str
) -> None:
    postbox.quit = said
    host, _, port = postbox.address.rpartition(":")  # type: ignore[attr-defined]
    mail = OutgoingMail(MailServer(host, int(port), "none", None, None), "ada@customer.example", written())
    assert hand_in(mail) == Posted()
    assert len(postbox.mails) == 1


def test_a_mail_server_that_is_away_is_tried_again(ledger: Ledger, clock: ManualClock, postbox: Postbox) -> None:
    source = of_mail(postbox)
    arrive(ledger, clock, source, written())
    deliver_all(ledger)
    away = of_mail(postbox, receipts_by=f"127.0.0.1:{kept_port()}")
    later(ledger, clock, away)
    assert row(ledger)["state"] == "due"
    later(ledger, clock, source, 60)
    assert (len(postbox.mails), row(ledger)["state"]) == (1, "told")


def test_a_subject_cannot_add_headers(ledger: Ledger, clock: ManualClock, postbox: Postbox) -> None:
    source = of_mail(postbox)
    arrive(ledger, clock, source, written(Subject="=?utf-8?Q?hello=0D=0ABcc:_eve@elsewhere.example?="))
    deliver_all(ledger)
    later(ledger, clock, source)
    ((_, recipients, content),) = postbox.mails
    assert recipients == ["ada@customer.example"]
    assert message_from_bytes(content)["Bcc"] is None
