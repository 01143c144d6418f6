"""An audit finds each kind of difference between ledger and Tickets API, and no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connectors.contract.events import TicketStatus
from tests.no_tls import NO_TLS
from tickets.markers import marker
from tickets.server import SCOPES, Limit, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.ledger import EVERYTHING, Ledger, Limits
from worker.ledger.operator.audit import ApiSide, Bound, Create, Found, LedgerSide, compare
from worker.ledger.schema.tables import budget, operations
from worker.ledger.schema.tables import tickets as bound_tickets

from .builders import NOON, ManualClock, claim_one, commented, dead, delivery, done, minute, opened, resolved, rows
from .commands import KEY, command, deliver, every_row, in_a_process, said
from .conftest import MakeLedger

pytestmark = pytest.mark.one_database

READS_NOT = "ak_test_writes_only"


@pytest.fixture
def now(make_ledger: MakeLedger) -> Ledger:
    """A ledger by the real time, as the commands see it."""
    made = make_ledger(clock=None)
    made.upgrade()
    return made


@pytest.fixture
def api(tmp_path: Path) -> Iterator[str]:
    keys = {KEY: SCOPES, READS_NOT: frozenset({"tickets:write"})}
    options = Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit.named("none"), keys=keys)
    with LocalTicketsApi(options) as tickets, running(tickets) as served:
        yield served.base_url


class Tickets:
    """Acts of people, and of others than this ledger, in the ticket system."""

    def __init__(self, api: str) -> None:
        self._api = api

    def post(self, path: str, content: bytes | None = None, **fields: object) -> str:
        body = content if content is not None else json.dumps(fields).encode()
        headers = {"X-API-Key": KEY, "Content-Type": "application/json"}
        answer = httpx.post(
            f"{self._api}{path}", content=body, headers=headers, trust_env=False, verify=NO_TLS
        ).raise_for_status()
        return str(answer.json()["id"])

    def create(self, description: str = "made by a person") -> str:
        return self.post("/tickets", subject="a ticket", description=description)

    def put(self, ticket: str, status: str) -> None:
        answer = httpx.put(
            f"{self._api}/tickets/{ticket}", json={"status": status}, headers={"X-API-Key": KEY}, trust_env=False
        )
        answer.raise_for_status()


def ticket_of(ledger: Ledger, case: str) -> str:
    found = ledger.find(case)[0].ticket_id
    assert found is not None
    return found


def created(ledger: Ledger, api: str, *cases: str, closed: bool = False) -> list[str]:
    """Create cases with a ticket each; return the tickets' ids."""
    for each in cases:
        ledger.record(
            [delivery(opened(each), commented(each, f"{each}-comment"), *([resolved(each)] if closed else []))]
        )
    deliver(ledger, api)
    return [ticket_of(ledger, each) for each in cases]


def request_of(ledger: Ledger, case: str) -> bytes:
    subject = f"{case} is full"
    creates = (row["request"] for row in rows(ledger, operations) if row["kind"] == "create_ticket")
    found: bytes = next(each for each in creates if json.loads(each)["subject"] == subject)
    return found


def found(database_url: str, api: str, *more: str) -> set[tuple[str, str]]:
    result = command(database_url, "audit", *more, "-o", "json", api=api)
    findings = said(result)["findings"]
    assert result.exit_code == (1 if findings else 0)
    return {(each["what"], each["ticket"]) for each in findings}


def plant(ledger: Ledger, api: str) -> dict[str, str]:
    """Create one difference of each kind, among many tickets without one.

    Returns the tickets that differ, by kind of difference.
    """
    tickets = Tickets(api)
    fine, closed_by_us, doubled, closed = created(ledger, api, "fine", "ours", "doubled", "closed")
    pending, closing = created(ledger, api, "pending", "closing")
    (reopened, _) = created(ledger, api, "reopened", "still-closed", closed=True)
    ledger.record([delivery(resolved("ours"))])
    deliver(ledger, api)
    # Differences.
    ledger.record([delivery(opened("missing"))])
    ledger.settle([(claim_one(ledger), done("987654"))])
    again = tickets.post("/tickets", request_of(ledger, "doubled"))
    tickets.put(closed, "closed")
    tickets.put(reopened, "open")
    ledger.record([delivery(opened("orphan"))])
    ledger.settle([(claim_one(ledger), dead())])
    orphan = tickets.post("/tickets", request_of(ledger, "orphan"))
    foreign = tickets.create(f"from elsewhere\n\n{marker(b'another ledger', 'its key')}")
    # No differences: a ticket of a person, a quoted marker, a pending ticket, and calls under way.
    tickets.create()
    tickets.create(f"I quote:\n\n{json.loads(request_of(ledger, 'fine'))['description']}\n\nand go on")
    tickets.put(pending, "pending")
    ledger.record([delivery(opened("under-way"), resolved("closing"))])
    tickets.put(closing, "closed")
    tickets.post("/tickets", request_of(ledger, "under-way"))
    assert len({fine, closed_by_us}) == 2
    return {
        "missing": "987654", "doubled": min(doubled, again), "orphaned": orphan, "foreign": foreign,
        "closed": closed, "reopened": reopened,
    }  # fmt: skip


def test_a_system_that_works_has_no_findings(now: Ledger, database_url: str, api: str) -> None:
    created(now, api, "a", "b")
    created(now, api, "c", closed=True)
    Tickets(api).create()
    before = every_row(now)
    result = command(database_url, "audit", api=api)
    assert (result.exit_code, "0 findings" in result.stdout, result.stderr) == (0, True, "")
    after = every_row(now)
    assert len(after.pop("budget")) == len(before.pop("budget")) + 1  # one page, one token
    assert after == before


def test_an_empty_system_has_no_findings(now: Ledger, database_url: str, api: str) -> None:
    assert found(database_url, api) == set()


def test_each_kind_of_difference_is_found_and_nothing_else(now: Ledger, database_url: str, api: str) -> None:
    planted = plant(now, api)
    expected = {(what, planted[what]) for what in ("missing", "doubled", "orphaned", "foreign")}
    assert found(database_url, api) == expected | {("changed", planted["closed"]), ("changed", planted["reopened"])}


def test_every_finding_names_case_operation_and_what_to_do(now: Ledger, database_url: str, api: str) -> None:
    planted = plant(now, api)
    findings = {
        each["ticket"]: each for each in said(command(database_url, "audit", "-o", "json", api=api))["findings"]
    }
    orphan = findings[planted["orphaned"]]
    dead_letter = next(each.id for each in now.list_dead())
    assert (orphan["source"], orphan["case"], orphan["operation"]) == ("prom", "orphan", dead_letter)
    assert f"dead bind {dead_letter} {planted['orphaned']}" in orphan["remedy"]
    assert all(each["text"] and each["remedy"] for each in findings.values())
    assert (findings[planted["foreign"]]["case"], findings[planted["missing"]]["case"]) == (None, "missing")
    text = command(database_url, "audit", api=api).stdout
    assert f"orphaned  ticket {planted['orphaned']}  case orphan of prom  {dead_letter}" in text
    assert "6 findings" in text


def test_the_remedy_for_an_orphan_is_one(now: Ledger, database_url: str, api: str) -> None:
    planted = plant(now, api)
    dead_letter = next(each.id for each in now.list_dead())
    assert command(database_url, "dead", "bind", dead_letter, planted["orphaned"], api=api).exit_code == 0
    assert planted["orphaned"] not in {ticket for _, ticket in found(database_url, api)}


def test_an_update_records_what_people_changed_so_that_it_is_found_once(
    make_ledger: MakeLedger, database_url: str, api: str
) -> None:
    now = make_ledger(clock=ManualClock(datetime.now(UTC) - timedelta(minutes=5)))  # our calls are some minutes old
    now.upgrade()
    planted = plant(now, api)
    result = command(database_url, "audit", "--update", "--as", "ada", "-o", "json", api=api)
    assert (result.exit_code, said(result)["updated"]) == (1, 3)
    states = {each["ticket_id"]: each for each in rows(now, bound_tickets)}
    assert states[planted["missing"]]["status"] == "gone"
    assert states[planted["closed"]]["status"] == "closed"
    assert (states[planted["reopened"]]["status"], states[planted["closed"]]["reopened_at"]) == ("open", None)
    assert states[planted["reopened"]]["reopened_at"] is not None
    assert {what for what, _ in found(database_url, api)} == {"doubled", "orphaned", "foreign"}
    assert {each.subject for each in now.list_interventions()} == {
        f"ticket:{planted[each]}" for each in ("missing", "closed", "reopened")
    }
    assert "ada  audit --update  ticket:" in command(database_url, "events", "find", "closed").stdout


def test_only_tickets_of_the_time_that_is_asked_for_are_compared(now: Ledger, database_url: str, api: str) -> None:
    planted = plant(now, api)
    with now.database.write() as connection:
        connection.execute(bound_tickets.update().values(bound_at=NOON))
    recent = {what for what, _ in found(database_url, api, "--since", "1h")}
    assert recent == {"doubled", "orphaned", "foreign"}  # the other differences are of tickets that were bound long ago
    assert ("missing", planted["missing"]) in found(database_url, api, "--since", "2026-02-01")


def test_more_tickets_than_a_page_holds_are_compared(now: Ledger, database_url: str, api: str) -> None:
    tickets = Tickets(api)
    (oldest,) = created(now, api, "oldest")
    for number in range(101):
        tickets.create(f"number {number}")
    tickets.put(oldest, "closed")
    result = command(database_url, "audit", "-o", "json", api=api)
    assert [each["ticket"] for each in said(result)["findings"]] == [oldest]
    assert (said(result)["compared"]["requests"], said(result)["compared"]["found"]) == (2, 102)


@pytest.mark.parametrize("trouble", ["no answer", "no scope"])
def test_nothing_is_concluded_where_the_api_cannot_be_asked(
    now: Ledger, database_url: str, api: str, trouble: str
) -> None:
    created(now, api, "a")
    url, key = ("http://127.0.0.1:1/api/v1", KEY) if trouble == "no answer" else (api, READS_NOT)
    result = command(database_url, "audit", "--update", TICKETRELAY_API__URL=url, TICKETRELAY_API__KEY=key)
    assert (result.exit_code, result.stdout, "the audit has no result" in result.stderr) == (1, "", True)
    assert now.list_interventions() == []


def test_an_audit_is_a_process_of_its_own(now: Ledger, database_url: str, api: str) -> None:
    planted = plant(now, api)
    ended = in_a_process(database_url, "audit", "--since", "1d", api=api)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert f"foreign   ticket {planted['foreign']}" in ended.stdout


def test_a_question_that_can_wait_leaves_a_part_of_the_budget(ledger: Ledger, clock: ManualClock) -> None:
    limits = Limits(8, None)
    taken = [ledger.take_spare_token(limits) for _ in range(8)]
    assert (taken, len(rows(ledger, budget))) == ([True] * 6 + [False] * 2, 6)
    clock.advance(seconds=61)
    assert ledger.take_spare_token(limits)
    assert not ledger.take_spare_token(Limits(1, 1))


def test_a_pause_does_not_stop_an_audit(now: Ledger, database_url: str, api: str) -> None:
    created(now, api, "a")
    now.pause(EVERYTHING, "work")
    assert found(database_url, api) == set()


BOUND = Bound("T-1", "op-1-1", "prom", "disk", "open", NOON, under_way=False)
CREATE = Create("op-1-1", "prom", "disk", "done")
SEEN = Found("T-1", "open", "trm1")


def differences(bound: Bound = BOUND, *seen: Found, create: Create = CREATE, absent: bool = False) -> list[str]:
    ledger = LedgerSide([bound], {"trm1": create}, {bound.ticket_id})
    return [each.what for each in compare(ledger, ApiSide(seen, {"T-1"} if absent else set(), minute(1)))]


def test_what_both_know_alike_is_no_difference() -> None:
    assert differences(BOUND, SEEN) == []


@pytest.mark.parametrize(
    ("known", "seen", "differs"),
    [
        ("open", "pending", False),
        ("open", "resolved", False),
        ("pending", "open", False),
        ("open", "closed", True),
        ("resolved", "closed", True),
        ("closed", "open", True),
        ("closed", "resolved", True),
        ("closed", "closed", False),
        ("gone", "open", True),
        (None, "closed", False),
    ],
)
def test_only_the_end_of_a_ticket_and_what_undoes_it_are_changes(
    known: str | None, seen: TicketStatus, differs: bool
) -> None:
    found = differences(replace(BOUND, status=known), replace(SEEN, status=seen))
    assert found == (["changed"] if differs else [])


def test_a_state_that_the_ledger_heard_of_during_the_audit_is_newer_than_what_was_listed() -> None:
    assert differences(replace(BOUND, status_at=minute(1)), replace(SEEN, status="closed")) == []
    assert differences(replace(BOUND, status_at=minute(0.9)), replace(SEEN, status="closed")) == ["changed"]


def test_a_ticket_with_open_operations_is_about_to_be_different() -> None:
    assert differences(replace(BOUND, under_way=True), replace(SEEN, status="closed")) == []


def test_a_ticket_that_is_known_to_be_gone_is_not_missing() -> None:
    assert differences(BOUND, absent=True) == ["missing"]
    assert differences(replace(BOUND, status="gone"), absent=True) == []


@pytest.mark.parametrize(("state", "orphan"), [("open", False), ("held", False), ("dead", True), ("skipped", True)])
def test_a_ticket_whose_create_goes_on_will_be_adopted(state: str, orphan: bool) -> None:
    other = replace(SEEN, ticket_id="T-2")
    assert differences(BOUND, other, create=replace(CREATE, state=state)) == (["orphaned"] if orphan else [])


def test_two_tickets_of_one_marker_are_one_finding() -> None:
    assert differences(BOUND, SEEN, replace(SEEN, ticket_id="T-2")) == ["doubled"]
    assert differences(BOUND, SEEN, *(replace(SEEN, ticket_id=each, word="trm9") for each in ("a", "b"))) == ["doubled"]
