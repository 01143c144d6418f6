"""The ablations fit the code, their tests exist, and a run tells noticed rules from unnoticed ones."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.ablations.__main__ import in_order_of, main, named
from tests.ablations.ablation import ROOT, Ablation, Stale
from tests.ablations.rules import ABLATIONS
from tests.ablations.running import run

PAGE = ROOT / "docs" / "explanation" / "exactly-once.md"
ONE = Ablation(
    "a conflict is repeated twice",
    "worker/delivery/outcomes.py",
    "claim.conflicts >= MAX_CONFLICTS",
    "False",
    ("tests/worker/test_outcomes.py::test_the_third_conflict_is_dead_and_of_unknown_outcome",),
)


def test_the_text_of_each_rule_is_in_the_code_once() -> None:
    stale = []
    for each in ABLATIONS:
        try:
            compile(each.source(), each.file, "exec")
        except Stale as error:
            stale.append(str(error))
    assert stale == []


def test_each_rule_has_a_name_of_its_own_and_changes_something() -> None:
    assert len({each.rule for each in ABLATIONS}) == len(ABLATIONS)
    assert [each.rule for each in ABLATIONS if each.text == each.instead] == []


def test_every_test_that_should_notice_a_rule_exists() -> None:
    def exists(test: str) -> bool:
        file, _, name = test.partition("::")
        path = ROOT / file
        return path.is_file() and f"def {name.partition('[')[0]}" in path.read_text(encoding="utf-8")

    assert [test for each in ABLATIONS for test in each.tests if not exists(test)] == []
    assert [each.rule for each in ABLATIONS if not each.tests] == []


def test_the_page_has_the_number_of_rules() -> None:
    numbers = re.findall(
        r"(\d+) rules are switched off in the code, and (\d+)\s+are\s+noticed", PAGE.read_text("utf-8")
    )
    assert numbers == [(str(len(ABLATIONS)), str(len(ABLATIONS)))]


def test_a_run_tells_what_was_noticed_from_what_was_not() -> None:
    unnoticed = replace(ONE, rule="unnoticed", text="MAX_CONFLICTS = 2", instead="MAX_CONFLICTS = 1 + 1")
    stale = replace(ONE, rule="stale", text="this is not in the code")
    broken = replace(ONE, rule="broken", instead="this is no Python")
    untested = replace(ONE, rule="untested", tests=("tests/worker/test_outcomes.py::test_that_is_missing",))
    ran = {one.rule: result for one, result in run([ONE, unnoticed, stale, broken, untested], at_once=2)}
    assert {rule: result.verdict for rule, result in ran.items()} == {
        ONE.rule: "noticed", "unnoticed": "unnoticed", "stale": "stale", "broken": "broken", "untested": "broken",
    }  # fmt: skip
    assert ran[ONE.rule].failed == ONE.tests
    assert "expected once" in ran["stale"].why
    assert "SyntaxError" in ran["broken"].why


def test_a_share_of_no_time_begins_no_rule() -> None:
    assert list(run([ONE], at_once=2, share_s=-1)) == []


def test_a_share_is_chosen_by_its_seed_alone() -> None:
    once, again, other = in_order_of("one", ABLATIONS), in_order_of("one", ABLATIONS), in_order_of("other", ABLATIONS)
    assert once == again != other
    assert {each.rule for each in other} == {each.rule for each in ABLATIONS}


def test_rules_are_named_by_a_part_of_their_name_or_file() -> None:
    assert named(["a conflict is"]) == [each for each in ABLATIONS if "a conflict is" in each.rule]
    assert {each.file for each in named(["queue/joining"])} == {"worker/ledger/queue/joining.py"}
    with pytest.raises(SystemExit, match="no rule has 'nonsense'"):
        named(["nonsense"])


def test_the_list_names_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert all(each.rule in printed for each in ABLATIONS)
    assert printed.endswith(f"{len(ABLATIONS)} rules\n")


@pytest.mark.parametrize("words", [[], ["--all", "--list"], ["--share", "soon"]])
def test_other_words_are_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(words)
    assert refused.value.code == 2
