"""The chaos test's checker, stream and faults, and a short run.

Under CI the runs of full length take place beside the tests (`.ci/run`).
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any, get_args

import pytest
from prometheus_client import generate_latest

from tests.acceptance.chaos import faults, stream
from tests.acceptance.chaos.alarms import AlarmWatch
from tests.acceptance.chaos.checker import Effect, Verdict, judge, observe, story
from tests.acceptance.chaos.conditions import FAR, NEAR, clock_steps
from tests.acceptance.chaos.driver import Outcome, run
from tests.acceptance.chaos.hooks import Switches, slow_commit
from tests.acceptance.chaos.sites import Kind
from tickets.markers import as_repeat
from tickets.server.faults import FaultRule
from worker.ledger import ALARMS
from worker.ledger.queue.joining import joined
from worker.runtime.metrics import Metrics

STEPS = ("create_ticket s1", "add_note s2 on s1", "add_note s3 on s1", "close_ticket s4 on s1")
CREATED, FIRST, SECOND, CLOSED = (Effect("a", name) for name in STEPS)
EXPECTED = {"a": STEPS}


def test_a_case_whose_effects_are_there_once_and_in_order_is_clean() -> None:
    verdict = judge(EXPECTED, [CREATED, FIRST, SECOND, CLOSED])
    assert verdict == Verdict(4, lost=0, duplicated=0, misordered=0, unexpected=0, repeats=0)
    assert verdict.is_clean


def test_effects_of_other_cases_between_those_of_one_are_no_disorder() -> None:
    both = {"a": ("create_ticket s1", "close_ticket s2 on s1"), "b": ("create_ticket s1", "close_ticket s2 on s1")}
    effects = [Effect(case, both[case][place]) for place in (0, 1) for case in ("b", "a")]
    assert judge(both, effects).is_clean


@pytest.mark.parametrize(
    ("effects", "planted", "number"),
    [
        pytest.param([FIRST, SECOND, CLOSED], "lost", 1, id="a create is missing"),
        pytest.param([CREATED, FIRST, CLOSED], "lost", 1, id="a note is missing"),
        pytest.param([CREATED, FIRST, SECOND], "lost", 1, id="a close is missing"),
        pytest.param([], "lost", 4, id="everything is missing"),
        pytest.param([CREATED, CREATED, FIRST, SECOND, CLOSED], "duplicated", 1, id="created twice"),
        pytest.param([CREATED, FIRST, SECOND, FIRST, CLOSED], "duplicated", 1, id="a note twice"),
        pytest.param([CREATED, FIRST, SECOND, CLOSED, CLOSED, CLOSED], "duplicated", 2, id="closed three times"),
        pytest.param([FIRST, CREATED, SECOND, CLOSED], "misordered", 1, id="a note before its ticket"),
        pytest.param([CREATED, SECOND, FIRST, CLOSED], "misordered", 1, id="two notes changed places"),
        pytest.param([CREATED, CLOSED, FIRST, SECOND], "misordered", 1, id="closed before its notes"),
        pytest.param([CREATED, FIRST, SECOND, CLOSED, Effect("b", "create_ticket s1")], "unexpected", 1, id="a ticket"),
        pytest.param(
            [CREATED, FIRST, SECOND, CLOSED, Effect("a", "reopen_ticket on s1")], "unexpected", 1, id="a reopening"
        ),
        pytest.param(
            [CREATED, FIRST, SECOND, CLOSED, Effect("a", "add_note s3 on s9")], "unexpected", 1, id="another's ticket"
        ),
    ],
)
def test_the_checker_sees_what_was_planted(effects: list[Effect], planted: str, number: int) -> None:
    verdict = judge(EXPECTED, effects)
    found = {name: getattr(verdict, name) for name in ("lost", "duplicated", "misordered", "unexpected")}
    assert found == dict.fromkeys(found, 0) | {planted: number}
    assert not verdict.is_clean
    assert verdict.wrong == (("b",) if effects[-1:] == [Effect("b", "create_ticket s1")] else ("a",))


def test_a_note_that_says_that_it_may_be_a_repeat_counts_as_one_and_not_as_a_duplicate() -> None:
    again = Effect("a", FIRST.name, may_repeat=True)
    verdict = judge(EXPECTED, [CREATED, FIRST, again, SECOND, CLOSED])
    assert (verdict.repeats, verdict.duplicated, verdict.is_clean) == (1, 0, True)


def test_a_note_that_says_so_and_is_the_first_is_no_repeat() -> None:
    assert judge(EXPECTED, [CREATED, Effect("a", FIRST.name, may_repeat=True), SECOND, CLOSED]).repeats == 0


def recorded(kind: str, ticket: int, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "ticket_id": str(ticket), "body": json.dumps(body)}


def test_what_the_tickets_api_recorded_is_named_by_case_step_and_ticket() -> None:
    records = [
        recorded("create_ticket", 7, subject="DiskFull a1", description="full\n\nAnnotations:\n  step: s1"),
        recorded("update_ticket", 7, priority="high"),
        recorded("add_note", 7, body="This may be a repeat.\n\n  step: s2"),
        recorded("close_ticket", 7, resolution_notes="  step: s3"),
        recorded("reopen_ticket", 7, status="open"),
        recorded("create_ticket", 8, subject="DiskFull a1", description="  step: s4"),
        recorded("add_note", 8, body="  step: s5"),
        recorded("add_note", 9, body="  step: s1"),
    ]
    effects = observe(records)
    assert [each.name for each in effects] == [
        "create_ticket s1",
        "update_ticket high on s1",
        "add_note s2 on s1",
        "close_ticket s3 on s1",
        "reopen_ticket on s1",
        "create_ticket s4",
        "add_note s5 on s4",
        "add_note s1 on ?",
    ]
    assert [each.case for each in effects] == ["a1"] * 7 + ["?"]
    assert [each.may_repeat for each in effects] == [False, False, True, *[False] * 5]


def test_notes_that_were_joined_into_one_are_an_effect_each() -> None:
    notes = [json.dumps({"body": f"step: s{number}", "private": True}).encode() for number in (2, 3)]
    whole, number = joined("add_note", notes)
    assert number == 2
    effects = observe([{"kind": "add_note", "ticket_id": "7", "body": whole.decode()}])
    assert [each.name for each in effects] == ["add_note s2 on ?", "add_note s3 on ?"]


def test_a_repeat_is_known_by_what_the_worker_writes_into_it() -> None:
    marked = as_repeat(json.dumps({"body": "step: s2", "private": False}).encode(), datetime(2026, 3, 1, tzinfo=UTC))
    (effect,) = observe([{"kind": "add_note", "ticket_id": "7", "body": marked.decode()}])
    assert effect.may_repeat


def test_the_story_of_a_case_shows_what_must_be_and_what_was() -> None:
    told = story("a", EXPECTED, [CREATED, Effect("b", "create_ticket s1"), CLOSED])
    assert "must be: create_ticket s1 | add_note s2 on s1 | add_note s3 on s1 | close_ticket s4 on s1" in told
    assert "was:     create_ticket s1 | close_ticket s4 on s1" in told


# The stream


def test_a_stream_has_as_many_events_as_were_asked_for_and_is_the_same_for_the_same_seed() -> None:
    made = stream.make(1000, seed=3)
    assert made.events == 1000
    assert made == stream.make(1000, seed=3)
    assert made != stream.make(1000, seed=4)


def test_every_step_waits_for_the_one_before_it_in_its_case_and_is_sent_after_it() -> None:
    made = stream.make(1000, seed=1)
    last: dict[str, int] = {}
    for delivery in made.deliveries:
        for step in delivery.steps:
            assert last.get(step.case, delivery.number) in (*delivery.after, delivery.number)
            last[step.case] = delivery.number
        assert all(number < delivery.number for number in delivery.after)
    first = {number: place for place, number in reversed(list(enumerate(made.sendings)))}
    assert sorted(first) == [each.number for each in made.deliveries]
    assert all(first[before] < first[each.number] for each in made.deliveries for before in each.after)


def test_no_name_of_an_effect_is_expected_twice_in_a_case() -> None:
    for case, names in stream.make(3000, seed=1).expected.items():
        assert len(set(names)) == len(names), case


def test_a_stream_has_copies_late_copies_and_every_kind_of_effect_and_cases_without_any() -> None:
    made = stream.make(1000, seed=1)
    assert max(Counter(made.sendings).values()) >= 3
    assert any(number < max(made.sendings[:place], default=0) for place, number in enumerate(made.sendings))
    kinds = {name.split()[0] for names in made.expected.values() for name in names}
    assert kinds == {"create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket"}
    assert () in made.expected.values()
    assert max(len(names) for names in made.expected.values()) >= 8


# The faults


KILLS = [f"kill {number}" for number in range(11)]
CONDITIONS = [f"condition {number}" for number in range(9)]


def test_every_kind_of_fault_happens_before_one_happens_again() -> None:
    order = faults.order_of(KILLS, CONDITIONS, 50, seed=1)
    assert sorted(order[:20]) == sorted(order[20:40]) == sorted(KILLS + CONDITIONS)
    assert len(order) == 50


@pytest.mark.parametrize("kills", [KILLS, KILLS[:3]])
def test_a_dozen_faults_have_each_condition_among_them_in_an_order_of_the_seed(kills: list[str]) -> None:
    orders = [faults.order_of(kills, CONDITIONS, faults.CONDITIONS_WITHIN, seed) for seed in range(20)]
    assert all(set(CONDITIONS) < set(each) for each in orders)
    assert len({tuple(each) for each in orders}) > 1
    assert {name for each in orders for name in each} == {*kills, *CONDITIONS}


def test_the_clock_is_set_both_ways_and_beyond_half_an_hour_and_never_drifts_away() -> None:
    offs: list[timedelta] = []
    near, far = clock_steps(offs.append).values()
    for each in (near, far, near, far):
        each.begin()
        each.end()
    steps = [after - before for before, after in pairwise([timedelta(0), *offs])]
    assert steps == [NEAR, -FAR, -NEAR, FAR]
    assert timedelta(minutes=30) < FAR
    assert offs[-1] == timedelta(0)


def test_a_process_follows_the_switches_and_those_of_before_its_start(tmp_path: Path) -> None:
    switches = Switches(tmp_path / "switches")
    switches.clock_is_off_by = timedelta(hours=2)
    switches.commits_are_slow = True
    others = Switches(switches.path)
    assert others.commits_are_slow
    assert others.now(UTC) - datetime.now(UTC) == pytest.approx(timedelta(hours=2), abs=timedelta(minutes=1))
    others.clock_is_off_by = timedelta(0)
    assert switches.clock_is_off_by == timedelta(0)


@pytest.mark.parametrize(("dice", "seconds"), [(0.0, 0.1), (1.0, 3.0)])
def test_a_slow_commit_takes_between_a_tenth_of_a_second_and_three_seconds(dice: float, seconds: float) -> None:
    assert slow_commit(dice) == pytest.approx(seconds)


def test_the_tickets_api_can_do_all_that_goes_wrong_there() -> None:
    made = [FaultRule(**each) for each in faults.rules(1)]
    assert {each.action for each in made} == {"reset", "status", "truncate", "drip", "latency", "search_lag"}
    assert {each.status for each in made if each.action == "status"} == {500, 502, 503, 429}


# The alarms


def test_an_alarm_is_seen_when_it_comes_up_and_when_it_is_over() -> None:
    with shown_metrics() as (url, show), closing(AlarmWatch(url)) as watch:
        assert watch.left() == frozenset()
        show("clock_jumped", "stalled")
        assert watch.comes_up("clock_jumped")
        assert not watch.comes_up("delivery_failing", patience=0.3)
        assert watch.left(patience=0.3) == {"clock_jumped", "stalled"}
        show("stalled")
        assert watch.is_over("clock_jumped")
        show("clock_jumped")
        assert watch.comes_up("clock_jumped")
        assert watch.raised == {"clock_jumped": 2, "stalled": 1}


@contextmanager
def shown_metrics() -> Iterator[tuple[str, Callable[..., None]]]:
    """Serve `/metrics` with the alarms that are shown."""
    gauges = Metrics()
    up: list[str] = []
    gauges.add_gauges(
        lambda: iter([("ledger_up", {}, 1), *(("alarm", {"alarm": each}, each in up) for each in ALARMS)])
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(generate_latest(gauges.registry))

        def log_message(self, *_: object) -> None: ...

    def show(*names: str) -> None:
        up[:] = names

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", show
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    "wrong", [{"dead": 1}, {"missing_alarms": ("clock_jumped (clock set by 90 s, fault 3)",)}, {"left_alarms": ("x",)}]
)
def test_a_run_with_a_missing_or_a_left_alarm_is_not_clean(wrong: dict[str, Any]) -> None:
    clean = Outcome(2, 1, 0, 0, 1.0, judge({}, []), ())
    assert clean.is_clean
    assert not replace(clean, **wrong).is_clean


# The runs


MARKS = {
    "embedded": (),
    "redis": (pytest.mark.own_postgresql, pytest.mark.own_redis),
    "rabbitmq": (pytest.mark.own_postgresql, pytest.mark.own_rabbitmq),
}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that the user `postgres` can reach too."""
    with tempfile.TemporaryDirectory(prefix="ticketrelay-chaos-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", [pytest.param(each, marks=MARKS[each]) for each in get_args(Kind)])
def test_a_short_run_loses_doubles_and_misorders_nothing_whatever_is_killed(kind: Kind, open_folder: Path) -> None:
    outcome = run(kind, open_folder, events=200, faults=4, seed=7)
    assert outcome.is_clean, (outcome, *outcome.stories)
    assert outcome.events == 200
    expected = sum(len(names) for names in stream.make(200, seed=7).expected.values())
    assert outcome.verdict.effects - outcome.verdict.repeats == expected
    assert outcome.api_faults > 0
    assert sum(outcome.kinds.values()) == 4
