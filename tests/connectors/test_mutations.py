"""Tests that every connector accounts for damaged but validly signed deliveries, with a few hundred of each kind."""

from __future__ import annotations

from collections import Counter

import pytest

from connectors import kinds
from tests.connectors.mutations import FAILURES, Outcome, is_clean, run
from tests.connectors.sealing import SAYS_NOTHING

COUNT = 300


@pytest.mark.parametrize("kind", [each for each in kinds() if each not in SAYS_NOTHING])
def test_a_damaged_delivery_is_read_remarked_on_or_refused(kind: str) -> None:
    cases = list(run(kind, number=COUNT, seed=11))
    assert [each for each in cases if each.outcome in FAILURES] == []
    outcomes = Counter(each.outcome for each in cases)
    assert is_clean(outcomes), outcomes
    assert outcomes["refused"] + outcomes["unreadable"] + outcomes["ignored"] > 0


@pytest.mark.parametrize("failure", FAILURES)
def test_the_checker_sees_a_single_failure_and_too_few_events(failure: Outcome) -> None:
    fine: Counter[Outcome] = Counter({"events": 20, "refused": 80})
    assert is_clean(fine)
    assert not is_clean(fine + Counter({failure: 1}))
    assert not is_clean(Counter({"events": 19, "refused": 81}))
