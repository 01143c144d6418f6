"""The checker of damaged messages detects planted faults, and a short run of each kind passes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.mutations import CHAT, Kind, Outcome, Verdict, is_clean, judge, run

COUNT = 300
CLEAN = Verdict(
    "email", 10, answered_200=7, answered_202=3, answered_4xx=0, answered_5xx=0, with_events=5, accounted_for=10
)


def test_what_was_answered_is_counted_by_status_and_by_what_it_led_to() -> None:
    outcomes = Counter(
        {
            Outcome(200, "accepted", has_events=True): 4,
            Outcome(200, "accepted", has_events=False): 2,
            Outcome(200, "a reply", has_events=False): 1,
            Outcome(202, "quarantined", has_events=True): 1,
            Outcome(202, "quarantined", has_events=False): 2,
        }
    )
    assert judge("email", outcomes, accounted_for=10) == CLEAN
    assert is_clean(CLEAN, errors=0)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"answered_5xx": 1, "answered_200": 6, "accounted_for": 9}, id="answered 5xx"),
        pytest.param({"accounted_for": 9}, id="one is missing in the ledger"),
        pytest.param({"accounted_for": 11}, id="one is in the ledger that was refused"),
        pytest.param({"with_events": 1}, id="too few mean anything"),
        pytest.param({"answered_202": 2, "accounted_for": 9}, id="answered with something else"),
    ],
)
def test_the_checker_sees_what_was_planted(changes: dict[str, Any]) -> None:
    assert not is_clean(replace(CLEAN, **changes), errors=0)


def test_an_error_in_the_log_counts_although_every_answer_was_good() -> None:
    assert not is_clean(CLEAN, errors=1)


@pytest.mark.parametrize("kind", ["email", *CHAT])
def test_damaged_messages_are_answered_and_accounted_for(kind: Kind, tmp_path: Path) -> None:
    verdict, outcomes, errors = run(kind, count=COUNT, seed=7, folder=tmp_path)
    assert errors == []
    assert is_clean(verdict, errors=0), (verdict, outcomes)
    assert verdict.count == COUNT
    assert verdict.answered_202 > 0
    assert verdict.answered_202 > 0
