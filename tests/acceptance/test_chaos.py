"""Does the checker see what it is there to see, and does a short run pass it?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.chaos import Effect, Verdict, is_clean, judge, run

CREATED, CLOSED = Effect("create_ticket", "a"), Effect("close_ticket", "a")


def test_a_ticket_that_is_created_and_then_closed_is_clean() -> None:
    verdict = judge(["a"], ["a"], [CREATED, CLOSED], faults=0)
    assert is_clean(verdict)
    assert verdict == Verdict(2, 2, 0, lost=0, duplicated=0, misordered=0, unexpected=0)


@pytest.mark.parametrize(
    ("effects", "planted"),
    [
        pytest.param([CLOSED], "lost", id="a create is missing"),
        pytest.param([CREATED], "lost", id="a close is missing"),
        pytest.param([CREATED, CREATED, CLOSED], "duplicated", id="created twice"),
        pytest.param([CREATED, CLOSED, CLOSED], "duplicated", id="closed twice"),
        pytest.param([CLOSED, CREATED], "misordered", id="closed before it was created"),
        pytest.param(
            [CREATED, CLOSED, Effect("create_ticket", "b")], "unexpected", id="a ticket that nobody asked for"
        ),
        pytest.param([CREATED, CLOSED, Effect("add_note", "a")], "unexpected", id="a note that nobody asked for"),
    ],
)
def test_the_checker_sees_what_was_planted(effects: list[Effect], planted: str) -> None:
    verdict = judge(["a"], ["a"], effects, faults=0)
    assert getattr(verdict, planted) == 1
    assert not is_clean(verdict)


def test_a_short_run_with_kills_and_faults_loses_doubles_and_misorders_nothing(tmp_path: Path) -> None:
    verdict = run(tmp_path / "var", events=60, kills=2, seed=7)
    assert is_clean(verdict), verdict
    assert verdict.events == verdict.effects == 60
