"""The table of outcomes: what follows from each answer to a call, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from tickets.errors import AskPerson, RepeatTwice, RepeatUnchanged, SendLater, StopSending, TicketsError
from worker.delivery.outcomes import MAX_CONFLICTS, CallResult, backoff, before_send, done, failed
from worker.ledger import Claim, CloseGate, Settlement
from worker.planning.model import KINDS, Kind
from worker.settings import TimingSettings

from .builders import NOON

TIMING = TimingSettings()
LATENCY = timedelta(milliseconds=250)


CREATE = Claim(
    case_id=1, seq=1, epoch=1, kind="create_ticket", mode="send", source="prom", inbound_id=1, ticket_id=None,
    request=b"{}", idempotency_key="k", first_sent_at=NOON, last_sent_at=NOON, claimed_at=NOON,
    ambiguous=False, unproven=False, conflicts=0, attempts=0,
)  # fmt: skip


def claimed(kind: Kind = "create_ticket", **more: Any) -> Claim:
    return replace(CREATE, **({"kind": kind, "ticket_id": None if kind == "create_ticket" else "T-1"} | more))


def after(error: TicketsError, *, fraction: float = 1.0, **more: Any) -> Settlement:
    return failed(claimed(**more), error, NOON, LATENCY, TIMING, lambda: fraction)


def seconds(settlement: Settlement) -> float:
    assert settlement.again_at is not None
    return (settlement.again_at - NOON).total_seconds()


def test_an_answer_is_done_and_tells_of_the_ticket() -> None:
    settlement = done(CallResult("T-1", "open", "ticket T-1 open"), LATENCY)
    assert (settlement.state, settlement.outcome, settlement.unknown) == ("done", "done", False)
    assert (settlement.ticket_id, settlement.ticket_status, settlement.response) == ("T-1", "open", "ticket T-1 open")
    assert settlement.latency == LATENCY


@pytest.mark.parametrize("status", [None, 503])
def test_what_was_not_executed_is_sent_again_soon(status: int | None) -> None:
    settlement = after(SendLater("refused", status=status))
    assert (settlement.state, settlement.outcome, settlement.unknown) == ("again", "not executed", False)
    assert (settlement.gate, settlement.status) == (None, status)
    assert seconds(settlement) <= 5


def test_what_was_not_executed_is_sent_again_soon_after_many_attempts_too() -> None:
    assert seconds(after(SendLater("refused"), attempts=30)) == 5


@pytest.mark.parametrize("asked", [0.0, 0.5, 7.0, 3600.0])
def test_what_was_not_executed_waits_as_long_as_the_service_asks(asked: float) -> None:
    assert seconds(after(SendLater("busy", status=503, retry_after=asked), fraction=0.5)) == asked


def test_a_429_closes_the_gate_for_as_long_as_the_service_asks() -> None:
    settlement = after(SendLater("slow down", status=429, retry_after=17.0))
    assert settlement.gate == CloseGate(NOON + timedelta(seconds=17), "budget")
    assert seconds(settlement) == 17


def test_a_429_that_asks_for_nothing_closes_the_gate_for_a_short_time() -> None:
    settlement = after(SendLater("slow down", status=429), attempts=2)
    assert settlement.gate == CloseGate(NOON + timedelta(seconds=5), "budget")


@pytest.mark.parametrize("status", [None, 500, 502, 504])
def test_an_unknown_outcome_waits_for_the_ghost_and_backs_off(status: int | None) -> None:
    settlement = after(RepeatUnchanged("no answer", status=status), attempts=3)
    assert (settlement.state, settlement.outcome, settlement.unknown) == ("again", "unknown", True)
    assert (settlement.conflict, settlement.gate) == (False, None)
    assert seconds(settlement) == 60 + 8


def test_an_unknown_outcome_never_waits_less_than_the_ghost() -> None:
    assert seconds(after(RepeatUnchanged("no answer"), fraction=0.0)) == TIMING.ghost_wait


@pytest.mark.parametrize("conflicts", range(MAX_CONFLICTS))
def test_a_conflict_is_repeated_as_an_unknown_outcome(conflicts: int) -> None:
    settlement = after(RepeatTwice("in flight", status=409), conflicts=conflicts)
    assert (settlement.state, settlement.unknown, settlement.conflict) == ("again", True, True)
    assert seconds(settlement) >= TIMING.ghost_wait


def test_the_third_conflict_is_dead_and_of_unknown_outcome() -> None:
    assert MAX_CONFLICTS == 2
    settlement = after(RepeatTwice("another body", status=409), conflicts=MAX_CONFLICTS)
    assert (settlement.state, settlement.outcome, settlement.unknown) == ("dead", "unknown", True)
    assert (settlement.error, settlement.status) == ("another body", 409)
    assert seconds(settlement) == TIMING.ghost_wait, "what follows waits for what may be in flight"


def test_conflicts_do_not_end_the_patience_with_other_unknown_outcomes() -> None:
    assert after(RepeatUnchanged("no answer"), conflicts=MAX_CONFLICTS).state == "again"


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_rejection_is_dead_with_the_services_words(status: int) -> None:
    settlement = after(AskPerson("422: subject: too strange", status=status))
    assert (settlement.state, settlement.outcome, settlement.unknown) == ("dead", "rejected", False)
    assert (settlement.error, settlement.status, settlement.gate) == ("422: subject: too strange", status, None)


@pytest.mark.parametrize(("status", "reason"), [(401, "credentials"), (403, "scope")])
def test_a_refused_key_closes_the_gate_and_loses_nothing(status: int, reason: str) -> None:
    settlement = after(StopSending("no", status=status))
    assert (settlement.state, settlement.outcome, settlement.unknown) == ("again", "refused", False)
    assert settlement.gate is not None
    assert (settlement.gate.reason, settlement.gate.until) == (reason, NOON + timedelta(seconds=30))
    assert seconds(settlement) == 0


@pytest.mark.parametrize("error", [SendLater, RepeatUnchanged, RepeatTwice, AskPerson, StopSending])
def test_every_failure_keeps_its_words_status_and_latency(error: type[TicketsError]) -> None:
    settlement = after(error("what the service said", status=499))
    assert (settlement.error, settlement.status, settlement.latency) == ("what the service said", 499, LATENCY)


def test_an_error_that_nobody_thought_of_is_a_defect_and_not_a_dead_letter() -> None:
    with pytest.raises(TypeError, match="no settlement for an error"):
        after(TicketsError("new"))


@hypothesis.given(
    attempts=st.integers(0, 10**9),
    fraction=st.floats(0, 1),
    base=st.floats(0.001, 1000),
    factor=st.floats(1, 80),
)
def test_a_backoff_is_between_nothing_and_its_ceiling(
    attempts: int, fraction: float, base: float, factor: float
) -> None:
    timing = TimingSettings(backoff_base=base, backoff_cap=base * factor)
    pause = backoff(attempts, timing, lambda: fraction).total_seconds()
    ceiling = min(timing.backoff_cap, base * 2.0 ** min(attempts, 64))
    assert pause == pytest.approx(ceiling * fraction, abs=1e-6)


@hypothesis.given(st.integers(0, 60))
def test_a_backoff_grows_until_its_cap(attempts: int) -> None:
    now, later = (backoff(each, TIMING, lambda: 1.0) for each in (attempts, attempts + 1))
    assert now < later or now == later == timedelta(seconds=TIMING.backoff_cap)


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_send_is_made(kind: Kind) -> None:
    assert before_send(claimed(kind)) is None


@pytest.mark.parametrize("kind", [each for each in KINDS if each != "create_ticket"])
def test_a_call_on_a_ticket_that_was_never_made_is_dead(kind: Kind) -> None:
    settlement = before_send(claimed(kind, ticket_id=None))
    assert settlement is not None
    assert (settlement.state, settlement.unknown) == ("dead", False)


def test_a_note_that_must_not_be_repeated_is_a_persons_and_says_since_when() -> None:
    settlement = before_send(claimed("add_note", mode="park", ambiguous=True))
    assert settlement is not None
    assert (settlement.state, settlement.outcome) == ("dead", "unknown")
    assert settlement.error is not None
    assert "2026-02-20 12:00 UTC" in settlement.error


def test_a_ticket_that_a_person_reopened_after_an_attempt_is_not_closed_again() -> None:
    reopened = {"mode": "look_up", "ambiguous": True, "reopened_at": NOON + timedelta(seconds=1)}
    settlement = before_send(claimed("close_ticket", **reopened))
    assert settlement is not None
    assert settlement.state == "done"


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"ambiguous": True, "reopened_at": NOON - timedelta(seconds=1)}, id="reopened before it was sent"),
        pytest.param({"ambiguous": True, "reopened_at": None}, id="nothing is known"),
    ],
)
def test_a_ticket_is_closed_where_no_person_reopened_it_after_an_attempt(more: dict[str, Any]) -> None:
    assert before_send(claimed("close_ticket", **more)) is None


def test_a_close_of_a_ticket_that_is_gone_is_done() -> None:
    settlement = after(AskPerson("404", status=404, code="not_found"), kind="close_ticket")
    assert (settlement.state, settlement.ticket_status) == ("done", "gone")


def test_a_404_that_the_service_did_not_say_itself_closes_nothing() -> None:
    settlement = after(AskPerson("404", status=404), kind="close_ticket")
    assert (settlement.state, settlement.ticket_status) == ("dead", None)


def test_a_question_that_got_no_answer_is_asked_again_without_a_ghost_to_wait_for() -> None:
    settlement = after(RepeatUnchanged("no answer"), mode="look_up", ambiguous=True, attempts=2)
    assert (settlement.state, settlement.outcome, settlement.unknown) == ("again", "not executed", False)
    assert seconds(settlement) == 4


def test_a_question_that_our_key_may_not_ask_stops_nobody_else() -> None:
    settlement = after(StopSending("no", status=403), mode="look_up", ambiguous=True)
    assert settlement.gate is not None
    assert settlement.gate.reading
    assert seconds(settlement) == TIMING.probe_interval
