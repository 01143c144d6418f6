"""A short scenario for new users: some deliveries through the real path, and their effects at the Tickets API.

Every run uses alerts of its own (random fingerprints), so that it has the same result on a ledger with history.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import smtplib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import httpx

from tickets.client import TicketsClient
from tickets.models import Ticket
from tickets.server import FaultRule, LocalTicketsApi
from worker.ledger import CaseStory, Ledger
from worker.runtime.terminal import echo, secho
from worker.settings import Settings

ALERTS, MAIL, CHAT = "alertmanager", "email", "slack"
PATIENCE_S = 60.0
SCENARIO_KEY = "ak_test_scenario"  # reads with a budget of its own, so that reading does not change the scenario

PLAYER = "the scenario of run"  # who decided, in the record of interventions
WHY_GIVEN_UP = "an example: nobody needs this ticket"

Alert = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """The effects of the scenario so far."""

    arrived: int = 0
    tickets: int = 0
    notes: int = 0
    closed: int = 0
    repeats: int = 0
    dead: int = 0
    differences: list[str] = field(default_factory=list)

    def line(self) -> str:
        return (
            f"{self.arrived} in · {self.tickets} tickets · {self.notes} notes · {self.closed} closed · "
            f"{self.repeats} duplicates suppressed · {self.dead} dead"
        )


EXPECTED = "15 in · 5 tickets · 5 notes · 2 closed · 3 duplicates suppressed · 1 dead"


def play(settings: Settings, ledger: Ledger, api: LocalTicketsApi | None, smtp: str | None) -> bool:
    """Play the scenario and print the outcome of each message. Returns True when all went as expected.

    `smtp` is the address of the SMTP listener; without one, mail is posted.
    """
    missing = [each for each in (ALERTS, MAIL, CHAT) if each not in settings.sources]
    if missing or api is None:
        what = f"the sources {', '.join(missing)}" if missing else "the local Tickets API"
        echo(f"\nThe scenario is not played: it needs {what}.")
        return False
    echo("\nA short scenario, through the real path:\n")
    with httpx.Client(timeout=30, trust_env=False) as http:
        tally = _Scenario(settings, ledger, api, http, smtp).play()
    if not tally.differences and tally.line() != EXPECTED:
        tally.differences.append(f"expected {EXPECTED}")
    for difference in tally.differences:
        secho(f"  not as expected: {difference}", fg="red")
    echo(f"\n{tally.line()}")
    return not tally.differences


class _Scenario:
    def __init__(
        self, settings: Settings, ledger: Ledger, api: LocalTicketsApi, http: httpx.Client, smtp: str | None
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._api = api
        self._http = http
        self._smtp = smtp
        self._tally = Tally()
        self._began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        self._last = ""

    def play(self) -> Tally:
        self._play_alerts()
        self._play_mail()
        self._play_chat()
        return self._tally

    def _play_alerts(self) -> None:
        database = self._alert("Database db1 is down", severity="critical")
        disk = self._alert("Disk of web3 is almost full", severity="warning")
        queue = self._alert("Mail queue is growing", severity="info")
        strange = self._alert("Certificate expires: the ITSM does not like this one", severity="warning")
        changed = database | {"annotations": database["annotations"] | {"description": "The replica is down too."}}
        mixed = [self._ended(database, minutes=10), disk]
        down, full = database["fingerprint"], disk["fingerprint"]

        self._step("a firing alert", lambda: self._fire(database), down, status="open", tickets=1)
        self._step("its repeat", lambda: self._fire(database), down, status="open", repeats=1)
        self._step("a changed annotation", lambda: self._fire(changed), down, status="open", notes=1)
        self._step("a mixed group: one ends,", lambda: self._fire(*mixed), down, status="closed", closed=1, tickets=1)
        self._say("  and one begins", full, status="open", tickets=1)
        self._step("a resolve", lambda: self._fire(self._ended(disk, minutes=12)), full, status="closed", closed=1)
        again = self._again(database, minutes=15)
        self._step("a refire", lambda: self._fire(again), down, status="open", notes=1)
        self._step("the mixed group, replayed", lambda: self._fire(*mixed), down, status="open", repeats=2)
        self._api.faults.add(FaultRule(action="status", status=503, body=queue["fingerprint"], times=1))
        self._step(
            "the API answers 503 once", lambda: self._fire(queue), queue["fingerprint"], status="open", tickets=1
        )
        no = "the ITSM takes no certificates"
        rejects = FaultRule(
            action="status", status=400, message=no, field="subject", body=strange["fingerprint"], times=1
        )
        self._api.faults.add(rejects)
        self._step("the API rejects it", lambda: self._fire(strange), strange["fingerprint"], status=None, dead=1)
        self._give_up(strange["fingerprint"])

    def _give_up(self, about: str) -> None:
        """Decide about the scenario's own dead letter, as a person does, so that the scenario leaves no alarm."""
        story = self._settled(about)
        for each in story.operations if story is not None else ():
            if each.state == "dead":
                self._ledger.skip(each.id, WHY_GIVEN_UP, by=PLAYER)
                echo(f"  {'a person gives it up':<28} {each.id}, with the reason: {WHY_GIVEN_UP}")

    def _play_mail(self) -> None:
        message_id = f"<{secrets.token_hex(8)}@scenario.example>"
        self._step("a mail", lambda: self._mail(message_id), "", status="open", tickets=1)
        answer = f"<{secrets.token_hex(8)}@scenario.example>"
        self._step("its reply", lambda: self._mail(answer, to=message_id), "", status="open", notes=1)

    def _play_chat(self) -> None:
        root = f"{time.time() - 60:.6f}"
        mention = {"type": "app_mention", "text": "<@UBOT> the VPN is down", "ts": root}
        self._step("a chat mention", lambda: self._chat(mention), "", status="open", tickets=1, notes=1)
        reply = {"type": "message", "text": "for me too", "ts": f"{time.time() - 30:.6f}", "thread_ts": root}
        self._step("a reply in its thread", lambda: self._chat(reply), "", status="open", notes=1)

    def _step(self, what: str, send: Callable[[], int], about: str, *, status: str | None, **expected: int) -> None:
        """Send a message, wait until it is delivered, check its effect, and print the outcome of the case `about`.

        Without a name, that is the case of the delivery.
        """
        before = self._counts()
        repeats = send()
        self._wait_for(self._last)
        story = self._settled(about or self._last)
        found = {name: after - before[name] for name, after in self._counts().items()} | {"repeats": repeats}
        for name, number in found.items():
            self._check(f"{what}: {name}", number, expected.get(name, 0))
            setattr(self._tally, name, getattr(self._tally, name) + number)
        said = {name: number for name, number in expected.items() if not (name == "tickets" and "closed" in expected)}
        self._report(what, story, status, said)

    def _say(self, what: str, about: str, *, status: str, **expected: int) -> None:
        """Print the outcome of a further case of the last delivery."""
        self._report(what, self._settled(about), status, expected)

    def _report(self, what: str, story: CaseStory | None, status: str | None, expected: dict[str, int]) -> None:
        ticket = self._ticket(story)
        self._check(f"{what}: the ticket's status", ticket.status if ticket else None, status)
        echo(f"  {what:<28} {self._became(story, ticket, expected)}")

    def _became(self, story: CaseStory | None, ticket: Ticket | None, more: dict[str, int]) -> str:
        if story is not None and more.get("dead"):
            operation = next(each for each in story.operations if each.state == "dead")
            return f"dead letter {operation.id}: {operation.why}"
        where = f"ticket {ticket.id}, {ticket.status}, {ticket.priority}" if ticket else "no ticket"
        tries = max((len(each.tries) for each in story.operations), default=0) if story else 0
        names = {"tickets": "created", "notes": "note added", "closed": "closed", "repeats": "no effect: known already"}
        did = ", ".join(text for name, text in names.items() if more.get(name))
        return f"{where:<26} {did}{f' (at try {tries})' if tries > 1 else ''}"

    def _counts(self) -> dict[str, int]:
        """Return the present numbers of effects at the Tickets API and of dead letters."""
        kinds = {"create_ticket": "tickets", "add_note": "notes", "close_ticket": "closed"}
        counts = dict.fromkeys([*kinds.values(), "dead"], 0)
        after = 0
        while effects := self._api.effects(after):
            for each in effects:
                if each.kind in kinds:
                    counts[kinds[each.kind]] += 1
            after = effects[-1].seq
        counts["dead"] = len(self._ledger.list_dead())
        return counts

    def _check(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self._tally.differences.append(f"{what}: expected {expected}, got {found}")

    def _fire(self, *alerts: Alert) -> int:
        body = json.dumps({"version": "4", "status": "firing", "receiver": "scenario", "alerts": alerts}).encode()
        return self._post(ALERTS, body, len(alerts))

    def _mail(self, message_id: str, to: str | None = None) -> int:
        """Send a mail, or a reply to one, by SMTP. Returns how many repeats were suppressed: none."""
        mail = EmailMessage()
        mail["From"], mail["To"] = "Ada <ada@customer.example>", "support@localhost"
        mail["Subject"] = "Re: I cannot log in" if to else "I cannot log in"
        mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), message_id
        if to:
            mail["In-Reply-To"] = to
        mail.set_content("It works again from the office." if to else "Since this morning my password is refused.")
        if self._smtp is None:
            return self._post(MAIL, mail.as_bytes(), 1)
        host, _, port = self._smtp.rpartition(":")
        with smtplib.SMTP(host.strip("[]"), int(port), timeout=30) as server:
            server.ehlo_or_helo_if_needed()
            server.mail("ada@customer.example")
            server.rcpt("support@localhost")
            code, answer = server.data(mail.as_bytes())
        self._check("the answer to a mail", code, 250)
        self._last = answer.decode().split()[-1]
        self._tally.arrived += 1
        return 0

    def _chat(self, event: dict[str, Any]) -> int:
        event = event | {"user": "UADA", "channel": "CSCENARIO", "channel_type": "channel"}
        return self._post(
            CHAT, json.dumps({"type": "event_callback", "team_id": "TSCENARIO", "event": event}).encode(), 1
        )

    def _post(self, source_id: str, body: bytes, messages: int) -> int:
        """Post a signed delivery. Returns how many repeats were suppressed."""
        source = self._settings.sources[source_id]
        headers = source.connector.sign(body, source.settings, datetime.now(UTC))
        url = f"http://{self._settings.server.listen}/in/{source_id}"
        answer: dict[str, Any] = self._http.post(url, content=body, headers=headers).raise_for_status().json()
        self._last = answer["inbound"]
        self._tally.arrived += messages
        return int(answer["without_effect"])

    def _wait_for(self, delivery: str) -> None:
        """Wait until no operation is under way in any case that a delivery had an effect on."""
        deadline = time.monotonic() + PATIENCE_S
        while not all(map(_is_settled, self._ledger.find(delivery))) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _settled(self, fingerprint: str) -> CaseStory | None:
        """Return the case, once no operation of it is under way."""
        return _until(lambda: next(iter(self._ledger.find(fingerprint)), None), _is_settled)

    def _ticket(self, story: CaseStory | None) -> Ticket | None:
        ticket_id = story.ticket_id if story else None
        return asyncio.run(self._get(ticket_id)) if ticket_id else None

    async def _get(self, ticket_id: str) -> Ticket:
        async with TicketsClient(str(self._settings.api.url), SCENARIO_KEY) as client:
            return await client.get_ticket(ticket_id)

    def _alert(self, summary: str, *, severity: str) -> Alert:
        fingerprint = secrets.token_hex(8)
        return {
            "status": "firing",
            "labels": {"alertname": summary.split()[0], "severity": severity, "scenario": fingerprint},
            "annotations": {"summary": summary},
            "startsAt": self._began.isoformat(),
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": fingerprint,
        }

    def _ended(self, alert: Alert, *, minutes: int) -> Alert:
        return alert | {"status": "resolved", "endsAt": (self._began + timedelta(minutes=minutes)).isoformat()}

    def _again(self, alert: Alert, *, minutes: int) -> Alert:
        return alert | {"startsAt": (self._began + timedelta(minutes=minutes)).isoformat()}


def _is_settled(story: CaseStory | None) -> bool:
    return story is not None and story.state in ("idle", "blocked")


def _until(read: Callable[[], CaseStory | None], settled: Callable[[CaseStory | None], bool]) -> CaseStory | None:
    deadline = time.monotonic() + PATIENCE_S
    while not settled(found := read()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
