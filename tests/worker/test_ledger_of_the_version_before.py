"""A ledger of the version before, with rows in every state, is migrated, and its open work is finished.

The ledgers are stored in `ledgers/`. That version made them, on both databases, with the store of their Tickets API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract.messages import Verified
from connectors.contract.receipts import Posted
from worker.intake.reading import read_verified
from worker.ledger import Again, Ledger
from worker.planning.model import KINDS

from .builders import ManualClock
from .commands import command
from .ledgers.kept import Kept, Rows, put_back
from .ledgers.life import BOX, LEASE, Life, settings
from .relay import Relay, relaying

STORED: dict[tuple[str, str], set[Any]] = {
    ("inbound", "outcome"): {"accepted", "quarantined", "skipped"},
    ("cases", "phase"): {"new", "open", "closed"},
    ("cases", "state"): {"idle", "ready", "leased", "blocked"},
    ("cases", "kind"): set(KINDS),
    ("cases", "priority"): {"low", "medium", "high", "urgent"},
    ("cases", "ticket_status"): {"open", "pending", "resolved", "closed", "gone"},
    ("cases", "left"): {"resolved", "closed", "wont_fix", "gone"},
    ("cases", "lost"): {0, 1},
    ("operations", "kind"): set(KINDS),
    ("operations", "state"): {"open", "held", "done", "dead", "skipped", "folded"},
    ("operations", "ambiguous"): {0, 1},
    ("operations", "unproven"): {0, 1},
    ("members", "phase"): {"open", "closed"},
    ("tickets", "how"): {"created", "adopted", "bound"},
    ("tickets", "status"): {"open", "pending", "resolved", "closed", "gone"},
    ("attempts", "outcome"): {"done", "not executed", "unknown", "rejected", "refused", "adopted", "absent",
                              "not found yet", "undecided"},
    ("gate", "reason"): {"credentials"},  # a gate has one reason at a time
    ("interventions", "what"): {"db restored", "dead bind", "dead edit", "dead retry", "dead skip", "replay",
                                "sources pause", "sources resume"},
    ("receipts", "state"): {"idle", "due", "leased", "told", "dead"},
    ("facts", "name"): {"marker_key", "restored_at"},
    ("mailbox_uids", "outcome"): {"ticket", "note", "duplicate", "suppressed", "quarantined"},
    ("mailbox_uids", "owed"): {0, 1},
}  # fmt: skip
"""Every word that the version before stored, by table and column."""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """The stored ledger of each kind, unchanged."""
    postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgresql_url") if postgresql else f"sqlite:///{tmp_path / 'ledger.db'}"
    return put_back(request.param, url, tmp_path)


def upgrade(kept: Kept) -> None:
    assert command(kept.url, "db", "upgrade").exit_code == 0


@dataclass
class GoesOn:
    """The ledger after its migration, and its deliverer."""

    life: Life
    relay: Relay
    ledger: Ledger
    before: dict[str, Rows]
    """The tables as the version before left them."""
    tables: Any

    def waited(self) -> Rows:
        """Return the operations that the version before left open, and those that wait behind them."""
        blocked = {each["id"] for each in self.before["cases"] if each["state"] == "blocked"}
        states = ("open", "held")
        return [
            each for each in self.before["operations"] if each["state"] in states and each["case_id"] not in blocked
        ]

    def now(self, table: str) -> Rows:
        found: Rows = self.tables()[table]
        return found

    def finish(self) -> None:
        """End the pause of the version before, and let time pass until no operation is open."""
        self.relay.advance(seconds=1800)
        self.ledger.resume("night")
        self.ledger.pair_waiting()
        self.relay.run()


@pytest.fixture
def goes_on(kept: Kept) -> Iterator[GoesOn]:
    before = kept.tables()
    upgrade(kept)
    clock = ManualClock(kept.now)
    configured = settings()
    ledger = Ledger(kept.url, clock=clock, may_answer=True)
    ledger.follow(lambda: configured)
    with relaying(ledger, clock, kept.folder) as relay:
        yield GoesOn(Life(ledger, relay, clock, configured), relay, ledger, before, kept.tables)
    ledger.close()


def test_the_kept_ledger_has_every_stored_word(kept: Kept) -> None:
    tables = kept.tables()
    words = {(table, column): {each[column] for each in tables[table]} - {None} for table, column in STORED}
    assert words == STORED


def test_the_kept_ledger_has_rows_in_every_table_and_doubt_of_every_kind(kept: Kept) -> None:
    tables = kept.tables()
    assert [name for name, found in tables.items() if not found] == []
    in_doubt = {each["kind"] for each in tables["operations"] if each["state"] == "open" and each["ambiguous"]}
    assert in_doubt == set(KINDS)


def test_the_migration_changes_and_loses_nothing(kept: Kept) -> None:
    before = kept.tables()
    upgrade(kept)
    after = kept.tables()
    for name in before.keys() - {"alembic_version"}:
        columns = before[name][0].keys()
        assert [{column: row[column] for column in columns} for row in after[name]] == before[name], name


def test_each_open_operation_takes_effect_once_whatever_was_known_of_it(goes_on: GoesOn) -> None:
    waited, before = goes_on.waited(), goes_on.relay.api.effects(limit=10_000)
    goes_on.finish()
    effects = goes_on.relay.api.effects(limit=10_000)
    assert effects[: len(before)] == before
    tickets = {(each["case_id"], each["create_seq"]): each["ticket_id"] for each in goes_on.now("tickets")}
    keyed = Counter(each.idempotency_key for each in effects)
    unkeyed = Counter((each.kind, each.ticket_id) for each in effects if each.idempotency_key is None)
    for each in waited:
        ticket = tickets[each["case_id"], each["target"]]
        has_key = each["kind"] not in ("update_ticket", "reopen_ticket")
        number = keyed[each["idempotency_key"]] if has_key else unkeyed[each["kind"], ticket]
        assert number == 1, each
    ended = {(each["case_id"], each["seq"]): each["state"] for each in goes_on.now("operations")}
    assert {ended[each["case_id"], each["seq"]] for each in waited} <= {"done", "folded"}
    assert {each["state"] for each in goes_on.now("cases")} == {"idle", "blocked"}


def test_what_was_joined_is_said_once_with_what_it_was_joined_into(goes_on: GoesOn) -> None:
    goes_on.finish()
    said = "\n".join(each.body for each in goes_on.relay.api.effects(limit=10_000) if each.kind == "add_note")
    assert [said.count(f"{name} 3% free joined the group") for name in ("core-d", "core-e", "core-f")] == [1, 1, 1]


def test_what_a_person_must_decide_stays_as_it_was_and_can_still_be_decided(goes_on: GoesOn) -> None:
    dead_letters = goes_on.ledger.list_dead()
    blocked = [each["id"] for each in goes_on.before["cases"] if each["state"] == "blocked"]
    goes_on.finish()
    assert goes_on.ledger.list_dead() == dead_letters
    assert [each["id"] for each in goes_on.now("cases") if each["state"] == "blocked"] == blocked
    released = goes_on.ledger.retry_operation(f"op-{goes_on.life.case_of('left')}-1")
    assert released == 2
    goes_on.relay.run()
    ticket = goes_on.life.ticket_of("left")
    assert [kind for kind, its in goes_on.relay.did() if its == ticket] == ["create_ticket", "add_note", "close_ticket"]


def test_a_pause_and_a_closed_gate_hold_until_they_are_ended(goes_on: GoesOn) -> None:
    assert goes_on.relay.turn() == 0
    goes_on.relay.advance(seconds=1800)
    goes_on.relay.send_what_is_due()
    goes_on.relay.advance(seconds=60)  # the ghost wait of leases that were taken back
    goes_on.relay.send_what_is_due()
    night = {each["id"] for each in goes_on.before["cases"] if each["source"] == "night"}
    waiting = {each["case_id"] for each in goes_on.now("operations") if each["state"] == "open"}
    assert waiting == night
    goes_on.ledger.resume("night")
    goes_on.relay.run()
    assert "open" not in {each["state"] for each in goes_on.now("operations")}


def test_what_was_received_is_known_when_it_is_replayed(goes_on: GoesOn) -> None:
    goes_on.finish()
    effects, number = goes_on.relay.effects(), len(goes_on.now("operations"))
    stored = goes_on.ledger.stored_deliveries(since=goes_on.life.clock() - timedelta(days=9), source=None, after=0,
                                              limit=1000)  # fmt: skip
    given_up = [each["id"] for each in goes_on.before["inbound"] if each["outcome"] == "skipped"]
    assert len(stored) + len(given_up) == len(goes_on.before["inbound"])
    for each in stored:
        assert each.arrived is not None
        read = read_verified(goes_on.life.settings.sources[each.source], Verified(each.arrived), each.id)
        goes_on.ledger.replay([Again(read, each.quarantined)])
    goes_on.relay.run()
    assert len(goes_on.now("operations")) == number
    assert goes_on.relay.effects() == effects


def test_a_comment_that_waits_comes_to_the_case_that_opens_now(goes_on: GoesOn) -> None:
    assert len(goes_on.now("pending")) == 1
    goes_on.life.say("<@U0RELAY01> That thread", "1773450001.000100")
    assert goes_on.now("pending") == []
    goes_on.finish()
    assert "And that?" in "\n".join(each.text for each in goes_on.relay.effects())


def test_what_goes_on_ends_where_it_began(goes_on: GoesOn) -> None:
    """After groups, storms, and tickets that people closed, reopened or deleted, the next message finds its ticket.

    If the ticket is gone, the next message gets a new one.
    """
    goes_on.finish()
    life, mark = goes_on.life, len(goes_on.relay.did())
    group = life.ticket_of('ticketrelay:group:{"labels.team": "core"}')
    for name in ("core-a", "core-c", "core-d", "core-e", "core-f"):
        life.begins[name] = life.clock()
        life.end(name, team="core")
    goes_on.relay.run()
    assert goes_on.relay.ticket(group)["status"] == "closed"
    assert ("close_ticket", group) in goes_on.relay.did()[mark:]
    mark = len(goes_on.relay.did())
    life.fire("people-wont-fix")
    life.fire("people-gone")
    goes_on.relay.run()
    assert [kind for kind, _ in goes_on.relay.did()[mark:]] == ["create_ticket"]


def test_receipts_go_on_where_they_were(goes_on: GoesOn) -> None:
    goes_on.finish()
    goes_on.relay.advance(hours=2)
    told = goes_on.ledger.job_store.claim_receipts("chat", lease=LEASE, limit=10)
    assert sorted(each.may_be_there for each in told) == [False, False, True]
    for each in told:
        assert goes_on.ledger.job_store.settle_receipt(each, Posted(f"C0HELP001:{each.case_id}"), repeatable=False)
    assert {each["state"] for each in goes_on.now("receipts")} == {"idle", "told", "dead"}


def test_jobs_remember_what_they_remembered(goes_on: GoesOn) -> None:
    goes_on.finish()
    mark = len(goes_on.relay.did())
    goes_on.life.do_jobs("quiet")
    goes_on.relay.run()
    assert goes_on.relay.did()[mark:] == [], "a ticket says already that it is quiet"
    goes_on.life.fire("beat-again", source="beats")
    goes_on.relay.advance(seconds=60)
    goes_on.life.do_jobs("quiet")
    goes_on.relay.run()
    assert Counter(kind for kind, _ in goes_on.relay.did()[mark:]) == {"create_ticket": 1, "close_ticket": 1}
    assert goes_on.ledger.job_store.take(["poll:aurion"], owner="two", lease=LEASE) is not None


def test_a_mailbox_is_read_on_from_where_it_was_and_a_mail_that_is_known_is_a_duplicate(goes_on: GoesOn) -> None:
    boxes, accounted = goes_on.ledger.mailboxes, goes_on.before["mailbox_uids"]
    assert not boxes.lease(BOX, "two", LEASE)
    goes_on.relay.advance(seconds=61)
    assert boxes.lease(BOX, "two", LEASE)
    cursor = boxes.cursor(BOX, "INBOX")
    assert cursor is not None
    assert cursor.last_uid == max(each["uid"] for each in accounted if each["outcome"] == "suppressed")
    assert boxes.known(BOX, "INBOX", 7, 0).uids == {each["uid"] for each in accounted}
