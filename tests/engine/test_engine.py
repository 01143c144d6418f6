"""The real engine keeps its promises under all faults, and each of its rules is needed."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

import pytest

from tests.engine.ablations import ABLATIONS, MENDED, Ablation
from tests.engine.homes import Home
from tests.engine.machine import Step
from tests.engine.machine import search as hypothesis_search
from tests.engine.network import FATES
from tests.engine.rules import Rules
from tests.engine.simulation import Simulation
from tests.engine.walks import Found, play, search, walk
from tests.shares import examples, is_whole, number_of_the_commit

LENGTH = 60
BY_SWITCH = pytest.mark.parametrize("ablation", ABLATIONS, ids=[each.name for each in ABLATIONS])


def explained(found: Found | None) -> str:
    return "" if found is None else "\n".join([found.violation, *(f"{each}," for each in found.steps)])


@pytest.mark.share(of=3)
@pytest.mark.parametrize("first", [0, 1000, 2000])
def test_no_walk_breaks_a_promise(on_sqlite: Home, first: int) -> None:
    _, found = search(on_sqlite, Rules(), numbers=range(first, first + 40), length=LENGTH)
    assert found is None, explained(found)


def test_hypothesis_finds_no_steps_that_break_a_promise(on_sqlite: Home) -> None:
    hypothesis_search(
        on_sqlite, Rules(), examples=examples(60, of=3), length=50, number=0 if is_whole() else number_of_the_commit()
    )


@pytest.mark.postgresql
def test_no_walk_breaks_a_promise_on_postgresql(on_postgresql: Home) -> None:
    _, found = search(on_postgresql, Rules(), numbers=range(3000, 3000 + examples(20, of=2)), length=LENGTH)
    assert found is None, explained(found)


@pytest.mark.postgresql
def test_hypothesis_finds_no_steps_that_break_a_promise_on_postgresql(on_postgresql: Home) -> None:
    hypothesis_search(on_postgresql, Rules(), examples=examples(15, of=3), length=50, number=1)


@BY_SWITCH
def test_with_the_rule_on_these_steps_break_no_promise(on_sqlite: Home, ablation: Ablation) -> None:
    found = play(on_sqlite, Rules(), ablation.steps)
    assert found is None, explained(found)


@BY_SWITCH
def test_with_the_rule_off_they_break_one(on_sqlite: Home, ablation: Ablation) -> None:
    found = play(on_sqlite, ablation.rules, ablation.steps)
    assert found is not None
    assert found.violation.startswith(ablation.breaks)


@pytest.mark.postgresql
@BY_SWITCH
def test_with_the_rule_off_they_break_one_on_postgresql(on_postgresql: Home, ablation: Ablation) -> None:
    assert play(on_postgresql, Rules(), ablation.steps) is None
    assert play(on_postgresql, ablation.rules, ablation.steps) is not None


@pytest.mark.parametrize("steps", MENDED.values(), ids=MENDED.keys())
def test_what_broke_a_promise_once_does_so_no_more(on_sqlite: Home, steps: tuple[Step, ...]) -> None:
    found = play(on_sqlite, Rules(), steps)
    assert found is None, explained(found)


def test_every_switch_is_turned_off() -> None:
    assert {each.switch for each in ABLATIONS} == {each.name for each in fields(Rules)}


@pytest.mark.parametrize("switch", ["same_key", "frozen_bytes", "key_window"])
def test_chance_alone_finds_what_these_rules_prevent(on_sqlite: Home, switch: str) -> None:
    _, found = search(on_sqlite, Rules(**{switch: False}), numbers=range(60), length=LENGTH)
    assert found is not None


def test_hypothesis_alone_finds_what_the_key_prevents(on_sqlite: Home) -> None:
    with pytest.raises(AssertionError, match="took effect twice"):
        hypothesis_search(on_sqlite, Rules(same_key=False), examples=60, length=50, shrink=False)


def test_what_can_go_wrong_did_go_wrong_in_the_walks() -> None:
    chosen = Counter(each[0] for number in range(40) for each in walk(number, LENGTH))
    fates = Counter(each[3] for number in range(40) for each in walk(number, LENGTH) if each[0] == "deliver")
    assert min(chosen.values()) > 10
    assert set(fates) == set(FATES)
    assert min(fates.values()) > 10


def test_an_operation_is_delivered_and_its_effect_is_read_back(on_sqlite: Home) -> None:
    world = Simulation(on_sqlite)
    try:
        for what in ("opening", "comment", "end"):
            world.tell(world.say.about("disk", what, world.time.now))
        world.finish()
        assert [each.effect.kind for each in world.log.caused] == ["create_ticket", "add_note", "close_ticket"]
    finally:
        world.close()
