"""A real process turns mail and chat into tickets, notes and closes, or into nothing, as meant by their authors."""

from __future__ import annotations

import itertools
import json
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors import connector
from connectors.contract.events import digest
from tests.acceptance.deployments import CONTROL_TOKEN, EVERY_SCRAPE, QUICK, Site
from tests.acceptance.processes import Process, answers, kept_port, wait_until
from tests.connectors.slack.builders import ADA, BOB, BOT, CHANNEL, edit, envelope, mention, message, reaction, reply
from tests.worker.builders import rows
from worker.ledger import Ledger
from worker.ledger.schema.tables import inbound

SECRET = "0123456789abcdef" * 2  # in the form of a Signing Secret of Slack's
SUPPORT = "support@example.net"
SOURCES = {
    "TICKETRELAY_SOURCES__EMAIL__SECRET": SECRET,
    "TICKETRELAY_SOURCES__EMAIL__ADDRESS": SUPPORT,
    "TICKETRELAY_SOURCES__SLACK__SECRET": SECRET,
    "TICKETRELAY_SOURCES__SLACK__CHANNELS": json.dumps({CHANNEL: {"private": False}}),
}
PRINTER, PERSON = "The printer is out of toner", "ada@customer.example"

_numbers = itertools.count(1)
_began = int(time.time()) - 3600


class Deployment:
    """`ticketrelay run` with an SMTP listener, and the requests of senders of mail and chat."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._listen, self._smtp, self._control = (f"127.0.0.1:{kept_port()}" for _ in range(3))
        self.site = Site(f"http://{self._listen}", f"http://{self._listen}/api/v1", f"http://{self._control}")
        self._process: Process | None = None
        self._slack = connector("slack")
        self._slack_settings = self._slack.settings.model_validate({"secret": SECRET})

    def start(self) -> None:
        arguments = ["run", "--no-demo", "--listen", self._listen, "--smtp", self._smtp, "--data", str(self.folder)]
        arguments += ["--api-limit", "none", "--api-control", self._control, "--api-control-token", CONTROL_TOKEN]
        self.folder.mkdir(parents=True, exist_ok=True)
        process = self._process = Process(arguments, {**QUICK, **EVERY_SCRAPE, **SOURCES}, self.folder / "output.txt")

        def is_ready() -> bool:
            assert not process.has_ended(), process.log()
            return answers(f"{self.site.intake}/readyz")

        wait_until(is_ready, "ready")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()

    def stop(self) -> None:
        self.site.close()
        if self._process is not None:
            self._process.stop()

    def smtp(self) -> smtplib.SMTP:
        host, _, port = self._smtp.rpartition(":")
        return smtplib.SMTP(host, int(port), local_hostname="test.example", timeout=20)

    def mail(self, body: bytes, sender: str = PERSON) -> None:
        """Send a mail; it must be answered 250."""
        with self.smtp() as client:
            client.ehlo()
            client.mail(sender)
            client.rcpt(SUPPORT)
            assert client.data(body)[0] == 250

    def chat(self, payload: Any, **headers: str) -> httpx.Response:
        """Post a signed delivery; `headers` precede those of the signature."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signed = self._slack.sign(body, self._slack_settings, datetime.now(UTC))
        return self.site.http.post(f"{self.site.intake}/in/slack", content=body, headers=signed | headers)

    def say(self, *events: dict[str, Any]) -> None:
        """Post each as a separate event; each must be answered 200."""
        for event in events:
            answer = self.chat(envelope(event, event_id=f"Ev{next(_numbers):08}"))
            assert answer.status_code == 200, answer.text

    def stored(self) -> list[dict[str, Any]]:
        """Return every delivery in the ledger."""
        with closing(Ledger(f"sqlite:///{self.folder / 'ledger.db'}")) as ledger:
            return rows(ledger, inbound)

    def tickets_of(self, subject: str) -> list[dict[str, Any]]:
        """Return the tickets with this subject, once no operation is in flight."""
        self.wait_until_idle()
        return [each for each in self.site.tickets() if each["subject"] == subject]

    def story(self, subject: str) -> list[str]:
        """Return the effects on the one ticket with this subject, once no operation is in flight."""
        (ticket,) = self.tickets_of(subject)
        mine = [each for each in self.site.effects() if str(each["ticket_id"]) == str(ticket["id"])]
        private = ["private " if json.loads(each["body"] or "{}").get("private") else "" for each in mine]
        return [f"{word}{each['kind']}" for word, each in zip(private, mine, strict=True)]

    def wait_until_idle(self) -> None:
        """Wait until no operation waits or is in flight."""

        def is_idle() -> bool:
            text = self.site.http.get(f"{self.site.intake}/metrics").raise_for_status().text
            opened = [line for line in text.splitlines() if line.startswith("ticketrelay_operations_open")]
            return sum(float(line.rpartition(" ")[2]) for line in opened) == 0

        wait_until(is_idle, "idle")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One process for all tests that do not kill it; each test has its own messages and subjects."""
    deployment = Deployment(tmp_path_factory.mktemp("deployment") / "var")
    deployment.start()
    yield deployment
    deployment.stop()


@pytest.fixture
def subject() -> str:
    return f"{PRINTER} ({next(_numbers)})"


@pytest.fixture
def root() -> str:
    return timestamp()


def timestamp() -> str:
    """Return a Slack `ts` later than all before."""
    number = next(_numbers)
    return f"{_began + number}.{number:06}"


def written(subject: str, name: str, *headers: str, text: str = "Could somebody bring some?") -> bytes:
    """A mail with a Message-ID made from `name` and the subject."""
    lines = [
        f"Message-ID: {named(subject, name)}",
        f"From: Ada <{PERSON}>",
        f"To: {SUPPORT}",
        "Date: Fri, 20 Feb 2026 12:00:00 +0000",
        *([] if any(each.startswith("Subject:") for each in headers) else [f"Subject: {subject}"]),
    ]
    return "\r\n".join([*lines, *headers, "", text, ""]).encode()


def named(subject: str, name: str) -> str:
    return f"<{name.replace(' ', '-')}.{digest(subject)[:16]}@customer.example>"


def test_a_mail_is_a_ticket_its_reply_a_note_and_the_same_mail_again_nothing(run: Deployment, subject: str) -> None:
    first = written(subject, "first")
    answer = written(subject, "reply", f"In-Reply-To: {named(subject, 'first')}", f"Subject: Re: {subject}")
    for each in (first, first, answer, answer, first):
        run.mail(each)
    assert run.story(subject) == ["create_ticket", "add_note"]
    assert run.tickets_of(f"Re: {subject}") == []


def test_a_reply_before_its_mail_is_one_ticket_with_a_note_too(run: Deployment, subject: str) -> None:
    headers = (f"In-Reply-To: {named(subject, 'first')}", f"Cc: {PERSON}", f"Subject: Re: {subject}")
    run.mail(written(subject, "reply", *headers))
    run.mail(written(subject, "first"))
    assert run.story(f"Re: {subject}") == ["create_ticket", "add_note"]
    assert run.tickets_of(subject) == []


def test_an_automatic_answer_is_a_private_note(run: Deployment, subject: str) -> None:
    run.mail(written(subject, "first"))
    headers = (f"In-Reply-To: {named(subject, 'first')}", "Auto-Submitted: auto-replied")
    run.mail(written(subject, "away", *headers), sender="<>")
    assert run.story(subject) == ["create_ticket", "private add_note"]


def bounce_of(subject: str, name: str) -> bytes:
    """The bounce of a mail server that could not deliver the mail of this name."""
    headers = ('Content-Type: multipart/report; report-type=delivery-status; boundary="b"', "MIME-Version: 1.0")
    parts = (
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.",
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; x@y.example\r\nAction: failed",
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {named(subject, name)}\r\nSubject: Mail\r\n\r\nText",
        "--b--",
    )
    return written(f"Undelivered: {subject}", "bounce", *headers, text="\r\n".join(parts))


def test_a_bounce_is_a_private_note_on_the_thread_of_the_mail_in_it(run: Deployment, subject: str) -> None:
    run.mail(written(subject, "first"))
    run.mail(bounce_of(subject, "first"), sender="<>")
    assert run.story(subject) == ["create_ticket", "private add_note"]
    assert run.tickets_of(f"Undelivered: {subject}") == []


def test_a_bounce_of_nothing_that_is_known_stays_in_quarantine(run: Deployment, subject: str) -> None:
    run.mail(bounce_of(subject, "never seen"), sender="<>")
    last = run.stored()[-1]
    assert (last["source"], last["outcome"]) == ("email", "quarantined")
    assert run.tickets_of(f"Undelivered: {subject}") == []


def test_a_mention_is_a_ticket_and_a_reply_in_its_thread_a_note(run: Deployment, subject: str, root: str) -> None:
    run.say(mention(f"<@{BOT}> {subject}", root), reply(ts=timestamp(), thread_ts=root, user=BOB))
    assert run.story(subject) == ["create_ticket", "add_note"]


def test_one_message_under_eleven_event_ids_is_one_ticket(run: Deployment, subject: str, root: str) -> None:
    run.say(*[mention(f"<@{BOT}> {subject}", root)] * 11)
    assert run.story(subject) == ["create_ticket"]


@pytest.mark.parametrize("turned", [False, True], ids=["message first", "mention first"])
def test_a_mention_that_comes_as_a_message_too_is_one_ticket(
    run: Deployment, subject: str, root: str, turned: bool
) -> None:
    both = [message(f"<@{BOT}> {subject}", root), mention(f"<@{BOT}> {subject}", root)]
    run.say(*(reversed(both) if turned else both))
    assert run.story(subject) == ["create_ticket"]


def test_a_reply_before_the_mention_that_it_follows_is_a_note_all_the_same(
    run: Deployment, subject: str, root: str
) -> None:
    answer = reply(ts=timestamp(), thread_ts=root, user=BOB)
    run.say(answer, answer)
    run.say(mention(f"<@{BOT}> {subject}", root), answer)
    assert run.story(subject) == ["create_ticket", "add_note"]


def test_a_message_that_was_ignored_does_not_swallow_its_mention(run: Deployment, subject: str, root: str) -> None:
    # Without `authorizations` the bot's id is not known, so the message mentions nobody of ours.
    for event in (message(f"<@{BOT}> {subject}", root), mention(f"<@{BOT}> {subject}", root)):
        assert run.chat(envelope(event, authorizations=[])).status_code == 200
    assert run.story(subject) == ["create_ticket"]


def test_200_replies_before_their_root_end_as_notes_in_order(run: Deployment, subject: str, root: str) -> None:
    texts = [f"{subject}: reply {number:03}" for number in range(200)]
    run.say(*(reply(text, ts=timestamp(), thread_ts=root, user=BOB) for text in texts))
    run.say(mention(f"<@{BOT}> {subject}", root))
    (ticket,) = run.tickets_of(subject)
    effects = [each for each in run.site.effects() if str(each["ticket_id"]) == str(ticket["id"])]
    assert [each["kind"] for each in effects] == ["create_ticket"] + ["add_note"] * 200
    assert [json.loads(each["body"])["body"].split("\n")[0] for each in effects[1:]] == texts


def test_an_expanded_link_is_nothing_and_an_edit_a_note(run: Deployment, subject: str, root: str) -> None:
    said = message(f"<@{BOT}> {subject}", root)
    expanded = said | {"attachments": [{"from_url": "https://example.net/", "title": "Printers"}]}
    run.say(mention(said["text"], root), edit(expanded, said))
    assert run.story(subject) == ["create_ticket"]
    run.say(edit(message(f"<@{BOT}> {subject}, and it hisses", root), said))
    assert run.story(subject) == ["create_ticket", "add_note"]


@pytest.mark.parametrize("by", ["word", "reaction"])
def test_who_opened_a_ticket_closes_it_by_a_word_or_a_reaction_and_others_do_not(
    run: Deployment, subject: str, root: str, by: str
) -> None:
    def end(user: str) -> dict[str, Any]:
        if by == "reaction":
            return reaction(ts=root, user=user, event_ts=timestamp())
        return reply("close", timestamp(), thread_ts=root, user=user)

    run.say(mention(f"<@{BOT}> {subject}", root), end(BOB))
    assert run.story(subject) == ["create_ticket"]
    run.say(end(ADA))
    assert run.story(subject) == ["create_ticket", "close_ticket"]
    assert [each["status"] for each in run.tickets_of(subject)] == ["closed"]


MALFORMED = (
    {"X-Slack-Signature": ""},
    {"X-Slack-Signature": "v0="},
    {"X-Slack-Signature": "v0=zz"},
    {"X-Slack-Signature": "v1=" + "0" * 64},
    {"X-Slack-Signature": "v0=" + "0" * 63},
    {"X-Slack-Signature": "v0=" + "é".encode().decode("latin-1") * 32},
    {"X-Slack-Request-Timestamp": ""},
    {"X-Slack-Request-Timestamp": "now"},
    {"X-Slack-Request-Timestamp": "-1"},
    {"X-Slack-Request-Timestamp": "9" * 400},
)


def test_what_is_not_rightly_signed_is_refused_and_leaves_nothing(run: Deployment, root: str) -> None:
    payload = envelope(mention(ts=root))
    before = run.stored()
    answers = [run.chat(payload, **{name: value.encode() for name, value in each.items()}) for each in MALFORMED]  # type: ignore[arg-type]
    answers.append(run.chat(payload, **{"X-Slack-Signature": "v0=" + "0" * 64}))
    body = json.dumps(payload).encode()
    answers.append(run.site.http.post(f"{run.site.intake}/in/slack", content=body))
    assert [each.status_code for each in answers] == [401] * 12
    assert run.stored() == before


def test_the_challenge_of_slack_is_answered(run: Deployment) -> None:
    answer = run.chat({"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV", "token": "not-used"})
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1aBm2rZgRNFdxV"})


def test_after_kill_9_in_the_middle_of_a_stream_of_mails_each_is_exactly_one_ticket(tmp_path: Path) -> None:
    subjects = [f"Mail {number}" for number in range(90)]
    acknowledged: list[str] = []
    deployment = Deployment(tmp_path / "var")
    deployment.start()
    sender = threading.Thread(target=_send_until_taken, args=(deployment, subjects, acknowledged))
    try:
        sender.start()
        for number in (25, 55):
            wait_until(lambda: len(acknowledged) >= number, f"{number} mails")  # noqa: B023
            deployment.kill()
            deployment.start()
        sender.join(60)
        assert acknowledged == subjects
        deployment.wait_until_idle()
        assert Counter(each["subject"] for each in deployment.site.tickets()) == Counter(subjects)
        assert Counter(each["kind"] for each in deployment.site.effects()) == {"create_ticket": len(subjects)}
    finally:
        deployment.stop()
        sender.join(60)


def _send_until_taken(deployment: Deployment, subjects: list[str], acknowledged: list[str]) -> None:
    """Send each until it is answered 250, as a mail server does during restarts."""
    for each in subjects:
        for _ in range(400):
            try:
                deployment.mail(written(each, "first"))
            except (OSError, smtplib.SMTPException):
                time.sleep(0.05)
            else:
                acknowledged.append(each)
                break
