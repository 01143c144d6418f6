"""The rules of exactly-once delivery hold in every interleaving, and each of them is needed."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tests.model.ablations import ABLATIONS, Ablation, by_name, setting
from tests.model.explore import explore, steps
from tests.model.rules import Rules, World
from tests.model.scenarios import SCENARIOS, Scenario, Setting, first_state

pytestmark = pytest.mark.timeout(600)  # seconds of CPU, possibly minutes on a busy machine


@pytest.mark.share(of=4)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[each.name for each in SCENARIOS])
def test_with_all_rules_on_no_interleaving_breaks_a_promise(scenario: Scenario) -> None:
    found = explore(Setting(scenario))
    assert found.violation is None, "\n".join(found.trace)
    assert found.states > 500, "so few states are not all interleavings"


@pytest.mark.parametrize("ablation", ABLATIONS, ids=[each.switch for each in ABLATIONS])
def test_without_this_rule_some_interleaving_breaks_a_promise(ablation: Ablation) -> None:
    found = explore(setting(ablation))
    assert found.violation is not None
    assert ablation.breaks in found.violation


def test_every_switch_is_turned_off_once() -> None:
    switches = [each.name for kind in (Rules, World) for each in fields(kind)]
    assert sorted(switches) == sorted(each.switch for each in ABLATIONS)


@pytest.mark.parametrize("ablation", ABLATIONS[2:8], ids=[each.switch for each in ABLATIONS[2:8]])
def test_a_trace_can_be_walked_again_to_the_promise_that_it_breaks(ablation: Ablation) -> None:
    chosen = setting(ablation)
    found = explore(chosen)
    reached = {first_state(chosen.scenario)}
    for what in found.trace[:-1]:
        reached = {step.state for state in reached for step in steps(chosen, state) if step.what == what}
    last = [step for state in reached for step in steps(chosen, state) if step.what == found.trace[-1]]
    assert found.violation in [step.violation for step in last]


def test_what_can_go_wrong_did_go_wrong_while_no_promise_was_broken() -> None:
    found = explore(Setting(by_name("create, note, close")))
    assert found.violation is None
    for what in (
        "kill -9 of a worker",
        "503 for add_note (2)",
        "time-out or 500 of add_note (2): the request may live on",
        "the service executes add_note (2); the answer is lost",
        "late, the service executes add_note (2)",
        "late, the service knows the key add_note (2)",
        "the worker sees that it is too late to send",
        "the expired lease is taken back",
        "settle of add_note (2) is refused",
    ):
        assert what in found.moves


def test_no_two_requests_with_one_key_are_ever_at_the_service_together() -> None:
    with_rules = explore(Setting(by_name("create, note, close")))
    assert not [what for what in with_rules.moves if "another attempt" in what]
