"""What does a new user see? A few deliveries through the real path, and what each became at the Tickets API.

Every play uses alerts of its own (random fingerprints), so that it tells the same story on a ledger that has history.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import httpx

from tickets.client import TicketsClient
from tickets.models import Ticket
from tickets.server import FaultRule, LocalTicketsApi
from worker.delivery.node import open_client
from worker.ledger import CaseStory, Ledger
from worker.settings import Settings

SOURCE = "alertmanager"
PATIENCE_S = 60.0

Alert = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """What the scenario has led to so far."""

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


EXPECTED = "11 in · 3 tickets · 2 notes · 2 closed · 3 duplicates suppressed · 1 dead"


def play(settings: Settings, ledger: Ledger, api: LocalTicketsApi | None) -> bool:
    """Play the scenario and say what each message became; True when all went as expected."""
    if SOURCE not in settings.sources or api is None:
        click.echo(f"\nThe scenario needs a source {SOURCE!r} and the local Tickets API; it is not played.")
        return False
    click.echo("\nA short scenario, through the real path:\n")
    with httpx.Client(timeout=30, trust_env=False) as http:
        tally = _Scenario(settings, ledger, api, http).play()
    for difference in tally.differences:
        click.secho(f"  not as expected: {difference}", fg="red")
    if not tally.differences and tally.line() != EXPECTED:
        tally.differences.append(f"expected {EXPECTED}")
        click.secho(f"  not as expected: it should be: {EXPECTED}", fg="red")
    click.echo(f"\n{tally.line()}")
    return not tally.differences


class _Scenario:
    def __init__(self, settings: Settings, ledger: Ledger, api: LocalTicketsApi, http: httpx.Client) -> None:
        self._settings = settings
        self._ledger = ledger
        self._api = api
        self._http = http
        self._tally = Tally()
        self._began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)

    def play(self) -> Tally:
        database = self._alert("Database db1 is down", severity="critical")
        disk = self._alert("Disk of web3 is almost full", severity="warning")
        mail = self._alert("Mail queue is growing", severity="info")
        strange = self._alert("Certificate expires: the ITSM does not like this one", severity="warning")
        firing = [database]
        changed = [database | {"annotations": database["annotations"] | {"description": "The replica is down too."}}]
        mixed = [self._ended(database, minutes=10), disk]

        self._step("a firing alert", firing, database, status="open", tickets=1)
        self._step("its repeat", firing, database, status="open", repeats=1)
        self._step("a changed annotation", changed, database, status="open", notes=1)
        self._step("a mixed group: one ends,", mixed, database, status="closed", closed=1)
        self._step("  and one begins", [], disk, status="open", tickets=1)
        self._step("a resolve", [self._ended(disk, minutes=12)], disk, status="closed", closed=1)
        self._step("a refire", [self._again(database, minutes=15)], database, status="open", notes=1)
        self._step("the mixed group, replayed", mixed, database, status="open", repeats=2)
        self._api.faults.add(FaultRule(action="status", status=503, body=mail["fingerprint"], times=1))
        self._step("the API answers 503 once", [mail], mail, status="open", tickets=1)
        self._api.faults.add(FaultRule(action="status", status=400, body=strange["fingerprint"], times=1))
        self._step("the API rejects it", [strange], strange, status=None, dead=1)
        return self._tally

    def _step(self, what: str, alerts: list[Alert], about: Alert, *, status: str | None, **more: int) -> None:
        """Deliver the alerts (none: they came with the step before), wait, say and check what became of `about`."""
        before = self._counts()
        if alerts:
            answer = self._post(alerts)
            self._tally.arrived += len(alerts)
            repeats = int(answer.get("without_effect", 0))
            self._tally.repeats += repeats
            self._check(f"{what}: suppressed", repeats, more.get("repeats", 0))
        story = self._settled(about["fingerprint"])
        ticket = self._ticket(story)
        after = self._counts()
        self._check(f"{what}: the ticket is", ticket.status if ticket else None, status)
        for name in ("tickets", "notes", "closed", "dead"):
            setattr(self._tally, name, getattr(self._tally, name) + more.get(name, 0))
        if not what.startswith(("a mixed", "  and")):  # those two share a delivery, and so its counts
            for name in before:
                self._check(f"{what}: {name}", after[name] - before[name], more.get(name, 0))
        click.echo(f"  {what:<28} {self._became(story, ticket, more)}")

    def _became(self, story: CaseStory | None, ticket: Ticket | None, more: dict[str, int]) -> str:
        if story is not None and more.get("dead"):
            letter = next(each for each in story.operations if each.state == "dead")
            return f"dead letter {letter.id}: {letter.why}"
        where = f"ticket {ticket.id}, {ticket.status}, {ticket.priority}" if ticket else "no ticket"
        tries = max((len(each.tries) for each in story.operations), default=0) if story else 0
        names = {"tickets": "created", "notes": "note added", "closed": "closed", "repeats": "nothing: known already"}
        did = ", ".join(text for name, text in names.items() if more.get(name))
        return f"{where:<26} {did}{f' (at try {tries})' if tries > 1 else ''}"

    def _counts(self) -> dict[str, int]:
        """Effects at the Tickets API and dead letters, as they are now."""
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
            self._tally.differences.append(f"{what}: {found}, not {expected}")

    def _post(self, alerts: list[Alert]) -> dict[str, Any]:
        source = self._settings.sources[SOURCE]
        body = json.dumps({"version": "4", "status": "firing", "receiver": "scenario", "alerts": alerts}).encode()
        headers = source.connector.sign(body, source.settings, datetime.now(UTC))
        url = f"http://{self._settings.server.listen}/in/{SOURCE}"
        answer: dict[str, Any] = self._http.post(url, content=body, headers=headers).raise_for_status().json()
        return answer

    def _settled(self, fingerprint: str) -> CaseStory | None:
        """The case, once nothing of it is under way."""
        return _until(lambda: next(iter(self._ledger.find(fingerprint)), None), _is_settled)

    def _ticket(self, story: CaseStory | None) -> Ticket | None:
        ticket_id = story.ticket_id if story else None
        return asyncio.run(self._get(ticket_id)) if ticket_id else None

    async def _get(self, ticket_id: str) -> Ticket:
        client: TicketsClient
        async with open_client(self._settings) as client:
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
