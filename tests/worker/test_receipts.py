"""Is somebody told where his message came from what became of it? By a stand-in of Slack, and a real mail server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from connectors import connector
from connectors.answering import Told
from connectors.base import Inbound, Parsed
from connectors.email import thread_address
from connectors.events import TicketChanged
from tests.acceptance.processes import kept_port
from tests.connectors.slack.builders import CHANNEL, ROOT, envelope, mention, reaction, reply
from worker.intake.reading import read
from worker.jobs import receipts as job
from worker.jobs.runner import Runner
from worker.ledger import Delivery, Ledger
from worker.ledger.tables import cases, operations, receipts
from worker.settings import Source

from .builders import ManualClock, claim_one, deliver_all, done, kinds_of, rows
from .conftest import MakeLedger
from .slack_stand_in import TOKEN, Slack, slack

LINK = "https://tickets.example.net/{id}"
SECRET = "s3cret"


@pytest.fixture
def ledger(make_ledger: MakeLedger) -> Ledger:
    made = make_ledger(may_answer=True)
    made.upgrade()
    return made


@pytest.fixture
def web() -> Iterator[Slack]:
    with slack() as made:
        yield made


def of_slack(web: Slack, **settings: Any) -> Source:
    made = connector("slack")
    own = {"secret": SECRET, "receipts": True, "bot_token": TOKEN, "api_url": web.url} | settings
    return Source("chat", made, made.settings.model_validate(own))


def tell(ledger: Ledger, source: Source) -> None:
    made = job.job_of(source, LINK)
    assert made is not None
    Runner(ledger, lambda: {made.name: made}, lambda _: None, "one", 1.0).once()


def arrive(ledger: Ledger, clock: ManualClock, source: Source, body: bytes, **headers: str) -> None:
    signed = source.connector.sign(body, source.settings, clock()) | headers
    lower = tuple((name.lower(), value) for name, value in signed.items())
    delivery = read(source, Inbound(source.id, clock(), body, lower), clock())
    assert isinstance(delivery, Delivery)
    ledger.record([delivery])


def say(ledger: Ledger, clock: ManualClock, source: Source, event: dict[str, Any], number: int = 1) -> None:
    arrive(ledger, clock, source, json.dumps(envelope(event, event_id=f"Ev{number:08}")).encode())


def row(ledger: Ledger) -> dict[str, Any]:
    (found,) = rows(ledger, receipts)
    return found


def later(ledger: Ledger, clock: ManualClock, source: Source, seconds: float = 2) -> None:
    clock.advance(seconds=seconds)
    tell(ledger, source)


def test_the_thread_is_told_of_its_ticket_once_and_that_is_edited_as_the_ticket_moves(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    tell(ledger, source)
    assert web.calls == []
    deliver_all(ledger)
    later(ledger, clock, source)
    assert web.texts == ["Ticket T-1 is open (medium): https://tickets.example.net/T-1"]
    (posted,) = web.messages.values()
    assert (posted["channel"], posted["thread_ts"]) == (CHANNEL, ROOT)
    say(ledger, clock, source, reaction(), 2)
    ledger.settle([(claim_one(ledger, "close_ticket"), done("T-1", "closed"))])
    later(ledger, clock, source)
    later(ledger, clock, source)
    assert web.texts == ["Ticket T-1 is closed (medium): https://tickets.example.net/T-1"]
    assert web.calls == ["chat.postMessage", "chat.update"]


def test_it_is_told_too_when_a_person_moves_the_ticket(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, source)
    at = clock.advance(seconds=60)
    moved = TicketChanged(
        case_key="ticket:T-1", source_message_id="evt-1", occurred_at=at, started_at=at, subject="s", text="",
        content_digest="0" * 64, ticket_id="T-1", status="resolved",
    )  # fmt: skip
    ledger.record([Delivery(Inbound("aurion", at, b"{}"), Parsed((moved,)))])
    later(ledger, clock, source)
    assert web.texts == ["Ticket T-1 is resolved (medium): https://tickets.example.net/T-1"]


def parsed_of(event: TicketChanged) -> Any:
    from connectors.base import Parsed

    return Parsed((event,))


def test_a_post_of_which_nobody_knows_the_end_is_not_made_again(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    web.ahead.append((500, {}, b"oops", True))
    for _ in range(3):
        later(ledger, clock, source, 1000)
    assert web.calls == ["chat.postMessage"]
    assert (row(ledger)["state"], row(ledger)["error"]) == (
        "dead",
        "it may have been told: answered 500, and not as Slack does",
    )


def test_a_process_that_ends_while_it_posts_leaves_one_post(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    ledger.errands.claim_receipts("chat", lease=job.LEASE, limit=1)
    later(ledger, clock, source, job.LEASE.total_seconds())
    assert (web.calls, row(ledger)["state"]) == ([], "dead")


def test_an_edit_of_which_nobody_knows_the_end_is_made_again(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, source)
    say(ledger, clock, source, reaction(), 2)
    ledger.settle([(claim_one(ledger, "close_ticket"), done("T-1", "closed"))])
    web.ahead.append((500, {}, b"oops", False))
    later(ledger, clock, source)
    later(ledger, clock, source, 5)
    assert web.calls == ["chat.postMessage", "chat.update", "chat.update"]
    assert "is closed" in web.texts[0]


def test_the_platform_s_limit_is_obeyed_and_counts_as_nothing_done(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    web.ahead.append((429, {"Retry-After": "30"}, b"", False))
    later(ledger, clock, source)
    later(ledger, clock, source, 29)
    assert web.calls == ["chat.postMessage"]
    later(ledger, clock, source, 2)
    assert (web.calls, row(ledger)["state"]) == (["chat.postMessage"] * 2, "idle")


def test_a_receipt_that_is_refused_touches_no_ticket(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web, bot_token="xoxb-wrong")
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    later(ledger, clock, source)
    say(ledger, clock, source, reply(), 2)
    deliver_all(ledger)
    assert (row(ledger)["state"], row(ledger)["error"]) == ("dead", "Slack said invalid_auth")
    assert {each["state"] for each in rows(ledger, operations)} == {"done"}
    assert [each["state"] for each in rows(ledger, cases)] == ["idle"]


def test_a_state_that_changes_while_it_is_told_is_told_too(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    say(ledger, clock, source, mention())
    deliver_all(ledger)
    (claimed,) = ledger.errands.claim_receipts("chat", lease=job.LEASE, limit=1)
    say(ledger, clock, source, reaction(), 2)
    ledger.settle([(claim_one(ledger, "close_ticket"), done("T-1", "closed"))])

    assert ledger.errands.settle_receipt(claimed, Told("1.1"), edits=True)
    assert row(ledger)["state"] == "due"


def test_in_several_workspaces_the_thread_is_told_with_the_token_of_its_own(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    other, token = "T0OTHER01", "xoxb-of-the-other"
    web.tokens[token] = other
    source = of_slack(web, bot_token=None, workspaces={other: {"bot_token": token}})
    arrive(ledger, clock, source, json.dumps(envelope(mention(), team_id=other)).encode())
    arrive(ledger, clock, source, json.dumps(envelope(mention(ts="1773453601.000100"))).encode())
    deliver_all(ledger)
    later(ledger, clock, source)
    (posted,) = web.messages.values()
    assert (posted["team"], posted["thread_ts"]) == (other, ROOT)
    assert len(rows(ledger, receipts)) == 1


def test_without_receipts_nobody_is_told(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web, receipts=False)
    say(ledger, clock, source, mention())
    assert job.job_of(source, LINK) is None
    assert rows(ledger, receipts) == []


# Mail


class Postbox:
    """What a mail server took, and what it says to RCPT and DATA."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.rcpt = self.data = "250 OK"

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
