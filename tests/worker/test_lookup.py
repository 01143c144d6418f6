"""Tests of what a search and a ticket's state prove about an earlier attempt, and when that proof is accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tickets.markers import marker, word_in_request, word_of
from tickets.models import Status, Ticket
from tickets.server import FaultRule
from worker.delivery.lookup import CLOCKS_APART, found, state
from worker.ledger import Claim, Ledger, Mode, Terms
from worker.ledger.queue.claims import mode_of
from worker.ledger.reports.alarms import alarms
from worker.ledger.schema.tables import attempts, tickets
from worker.planning.model import KINDS, Kind
from worker.settings import TimingSettings

from .builders import (
    LEASE,
    NOON,
    PROBE,
    UNLIMITED,
    WINDOW,
    ManualClock,
    commented,
    delivery,
    opened,
    resolved,
    rows,
)
from .relay import Relay, relaying
from .test_outcomes import claimed

pytestmark = pytest.mark.one_database

TIMING = TimingSettings()
SETTLED = timedelta(seconds=TIMING.lease + TIMING.request_life + TIMING.search_settles)
MARKER = marker(b"secret", "key of the create")
WORD = str(word_of(MARKER))
OTHER = marker(b"secret", "key of another")
LOOKED_UP_AT = NOON + timedelta(hours=25)


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


@pytest.fixture
def lost(relay: Relay) -> Relay:
    """A ledger with a recorded opening; `lose` loses its create, executed or not, a day before the test goes on."""
    relay.ledger.record([delivery(opened())])
    return relay


def lose(relay: Relay, *, executed: bool) -> None:
    relay.break_once("reset", when="after" if executed else "before", path="/tickets$")
    relay.turn()
    relay.advance(hours=25)


def word_wanted(relay: Relay, case: str = "disk") -> str:
    """Return the word of the marker of a case's first create."""
    request = relay.operation(1, relay.ledger.find(case)[0].id)["request"]
    return str(word_in_request(request))


def descriptions(relay: Relay) -> list[str]:
    """Return the descriptions of all tickets, oldest first."""
    listed = relay.by_hand("GET", "/tickets?limit=100")["data"]
    return [each["description"] for each in reversed(listed)]


def looked_up(kind: Kind = "create_ticket", **more: Any) -> Claim:
    return claimed(kind, **({"mode": "look_up", "ambiguous": True, "claimed_at": LOOKED_UP_AT} | more))


def ticket(name: str = "T-1", description: str = f"Full.\n\n{MARKER}", at: datetime = NOON) -> Ticket:
    return Ticket(id=name, subject="s", description=description, status="open", priority="low", created_at=at)


# ---- results of a search, as values --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        pytest.param([ticket()], ("done", "adopted", "T-1"), id="the only one that ends with it"),
        pytest.param([ticket(description=f"Full.\r\n\r\n{MARKER}\r\n ")], ("done", "adopted", "T-1"), id="white space"),
        pytest.param([ticket(at=NOON - CLOCKS_APART)], ("done", "adopted", "T-1"), id="the clocks are apart"),
        pytest.param([], ("again", "absent", None), id="nothing"),
        pytest.param(
            [ticket(description=f"> {MARKER}\n\n{OTHER}")], ("again", "absent", None), id="a quotation of ours"
        ),
        pytest.param(
            [ticket("T-2", f"{MARKER}\n\n{OTHER}"), ticket()], ("done", "adopted", "T-1"), id="beside a quotation"
        ),
        pytest.param([ticket(), ticket("T-2")], ("dead", "undecided", None), id="two"),
        pytest.param([ticket(description=f"{MARKER}\nmind you")], ("dead", "undecided", None), id="edited below"),
        pytest.param([ticket(description=f"Full. {MARKER}")], ("dead", "undecided", None), id="not on its own line"),
        pytest.param([ticket(description=f"{MARKER}0")], ("dead", "undecided", None), id="not to the end"),
        pytest.param(
            [ticket(at=NOON - CLOCKS_APART - timedelta(seconds=1))], ("dead", "undecided", None), id="too old"
        ),
    ],
)
def test_what_a_search_proves(given: list[Ticket], outcome: tuple[str, str, str | None]) -> None:
    settlement = found(looked_up(), WORD, given, len(given), LOOKED_UP_AT, TIMING)
    assert (settlement.state, settlement.outcome, settlement.ticket_id) == outcome
    assert settlement.absent == (settlement.outcome == "absent")
    assert settlement.reads


def test_of_more_tickets_than_one_page_shows_none_is_adopted() -> None:
    assert found(looked_up(), WORD, [ticket()], 101, LOOKED_UP_AT, TIMING).outcome == "undecided"


def test_a_restored_ledger_does_not_know_since_when_a_ticket_may_be_there() -> None:
    old = ticket(at=NOON - timedelta(days=3))
    assert found(looked_up(unproven=True), WORD, [old], 1, LOOKED_UP_AT, TIMING).outcome == "adopted"


@pytest.mark.parametrize(("after", "is_believed"), [(-1, False), (0, True)])
def test_absence_is_believed_only_when_the_search_has_seen_what_the_last_send_made(
    after: float, is_believed: bool
) -> None:
    claim = looked_up(last_sent_at=NOON + timedelta(hours=3))
    surely = NOON + timedelta(hours=3) + SETTLED
    settlement = found(claim, WORD, [], 0, surely + timedelta(seconds=after), TIMING)
    assert settlement.absent == is_believed
    assert settlement.again_at == surely


@pytest.mark.parametrize("status", ["open", "pending", "resolved", "closed"])
@pytest.mark.parametrize("kind", ["close_ticket", "reopen_ticket"])
def test_a_ticket_that_is_as_it_shall_be_needs_no_second_call(kind: Kind, status: Status) -> None:
    settlement = state(looked_up(kind=kind), ticket().model_copy(update={"status": status}), LOOKED_UP_AT)
    # A route may end a case with the status `resolved`. A ticket that still has this status was not reopened.
    is_done = status == "closed" if kind == "close_ticket" else status in ("open", "pending")
    assert (settlement.state, settlement.absent) == (("done", False) if is_done else ("again", True))


TERMS = (LEASE, WINDOW, PROBE, UNLIMITED)


@pytest.mark.parametrize(
    ("kind", "within", "beyond", "restored", "beyond_if_parked"),
    [
        ("create_ticket", "send", "look_up", "look_up", "look_up"),
        ("add_note", "send", "send", "send", "park"),
        ("update_ticket", "send", "send", "send", "send"),
        ("close_ticket", "look_up", "look_up", "look_up", "look_up"),
        ("reopen_ticket", "look_up", "look_up", "look_up", "look_up"),
    ],
)
def test_what_may_be_done_about_an_operation(
    kind: Kind, within: Mode, beyond: Mode, restored: Mode, beyond_if_parked: Mode
) -> None:
    def mode(hours: float | None, *, ambiguous: bool = True, unproven: bool = False, notes: bool = True) -> Mode:
        first = None if hours is None else LOOKED_UP_AT - timedelta(hours=hours)
        terms = Terms(*TERMS, repeat_notes=notes)
        return mode_of(kind, ambiguous=ambiguous, unproven=unproven, first_sent_at=first, terms=terms, now=LOOKED_UP_AT)

    assert mode(None, ambiguous=False) == "send"
    assert mode(400, ambiguous=False) == "send", "what was provably not executed does not begin the window"
    assert mode(22.99) == within
    assert mode(23) == beyond
    assert mode(1, unproven=True) == restored
    assert mode(None, unproven=True) == restored
    assert mode(23, notes=False) == beyond_if_parked
    assert mode(22.99, notes=False) == within
    assert kind in KINDS


# ---- effects at the service ----------------------------------------------------------------------------------


@pytest.mark.parametrize("executed", [True, False])
def test_a_create_of_yesterday_is_adopted_or_made_once(lost: Relay, executed: bool) -> None:
    lose(lost, executed=executed)
    lost.run()
    assert lost.counts() == {"create_ticket": 1}
    (bound,) = rows(lost.ledger, tickets)
    assert (bound["ticket_id"], bound["how"]) == ("1001", "adopted" if executed else "created")
    lost.ledger.record([delivery(commented())])
    lost.run()
    assert lost.did()[-1] == ("add_note", "1001")


@pytest.mark.parametrize("executed", [True, False])
def test_a_mail_that_quotes_the_marker_of_another_ticket_is_never_adopted(lost: Relay, executed: bool) -> None:
    lose(lost, executed=executed)
    word = word_wanted(lost)
    lost.ledger.record([delivery(opened("mail", text=f"> disk is full\n\nTicketrelay {word}"), source="mail")])
    while not any("mail" in each.text for each in lost.effects()):
        lost.turn()
    lost.run()
    assert lost.counts() == {"create_ticket": 2}
    words = {word_of(each) for each in descriptions(lost)}
    assert len(words) == 2, "each ends with a marker of its own"
    (case,) = lost.ledger.find("disk")
    assert word_of(lost.ticket(str(case.ticket_id))["description"]) == word


def a_person_makes(relay: Relay, description: str) -> str:
    return str(relay.by_hand("POST", "/tickets", subject="By hand", description=description)["id"])


def test_a_ticket_that_is_older_than_the_first_send_is_not_adopted(relay: Relay) -> None:
    relay.ledger.record([delivery(opened())])
    a_person_makes(relay, f"Made before.\n\nTicketrelay {word_wanted(relay)}")
    relay.advance(hours=1)
    lose(relay, executed=False)
    relay.run()
    (dead_letter,) = relay.ledger.list_dead()
    assert "older than the first call" in dead_letter.reason
    assert relay.counts() == {"create_ticket": 1}


def test_a_ticket_that_belongs_to_another_case_is_not_adopted(relay: Relay) -> None:
    relay.break_once("status", status=422)
    relay.ledger.record([delivery(opened("other"))])
    relay.turn()
    (rejected,) = relay.ledger.list_dead()
    relay.ledger.record([delivery(opened())])
    lose(relay, executed=False)
    taken = a_person_makes(relay, f"By hand.\n\nTicketrelay {word_wanted(relay, 'disk')}")
    relay.ledger.bind(rejected.id, taken, "open")
    relay.run()
    (dead_letter,) = relay.ledger.list_dead()
    assert f"ticket {taken} has its marker, but belongs to case" in dead_letter.reason
    assert [each["ticket_id"] for each in rows(relay.ledger, tickets)] == [taken]


def test_two_tickets_with_the_marker_are_for_a_person_to_decide_on(lost: Relay) -> None:
    lose(lost, executed=True)
    a_person_makes(lost, f"A copy.\n\nTicketrelay {word_wanted(lost)}")
    lost.run()
    (dead_letter,) = lost.ledger.list_dead()
    assert "2 tickets have its marker" in dead_letter.reason
    assert lost.counts() == {"create_ticket": 2}, "that of ours and the copy"
    lost.ledger.bind(dead_letter.id, "1001", "open")
    lost.ledger.record([delivery(commented())])
    lost.run()
    assert lost.did()[-1] == ("add_note", "1001")


def test_a_ticket_whose_last_line_was_edited_is_for_a_person_to_decide_on(lost: Relay) -> None:
    lose(lost, executed=True)
    text = lost.ticket("1001")["description"]
    lost.by_hand("PUT", "/tickets/1001", description=f"{text}\nCalled the vendor.")
    lost.run()
    (dead_letter,) = lost.ledger.list_dead()
    assert "has its marker, but not at the end" in dead_letter.reason
    lost.by_hand("PUT", "/tickets/1001", description=text)
    lost.ledger.retry_operation(dead_letter.id)
    lost.run()
    assert lost.ledger.find("disk")[0].ticket_id == "1001"
    assert lost.counts()["create_ticket"] == 1


def test_a_search_that_lags_is_not_believed_before_it_has_settled(lost: Relay) -> None:
    """The last send left just before the window ended, was executed, and is not in the search's result yet."""
    lost.advance(seconds=1)
    lost.break_once("reset", when="before")
    lost.turn()
    lost.advance(seconds=(WINDOW - timedelta(seconds=1)).total_seconds())
    lost.break_once("reset", when="after", method="POST")
    lost.turn()
    lost.api.faults.add(FaultRule(action="search_lag", seconds=280))
    last_sent = lost.operation(1)["last_sent_at"]
    lost.run()
    assert lost.counts() == {"create_ticket": 1}
    outcomes = [each["outcome"] for each in rows(lost.ledger, attempts)]
    assert outcomes == ["unknown", "unknown", "not found yet", "adopted"]
    assert rows(lost.ledger, attempts)[-1]["at"] - last_sent >= SETTLED


def test_a_key_that_may_not_read_waits_with_an_alarm_and_stops_nothing_else(relay: Relay) -> None:
    relay.ledger.record([delivery(opened())])
    lose(relay, executed=True)
    relay.api.faults.add(FaultRule(action="status", status=403, method="GET"))
    relay.ledger.record([delivery(opened("other"))])
    for _ in range(5):
        relay.send_what_is_due()
        relay.advance(seconds=TIMING.probe_interval)
    assert relay.ledger.find("other")[0].ticket_id is not None
    timing = TimingSettings(stall_alarm=3600)
    assert "look_up_refused" in [each.name for each in alarms(relay.ledger.overview(), timing)]
    relay.api.faults.clear()
    relay.run()
    assert alarms(relay.ledger.overview(), timing) == []
    assert relay.counts() == {"create_ticket": 2}


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.parametrize("kind", ["close_ticket", "reopen_ticket"])
def test_a_close_or_reopening_of_unknown_outcome_is_asked_about_and_done_once(
    relay: Relay, kind: Kind, executed: bool
) -> None:
    told = [opened(), resolved()] + ([opened(start=20)] if kind == "reopen_ticket" else [])
    relay.ledger.record([delivery(*told)])
    method, path = ("POST", "/close$") if kind == "close_ticket" else ("PUT", r"/tickets/\d+$")
    relay.break_once("reset", when="after" if executed else "before", method=method, path=path)
    relay.run()
    assert relay.counts()[kind] == 1
    methods = [(each.method, each.path.rpartition("/")[2]) for each in relay.api.record.log()]
    calls = Counter(methods)
    call = ("POST", "close") if kind == "close_ticket" else ("PUT", "1001")
    assert calls["GET", "1001"] == 1
    assert calls[call] == (1 if executed else 2)


def test_a_look_up_that_is_rejected_does_not_make_a_second_ticket_of_a_reopening(relay: Relay) -> None:
    """A proxy rejects the look-up with a 400; the reopening itself was executed."""
    relay.ledger.record([delivery(opened(), resolved(), opened(start=20))])
    relay.break_once("reset", when="after", method="PUT")
    relay.break_once("status", status=400, method="GET")
    relay.run()
    assert relay.counts()["create_ticket"] == 1
    (dead_letter,) = relay.ledger.list_dead()
    assert dead_letter.what == "reopen_ticket"
    relay.ledger.retry_operation(dead_letter.id)
    relay.run()
    assert relay.counts() == {"create_ticket": 1, "close_ticket": 1, "reopen_ticket": 1, "add_note": 1}
