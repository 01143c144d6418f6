"""After `audit --update`, the next alert meets a ticket as people left it.

Each test runs twice: with a source of kind `aurion`, under which the audit records its findings, and without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter, ValidationError

from tests.no_tls import NO_TLS
from tickets.server import SCOPES, Limit, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.ledger import Ledger
from worker.ledger.schema.tables import cases, inbound
from worker.ledger.schema.tables import tickets as bound_tickets
from worker.ledger.schema.words import INTERNAL
from worker.settings.models import SourceId

from .builders import NOON, ManualClock, case_row, changed, delivery, kinds_of, opened, resolved, rows
from .commands import KEY, command, deliver, every_row, said
from .conftest import MakeLedger

pytestmark = pytest.mark.one_database

CONFIG = """\
sources:
  aurion:
    kind: aurion
    secret_file: secret
    wont_fix: [category=wont-fix]
"""


@dataclass
class Audited:
    """A ledger with a past that ends some minutes ago, and the Tickets API of the present for the audit."""

    ledger: Ledger
    clock: ManualClock
    database_url: str
    api: LocalTicketsApi
    url: str
    source: str
    """The source under which the audit records its findings."""
    config: Path

    def tell(self, *events: Any) -> None:
        """Record these events of a source, and send the calls that follow."""
        self.ledger.record([delivery(*events)])
        deliver(self.ledger, self.url)

    def person(self, method: str, path: str, **fields: object) -> None:
        """Make a request as a person does in the ticket system."""
        headers = {"X-API-Key": KEY}
        httpx.request(
            method, self.url + path, json=fields, headers=headers, trust_env=False, verify=NO_TLS
        ).raise_for_status()

    def audit(self) -> Any:
        """Run `audit --update`, which is about the present; return its document."""
        result = self.command("audit", "--update", "--as", "ada", "-o", "json")
        return said(result)

    def command(self, *arguments: str) -> Any:
        return command(self.database_url, *arguments, api=self.url, TICKETRELAY_CONFIG=str(self.config))

    def go_on(self) -> None:
        """Let the ledger's clock jump to the present."""
        self.clock.now = datetime.now(UTC)

    def case(self, key: str = "disk") -> dict[str, Any]:
        """Return the case as `cases list` shows it."""
        listed = said(self.command("cases", "list", "-o", "json"))
        (found,) = [each for each in listed if each["key"] == key]
        return dict(found)

    def ticket(self, ticket: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/tickets/{ticket}", headers={"X-API-Key": KEY}, trust_env=False, verify=NO_TLS)
        return dict(answer.raise_for_status().json())

    def did(self) -> list[tuple[str, str | None]]:
        """Return the kind and ticket of every effect at the API, in order."""
        return [(each.kind, each.ticket_id) for each in self.api.effects(limit=1000)]


def from_now(minutes: float) -> float:
    """Convert minutes from now to minutes after noon, as the builders of events count."""
    return (datetime.now(UTC) - NOON) / timedelta(minutes=1) + minutes


@pytest.fixture(params=["aurion", INTERNAL], ids=["with a source", "without a source"])
def audited(
    request: pytest.FixtureRequest, make_ledger: MakeLedger, database_url: str, tmp_path: Path
) -> Iterator[Audited]:
    clock = ManualClock(datetime.now(UTC) - timedelta(minutes=5))
    ledger = make_ledger(clock=clock)
    ledger.upgrade()
    (tmp_path / "secret").write_text("s3cret")
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG if request.param == "aurion" else "sources: {}\n")
    options = Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit.named("none"), keys={KEY: SCOPES})
    with LocalTicketsApi(options) as api, running(api) as served:
        yield Audited(ledger, clock, database_url, api, served.base_url, request.param, config)


def fires(audited: Audited) -> str:
    """Let an alert fire; return its ticket."""
    audited.tell(opened(start=from_now(-5)))
    ticket = audited.case()["ticket_id"]
    assert isinstance(ticket, str)
    return ticket


def fires_anew(audited: Audited, *, minutes: float) -> list[str]:
    """Let the same alert fire again, some minutes from now; return the calls that we made about it."""
    before = len(audited.did())
    audited.go_on()
    audited.tell(opened(start=from_now(minutes), text="1% free"))
    return [kind for kind, _ in audited.did()[before:]]


@pytest.mark.parametrize(
    ("minutes", "did"), [(1, ["reopen_ticket", "add_note"]), (600, ["create_ticket"])], ids=["soon", "much later"]
)
def test_a_ticket_that_a_person_closed_is_reopened_by_the_next_alert_or_followed_by_another_one(
    audited: Audited, minutes: float, did: list[str]
) -> None:
    ticket = fires(audited)
    audited.person("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    assert audited.audit()["updated"] == 1
    assert audited.case()["ticket_status"] == "closed"
    assert fires_anew(audited, minutes=minutes) == did
    assert audited.ticket(audited.case()["ticket_id"])["status"] == "open"
    assert (audited.case()["ticket_id"] == ticket) == (did[0] == "reopen_ticket")


def test_a_ticket_that_a_person_closed_and_reopened_gets_the_next_alert_as_a_note(audited: Audited) -> None:
    ticket = fires(audited)
    audited.person("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    audited.audit()
    with audited.ledger.database.write() as connection:  # the first audit was some minutes ago
        earlier = {name: datetime.now(UTC) - timedelta(minutes=4) for name in ("status_at", "told_at")}
        connection.execute(bound_tickets.update().values(earlier))
    audited.person("PUT", f"/tickets/{ticket}", status="open")
    assert audited.audit()["updated"] == 1
    assert (audited.case()["ticket_status"], case_row(audited.ledger)["left"]) == ("open", None)
    assert fires_anew(audited, minutes=1) == ["add_note"]
    assert audited.ticket(ticket)["status"] == "open"


def test_a_ticket_that_a_person_reopened_after_we_closed_it_is_known_to_be_open(audited: Audited) -> None:
    ticket = fires(audited)
    audited.tell(resolved(end=from_now(-4), start=from_now(-5)))
    audited.person("PUT", f"/tickets/{ticket}", status="open")
    assert audited.audit()["updated"] == 1
    assert audited.case()["ticket_status"] == "open"
    assert rows(audited.ledger, bound_tickets)[0]["reopened_at"] is not None
    fires_anew(audited, minutes=1)
    assert kinds_of(audited.ledger)[-3:] == ["close_ticket", "reopen_ticket", "add_note"]
    assert (audited.case()["ticket_id"], audited.ticket(ticket)["status"]) == (ticket, "open")


@pytest.mark.parametrize("over", [False, True], ids=["while its alert goes on", "after its alert was over"])
def test_a_ticket_that_is_gone_is_followed_by_another_one(audited: Audited, over: bool) -> None:
    gone = fires(audited)
    if over:
        audited.tell(resolved(end=from_now(-4), start=from_now(-5)))
    audited.api.reset()
    assert audited.audit()["updated"] == 1
    assert audited.case()["ticket_status"] == "gone"
    assert fires_anew(audited, minutes=1) == ["create_ticket"]
    assert audited.case()["ticket_id"] != gone


def test_a_close_that_the_answer_to_a_call_of_ours_showed_first_is_found_all_the_same(audited: Audited) -> None:
    ticket = fires(audited)
    audited.person("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    audited.tell(changed(priority="urgent", occurred_at=datetime.now(UTC)))
    assert audited.case()["ticket_status"] == "closed"
    assert [each["what"] for each in audited.audit()["findings"]] == ["changed"]
    assert fires_anew(audited, minutes=1) == ["reopen_ticket", "add_note"]


def test_what_was_recorded_is_found_once_and_names_who_had_it_recorded(audited: Audited) -> None:
    closed = fires(audited)
    audited.tell(opened("gone", start=from_now(-5)))
    deleted = audited.case("gone")["ticket_id"]
    with audited.ledger.database.write() as connection:  # as if the ticket were deleted: the API has no such ticket
        for table in (bound_tickets, cases):
            connection.execute(table.update().where(table.c.ticket_id == deleted).values(ticket_id="987654"))
    audited.person("POST", f"/tickets/{closed}/close", resolution_notes="looks fine")
    first = audited.audit()
    assert {each["ticket"] for each in first["findings"] if each["status"]} == {closed, "987654"}
    assert first["updated"] == 2
    assert [each for each in audited.audit()["findings"] if each["status"]] == []
    done = audited.ledger.list_interventions()
    assert [(each.who, each.what) for each in done] == [("ada", "audit --update")] * 2
    states = {each.subject: each.detail["status"] for each in done}
    assert states == {f"ticket:{closed}": "closed", "ticket:987654": "gone"}
    assert [each["source"] for each in rows(audited.ledger, inbound)][2:] == [audited.source] * 2


def test_a_replay_of_what_an_audit_recorded_changes_nothing(audited: Audited) -> None:
    ticket = fires(audited)
    audited.person("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    audited.audit()
    before = every_row(audited.ledger)
    replayed = audited.command("replay", "--since", "1h", "--source", audited.source, "-o", "json")
    assert (replayed.exit_code, said(replayed)["deliveries"]) == (0, 1)
    assert every_row(audited.ledger) == before
    rehearsed = audited.command("rehearse", str(audited.config), "--since", "1h", "-o", "json")
    assert INTERNAL not in rehearsed.stdout


@pytest.mark.parametrize("audited", ["aurion"], indirect=True, ids=["with a source"])
def test_a_ticket_that_will_not_be_fixed_is_known_where_a_source_says_what_such_a_one_is(audited: Audited) -> None:
    ticket = fires(audited)
    audited.person("PUT", f"/tickets/{ticket}", category="wont-fix", status="closed")
    assert audited.audit()["updated"] == 1
    assert case_row(audited.ledger)["left"] == "wont_fix"
    assert fires_anew(audited, minutes=600) == []
    assert audited.audit()["findings"] == []


@pytest.mark.parametrize("audited", ["aurion"], indirect=True, ids=["with a source"])
def test_what_a_route_of_the_source_drops_is_not_recorded(audited: Audited) -> None:
    drop = "routes:\n  - name: none\n    match: ['event = ticket_changed']\n    drop: nobody wants to know\n"
    audited.config.write_text(CONFIG + drop)
    ticket = fires(audited)
    audited.person("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    assert audited.audit()["updated"] == 0
    assert (audited.case()["ticket_status"], audited.ledger.list_interventions()) == ("open", [])


def test_an_audit_exits_with_0_when_it_recorded_every_finding_and_asks_for_nothing_more(audited: Audited) -> None:
    ticket = fires(audited)
    audited.person("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    before = audited.command("audit")
    assert (before.exit_code, "to do: `audit --update` records that" in before.stdout) == (1, True)
    updated = audited.command("audit", "--update")
    assert (updated.exit_code, updated.stderr) == (0, "Recorded 1 change.\n")
    assert "to do: nothing more: the change is recorded now" in updated.stdout
    assert audited.command("audit").exit_code == 0


def test_an_audit_exits_with_1_when_a_finding_is_left(audited: Audited) -> None:
    ticket = fires(audited)
    copied = {"description": audited.ticket(ticket)["description"], "subject": "a copy", "priority": "low"}
    audited.person("POST", "/tickets", **copied)
    audited.person("POST", f"/tickets/{ticket}/close", resolution_notes="looks fine")
    updated = audited.command("audit", "--update")
    assert (updated.exit_code, updated.stderr) == (1, "Recorded 1 change.\n")
    assert "1 request: 2 findings" in updated.stdout


def test_no_source_can_be_called_as_the_internal_one() -> None:
    with pytest.raises(ValidationError, match="begin with a letter or digit"):
        TypeAdapter(SourceId).validate_python(INTERNAL)
