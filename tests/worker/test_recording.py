"""Recording of deliveries: alone, repeated, changed, and in a batch with others."""

from __future__ import annotations

import json
import re
import zlib

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.contract.events import Event
from connectors.contract.messages import Remark
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.rows import restore
from worker.ledger.schema.tables import cases, inbound, operations, pending, seen
from worker.ledger.schema.words import ACCEPTED, QUARANTINED
from worker.planning.model import Recurrence

from .builders import (
    NOON,
    ManualClock,
    case_row,
    changed,
    commented,
    deliver_all,
    delivery,
    kinds_of,
    opened,
    resolved,
    rows,
)
from .builders import inbound as arrived
from .conftest import MakeLedger

LONGEST_REASON = 2000


def unreadable(body: bytes, reason: str = "not JSON", **more: str) -> Delivery:
    return Delivery(arrived(body, **more), unreadable=reason)


def test_one_delivery_leaves_itself_a_case_an_operation_and_the_memory_of_it(ledger: Ledger) -> None:
    ((recorded,), due) = ledger.record([delivery(opened(priority="urgent"), inbound=arrived(b"raw", query="a=b"))])
    (kept,), (case,), (operation,), (known,) = (rows(ledger, each) for each in (inbound, cases, operations, seen))
    assert (recorded.inbound_id, recorded.outcome, recorded.reason) == (kept["id"], ACCEPTED, None)
    assert due == {"create_ticket"}
    assert (kept["source"], kept["received_at"], kept["query"], kept["deliveries"]) == ("prom", NOON, "a=b", 1)
    assert zlib.decompress(kept["body"]) == b"raw"
    assert (case["source"], case["key"], case["episode"], case["phase"]) == ("prom", "disk", 1, "open")
    assert (case["state"], case["kind"], case["rank"], case["run_at"]) == ("ready", "create_ticket", 0, NOON)
    assert (case["head_seq"], case["next_seq"], case["epoch"]) == (1, 2, 0)
    assert (operation["case_id"], operation["seq"], operation["state"]) == (case["id"], 1, "open")
    assert (operation["inbound_id"], operation["first_sent_at"]) == (kept["id"], None)
    assert json.loads(operation["request"])["subject"] == "disk is full"
    assert (known["case_id"], known["episode"], known["inbound_id"]) == (case["id"], 1, kept["id"])


def test_a_replay_has_no_second_effect(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    ((recorded,), due) = ledger.record([delivery(opened())])
    assert kinds_of(ledger) == ["create_ticket"]
    assert due == frozenset()
    assert [each.recurrence for each in recorded.effects] == [Recurrence.REPEAT]
    assert recorded.reason is not None
    assert len(rows(ledger, inbound)) == 2


def test_a_replay_to_another_process_has_no_second_effect(ledger: Ledger, make_ledger: MakeLedger) -> None:
    ledger.record([delivery(opened(), resolved())])
    make_ledger().record([delivery(opened(), resolved())])
    assert kinds_of(ledger) == ["create_ticket", "close_ticket"]


def test_a_replay_after_the_end_and_after_delivery_has_no_effect(ledger: Ledger) -> None:
    life = [opened(), resolved(), opened(start=20), resolved(end=30)]
    for each in life:
        ledger.record([delivery(each)])
        deliver_all(ledger)
    before = kinds_of(ledger)
    for each in life:
        ledger.record([delivery(each)])
    assert kinds_of(ledger) == before
    assert case_row(ledger)["state"] == "idle"


def test_five_alerts_of_one_delivery_are_five_cases(ledger: Ledger) -> None:
    ((recorded,), _) = ledger.record([delivery(*(opened(f"disk-{number}") for number in range(5)))])
    assert [each.operations for each in recorded.effects] == [("create_ticket",)] * 5
    assert len(rows(ledger, cases)) == len(rows(ledger, operations)) == 5
    assert {each["inbound_id"] for each in rows(ledger, operations)} == {recorded.inbound_id}


def test_a_mixed_delivery_closes_one_case_and_opens_another(ledger: Ledger) -> None:
    ledger.record([delivery(opened("one"))])
    ledger.record([delivery(resolved("one"), opened("two"))])
    by_case = {(each["case_id"], each["kind"]) for each in rows(ledger, operations)}
    one, two = case_row(ledger, "one")["id"], case_row(ledger, "two")["id"]
    assert by_case == {(one, "create_ticket"), (one, "close_ticket"), (two, "create_ticket")}


def test_every_version_of_a_message_is_remembered(ledger: Ledger) -> None:
    versions = [opened(text=text) for text in ("first", "second", "third")]
    for each in versions:
        ledger.record([delivery(each)])
    assert kinds_of(ledger) == ["create_ticket", "add_note", "add_note"]
    for each in versions:
        ((recorded,), _) = ledger.record([delivery(each)])
        assert [effect.recurrence for effect in recorded.effects] == [Recurrence.REPEAT]
    assert kinds_of(ledger) == ["create_ticket", "add_note", "add_note"]


def test_a_message_stays_in_the_case_where_it_was_first_seen(ledger: Ledger) -> None:
    ledger.record([delivery(opened("by host", message="m"))])
    ((recorded,), _) = ledger.record([delivery(opened("by cluster", message="m", text="grouped otherwise today"))])
    (effect,) = recorded.effects
    assert (effect.recurrence, effect.operations) == (Recurrence.CHANGED, ("add_note",))
    assert {each["case_id"] for each in rows(ledger, operations)} == {case_row(ledger, "by host")["id"]}


def test_the_same_message_twice_in_one_batch_has_one_effect(ledger: Ledger) -> None:
    recorded, _ = ledger.record([delivery(opened()), delivery(opened(), opened())])
    recurrences = [effect.recurrence for each in recorded for effect in each.effects]
    assert recurrences == [Recurrence.FIRST, Recurrence.REPEAT, Recurrence.REPEAT]
    assert kinds_of(ledger) == ["create_ticket"]


def test_a_whole_life_in_one_batch_is_planned_in_its_order(ledger: Ledger) -> None:
    ledger.record(
        [delivery(opened()), delivery(opened(text="worse")), delivery(resolved()), delivery(opened(start=20))]
    )
    assert kinds_of(ledger) == ["create_ticket", "add_note", "close_ticket", "reopen_ticket", "add_note"]
    assert deliver_all(ledger) == kinds_of(ledger)


def test_sources_do_not_share_cases_or_messages(ledger: Ledger) -> None:
    recorded, _ = ledger.record([delivery(opened(), source="prom-a"), delivery(opened(), source="prom-b")])
    assert [effect.recurrence for each in recorded for effect in each.effects] == [Recurrence.FIRST, Recurrence.FIRST]
    assert kinds_of(ledger) == ["create_ticket", "create_ticket"]


def test_a_comment_that_came_before_its_case_counts_when_it_comes_again(ledger: Ledger) -> None:
    ledger.record([delivery(commented(unknown="wait"))])
    assert rows(ledger, seen) == []
    ledger.record([delivery(opened()), delivery(commented(unknown="wait")), delivery(commented(unknown="wait"))])
    assert kinds_of(ledger) == ["create_ticket", "add_note"]


def test_only_what_became_due_is_woken_for(ledger: Ledger) -> None:
    _, first = ledger.record([delivery(opened("one")), delivery(opened("two"), resolved("two"))])
    _, second = ledger.record([delivery(resolved("one"))])
    assert first == {"create_ticket"}
    assert second == frozenset()


def test_an_urgent_opening_lifts_the_rank_of_a_waiting_case(ledger: Ledger) -> None:
    ledger.record([delivery(opened(priority="low"), resolved(priority="low"))])
    assert case_row(ledger)["rank"] == 3
    ledger.record([delivery(opened(start=200, priority="urgent"))])
    assert case_row(ledger)["rank"] == 0


def test_an_empty_delivery_is_kept_and_plans_nothing(ledger: Ledger) -> None:
    ((recorded,), due) = ledger.record([delivery()])
    assert (recorded.outcome, recorded.effects, due) == (ACCEPTED, (), frozenset())
    assert len(rows(ledger, inbound)) == 1


def test_unreadable_bytes_are_kept_with_the_reason(ledger: Ledger) -> None:
    ((recorded,), due) = ledger.record([unreadable(b"<xml/>")])
    (kept,) = rows(ledger, inbound)
    assert (recorded.outcome, recorded.reason, due) == (QUARANTINED, "not JSON", frozenset())
    assert (kept["outcome"], kept["reason"], zlib.decompress(kept["body"])) == (QUARANTINED, "not JSON", b"<xml/>")
    assert rows(ledger, cases) == rows(ledger, seen) == []


def test_the_same_unreadable_bytes_are_counted_not_kept_again(ledger: Ledger) -> None:
    ids = {ledger.record([unreadable(b"<xml/>")])[0][0].inbound_id for _ in range(3)}
    (kept,) = rows(ledger, inbound)
    assert ids == {kept["id"]}
    assert kept["deliveries"] == 3


def test_the_same_unreadable_bytes_in_one_batch_are_kept_once(ledger: Ledger) -> None:
    recorded, _ = ledger.record([unreadable(b"<xml/>"), unreadable(b"<json/>"), unreadable(b"<xml/>")])
    first, second = rows(ledger, inbound)
    assert [each.inbound_id for each in recorded] == [first["id"], second["id"], first["id"]]
    assert (first["deliveries"], second["deliveries"]) == (2, 1)


def test_other_bytes_another_query_or_another_source_are_kept_apart(ledger: Ledger) -> None:
    ledger.record([unreadable(b"<xml/>"), unreadable(b"<xml>"), unreadable(b"<xml/>", query="a"),
                   unreadable(b"<xml/>", source="other")])  # fmt: skip
    assert [each["deliveries"] for each in rows(ledger, inbound)] == [1, 1, 1, 1]


def test_what_is_readable_of_a_delivery_counts_and_the_rest_is_in_quarantine(ledger: Ledger) -> None:
    remark = Remark("alerts[1]", "it is a number")
    ((recorded,), due) = ledger.record([delivery(opened(), unreadable=[remark])])
    assert (recorded.outcome, recorded.reason) == (QUARANTINED, "alerts[1]: it is a number")
    assert kinds_of(ledger) == ["create_ticket"]
    assert due == {"create_ticket"}


def test_the_reason_of_a_hundred_bad_items_names_some_and_counts_the_rest(ledger: Ledger) -> None:
    remarks = [Remark(f"alerts[{number}]", "bad") for number in range(100)]
    ((recorded,), _) = ledger.record([delivery(unreadable=remarks)])
    assert recorded.reason is not None
    assert recorded.reason.count("bad") == 20
    assert recorded.reason.endswith("and 80 more")


def test_credentials_are_not_stored(ledger: Ledger) -> None:
    headers = (("authorization", "Bearer s3cret"), ("cookie", "id=s3cret"), ("proxy-authorization", "s3cret"))
    ledger.record([delivery(inbound=arrived(headers=(*headers, ("content-type", "application/json"))))])
    (kept,) = rows(ledger, inbound)
    assert json.loads(kept["headers"]) == [["content-type", "application/json"]]
    assert "s3cret" not in str(kept)


def test_a_delivery_can_be_restored_as_it_arrived(ledger: Ledger) -> None:
    original = arrived(bytes(range(256)), headers=(("x-text", "caf\xe9"), ("x-text", "")), query="q=%00")
    ledger.record([delivery(inbound=original)])
    with ledger.database.read() as connection:
        (row,) = connection.execute(inbound.select())
        assert restore(row) == original


@pytest.mark.parametrize(
    "text",
    ["a\0b", "\ud800", "\U0001f4a3" * 300, "x" * 1_000_000, "", "\x1b[31m", "\u202egnp.exe"],
    ids=["NUL", "surrogate", "astral", "huge", "empty", "escape", "right to left"],
)
def test_no_text_of_an_event_keeps_it_out_of_the_ledger(ledger: Ledger, text: str) -> None:
    ledger.record([delivery(opened(subject=text, text=text)), delivery(changed(text=text, priority="low"))])
    requests = [json.loads(each["request"]) for each in rows(ledger, operations)]
    assert requests[0]["subject"]
    assert requests[0]["description"]


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 100_000], ids=["NUL", "surrogate", "huge"])
def test_no_text_of_a_reason_keeps_a_delivery_out_of_quarantine(ledger: Ledger, text: str) -> None:
    ledger.record([unreadable(b"1", f"it says {text}"), delivery(unreadable=[Remark(f"alerts[{text}]", text)])])
    reasons = [each["reason"] for each in rows(ledger, inbound)]
    assert reasons[0].startswith("it says")
    assert reasons[1].startswith("alerts[")
    assert max(map(len, reasons)) <= LONGEST_REASON


def test_the_sequence_of_a_case_has_no_gaps_and_its_keys_are_all_different(ledger: Ledger) -> None:
    for number in range(4):
        ledger.record([delivery(opened(start=number * 20), opened("other", start=number * 20))])
        ledger.record([delivery(resolved(end=number * 20 + 10)), delivery(commented(message=f"comment-{number}"))])
    for case in rows(ledger, cases):
        sequence = [each["seq"] for each in rows(ledger, operations) if each["case_id"] == case["id"]]
        assert sequence == list(range(1, case["next_seq"]))
    keys = [each["idempotency_key"] for each in rows(ledger, operations)]
    assert len(keys) == len(set(keys))


EVENTS = [opened(), resolved(), opened(start=20), resolved(end=30), opened(text="worse"), commented(), changed()]


MARKER = re.compile(rb"trm[0-9a-f]{32}")  # the marker differs by source, because its key names the source


@hypothesis.settings(
    max_examples=25, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@hypothesis.given(order=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=10), batch=st.integers(1, 4))
def test_a_batch_leaves_what_its_deliveries_would_have_left_one_by_one(
    sqlite_ledger: Ledger, clock: ManualClock, order: list[Event], batch: int
) -> None:
    # One ledger serves all examples: a source of its own is as good as an empty ledger.
    mark = len(rows(sqlite_ledger, inbound))
    alone, together = f"alone-{mark}", f"together-{mark}"
    for event in order:
        sqlite_ledger.record([delivery(event, source=alone)])
    for start in range(0, len(order), batch):
        sqlite_ledger.record([delivery(event, source=together) for event in order[start : start + batch]])
    kept = {each["id"]: each for each in rows(sqlite_ledger, cases)}
    planned: dict[str, list[object]] = {alone: [], together: []}
    for each in rows(sqlite_ledger, operations):
        request = MARKER.sub(b"MARKER", each["request"]).replace(kept[each["case_id"]]["source"].encode(), b"SOURCE")
        if (source := kept[each["case_id"]]["source"]) in planned:
            planned[source].append((each["seq"], each["kind"], each["episode"], request))
    assert planned[alone] == planned[together]


def test_a_waiting_comment_that_was_recorded_in_another_case_meanwhile_is_let_go(ledger: Ledger) -> None:
    ledger.record([delivery(commented("one", "m", unknown="wait"))])
    ledger.record([delivery(opened("two", message="m"))])
    ledger.record([delivery(opened("one"))])
    assert kinds_of(ledger) == ["create_ticket", "create_ticket"]
    assert rows(ledger, pending) == []
