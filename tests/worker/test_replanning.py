"""Replanning after an operation died: the decision as a table, and the effects at the service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tickets.server import FaultRule
from worker.ledger import Ledger
from worker.ledger.queue.replanning import NEVER_CLOSED, Change, Planned, replan
from worker.ledger.schema.tables import cases, operations
from worker.planning.model import Kind

from .builders import ManualClock, commented, delivery, opened, resolved, rows
from .relay import Relay, relaying

pytestmark = pytest.mark.one_database

CREATE = b'{"subject":"disk is full","description":"3% free\\n\\nTicketrelay trm0123456789abcdef0123456789abcdef"}'
INSTEAD = b'{"subject":"again","description":"anew"}'


@pytest.fixture
def relay(ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(ledger, clock, tmp_path) as made:
        yield made


def planned(*words: str) -> list[Planned]:
    """Build a case's operations from words `kind:target`, with `!` for in doubt and `*` for done.

    The kind is `create`, `note`, `close` or `reopen`.
    """
    kinds: dict[str, Kind] = {
        "create": "create_ticket", "note": "add_note", "close": "close_ticket", "reopen": "reopen_ticket"
    }  # fmt: skip
    made = []
    for seq, word in enumerate(words, 1):
        name, _, target = word.rstrip("!*").partition(":")
        instead = INSTEAD if name == "reopen" else None
        request = CREATE if name == "create" else b"{}"
        operation = Planned(seq, kinds[name], "open", int(target), 4, f"key-{seq}", request, instead)
        if word.endswith("*"):
            operation = replace(operation, state="done")
        made.append(replace(operation, in_doubt=word.endswith("!")))
    return made


def told(operations: list[Planned]) -> list[str]:
    return [f"{each.seq} {each.kind} {each.target} {each.state}" for each in operations]


@pytest.mark.parametrize(
    ("words", "create_seq", "different", "after"),
    [
        pytest.param("create:1", 1, [], Change("open", 1, create_dead=True), id="a create alone"),
        pytest.param(
            "create:1 note:1 close:1", 1, ["2 add_note 1 held", "3 close_ticket 1 held"],
            Change("open", 1, create_dead=True), id="what needs its ticket is held",
        ),
        pytest.param(
            "create:1 close:1 reopen:1 note:1", 1,
            ["2 close_ticket 1 held", "3 create_ticket 3 open", "4 add_note 3 open"],
            Change("open", 3, create_dead=False), id="a reopening makes the ticket",
        ),
        pytest.param(
            "create:1 close:1 create:3 note:3", 3, ["2 close_ticket 1 held"],
            Change("open", 3, create_dead=False), id="a later episode has a ticket of its own",
        ),
        pytest.param(
            "create:1 close:1 reopen:1 close:1 create:5 note:5", 5,
            ["2 close_ticket 1 held", "3 create_ticket 3 open", "4 close_ticket 3 open"],
            Change("open", 5, create_dead=False), id="a reopening and a later episode",
        ),
        pytest.param("note:9 note:9", 9, [], Change("open", 9, create_dead=False), id="a note"),
        pytest.param("close:9", 9, [], Change("open", 9, create_dead=False), id="a close alone: its ticket is open"),
        pytest.param(
            "close:9 note:9 reopen:9 note:9", 9, ["3 reopen_ticket 9 skipped"],
            Change("open", 9, create_dead=False), id="a reopening of what was never closed",
        ),
        pytest.param(
            "close:9 create:2 note:2 close:2", 2, ["2 add_note 9 open", "3 add_note 9 open", "4 close_ticket 9 open"],
            Change("open", 9, create_dead=False), id="an opening becomes a note on the open ticket",
        ),
        pytest.param(
            "close:9 create:2 close:2 create:4 note:4", 4, ["2 add_note 9 open", "3 close_ticket 9 open"],
            Change("open", 4, create_dead=False), id="and the one after that gets its own",
        ),
        pytest.param("close:9 close:9", 9, [], Change("closed", 9, create_dead=False), id="a later close does it"),
        pytest.param("close:9 close:9*", 9, [], Change("closed", 9, create_dead=False), id="a later close did it"),
        pytest.param(
            "close:9 create:2*", 2, [],
            Change("closed", 2, create_dead=False), id="its case has another ticket now",
        ),
        pytest.param(
            "close:9 create:2!", 2, [],
            Change("closed", 2, create_dead=False), id="which may be there already",
        ),
        pytest.param(
            "reopen:9 note:9 close:9", 9, ["1 create_ticket 1 open", "2 add_note 1 open", "3 close_ticket 1 open"],
            Change("open", 1, create_dead=False), id="a reopening that is rejected makes a ticket",
        ),
    ],
)  # fmt: skip
def test_what_follows_is_planned_again(words: str, create_seq: int, different: list[str], after: Change) -> None:
    dead, *followers = planned(*words.split())
    phase = "closed" if dead.kind == "close_ticket" and after.phase == "closed" else "open"
    known = Change("closed" if words == "close:9" else phase, create_seq, create_dead=False)
    changed, change = replan(dead, followers, known, rejected=True)
    assert (told(changed), change) == (different, after)


def test_a_reopening_that_may_have_been_executed_is_not_made_a_create() -> None:
    dead, *followers = planned("reopen:9", "note:9")
    known = Change("open", 9, create_dead=False)
    assert replan(dead, followers, known, rejected=False) == ([], known)


def test_what_follows_a_close_that_may_have_been_executed_stays() -> None:
    dead, *followers = planned("close:9", "reopen:9", "note:9")
    known = Change("open", 9, create_dead=False)
    assert replan(dead, followers, known, rejected=False) == ([], known)
    assert replan(dead, [], Change("closed", 9, create_dead=False), rejected=False) == (
        [],
        Change("closed", 9, create_dead=False),
    )


def test_what_takes_the_place_of_another_has_a_key_and_bytes_of_its_own() -> None:
    dead, *followers = planned("close:9", "create:2")
    ((note,), _) = replan(dead, followers, Change("open", 2, create_dead=False), rejected=True)
    assert note.idempotency_key not in ("key-1", "key-2")
    text = json.loads(note.request)["body"]
    assert text == "Opened again, while this ticket is still open.\n\ndisk is full\n\n3% free"
    ((create, *_), _) = replan(planned("reopen:9")[0], [], Change("open", 9, create_dead=False), rejected=True)
    assert (create.request, create.idempotency_key != "key-1", create.instead) == (INSTEAD, True, None)


# ---- effects at the service ----------------------------------------------------------------------------------


def reject(relay: Relay, path: str, *, times: int = 1, **more: Any) -> None:
    relay.api.faults.add(FaultRule(action="status", status=422, path=path, times=times, **more))


@pytest.mark.parametrize("start", [20, 999], ids=["within the window", "a new episode"])
@pytest.mark.parametrize("queued", ["before the close died", "after"])
def test_after_a_dead_close_a_new_opening_is_a_note_on_the_open_ticket(relay: Relay, start: float, queued: str) -> None:
    reject(relay, "/close$")
    relay.ledger.record([delivery(opened(), resolved())])
    if queued == "after":
        relay.run()
    relay.ledger.record([delivery(opened(start=start, text="full again"))])
    relay.run()
    assert relay.did() == [("create_ticket", "1001"), ("add_note", "1001")]
    assert "full again" in relay.effects()[1].text
    assert relay.ticket("1001")["status"] == "open"
    relay.ledger.record([delivery(resolved(end=start + 10, start=start))])
    relay.run()
    assert relay.did()[2:] == [("close_ticket", "1001")]
    assert relay.ticket("1001")["status"] == "closed"


def test_a_close_that_a_person_retries_after_a_later_one_was_done_does_not_make_planning_think_it_is_open(
    relay: Relay,
) -> None:
    reject(relay, "/close$")
    relay.ledger.record([delivery(opened(), resolved())])
    relay.run()
    relay.ledger.record([delivery(opened(start=20), resolved(end=30, start=20))])
    relay.run()
    (dead_letter,) = relay.ledger.list_dead()
    reject(relay, "/close$")
    relay.ledger.retry_operation(dead_letter.id)
    relay.run()
    relay.ledger.record([delivery(opened(start=40, text="third"))])
    relay.run()
    assert relay.ticket("1001")["status"] == "open", "it was reopened, and not only noted"


def test_a_rejected_create_does_not_block_a_new_episode(relay: Relay) -> None:
    reject(relay, "/tickets$")
    relay.ledger.record([delivery(opened(), resolved())])
    relay.run()
    relay.ledger.record([delivery(opened(start=20, text="full again"), commented(message="m2"))])
    relay.run()
    assert relay.did() == [("create_ticket", "1001"), ("add_note", "1001")]
    (dead_letter,) = relay.ledger.list_dead()
    assert (dead_letter.what, dead_letter.holds_up) == ("create_ticket", 1)
    (case,) = rows(relay.ledger, cases)
    assert (case["ticket_id"], case["lost"], case["phase"]) == ("1001", False, "open")


def test_a_reopening_that_was_queued_behind_a_rejected_create_makes_the_ticket(relay: Relay) -> None:
    reject(relay, "/tickets$")
    relay.ledger.record([delivery(opened(), resolved(), opened(start=20), commented(message="m2"))])
    relay.run()
    assert [each.kind for each in relay.effects()] == ["create_ticket", "add_note", "add_note"]
    assert {each.ticket for each in relay.effects()} == {"1001"}


def test_a_reopening_of_a_ticket_that_was_deleted_makes_a_new_one(relay: Relay) -> None:
    relay.ledger.record([delivery(opened(), resolved())])
    relay.run()
    relay.by_hand("POST", "/sandbox/reset")
    relay.ledger.record([delivery(opened(start=20, text="full again"), resolved(end=30, start=20))])
    relay.run()
    after = relay.did()[3:]
    assert [kind for kind, _ in after] == ["create_ticket", "add_note", "close_ticket"]
    assert {ticket for _, ticket in after} == {"1002"}
    assert relay.ledger.list_dead() == []


def test_a_ticket_that_took_the_place_of_a_reopening_can_be_rejected_and_mended_too(relay: Relay) -> None:
    relay.ledger.record([delivery(opened(), resolved())])
    relay.run()
    relay.by_hand("POST", "/sandbox/reset")
    reject(relay, "/tickets$")
    relay.ledger.record([delivery(opened(start=20), commented(message="m2"))])
    relay.run()
    (dead_letter,) = relay.ledger.list_dead()
    assert (dead_letter.what, dead_letter.holds_up) == ("create_ticket", 2)
    relay.ledger.retry_operation(dead_letter.id)
    relay.run()
    assert [kind for kind, _ in relay.did()[3:]] == ["create_ticket", "add_note", "add_note"]
    assert relay.ledger.list_dead() == []


def test_what_a_lost_ledger_may_have_sent_stays_in_doubt_when_it_is_planned_again(relay: Relay) -> None:
    """After a restore the ticket is gone: the reopening becomes a create, which is looked up before it is sent."""
    relay.ledger.record([delivery(opened(), resolved())])
    relay.run()
    relay.by_hand("POST", "/sandbox/reset")
    relay.ledger.record([delivery(opened(start=20))])
    relay.ledger.mark_restored()
    relay.run()
    (create,) = [each for each in rows(relay.ledger, operations) if each["seq"] == 3]
    assert create["kind"] == "create_ticket"
    assert any(each.method == "GET" and each.path.endswith("/tickets") for each in relay.api.record.log())
    assert relay.counts()["create_ticket"] == 2
    assert NEVER_CLOSED not in [each["why"] for each in rows(relay.ledger, operations)]
