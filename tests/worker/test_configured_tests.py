"""`ticketrelay test` reports whether a configuration does what its own tests expect."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from click.testing import CliRunner, Result

from connectors.contract.messages import Inbound, Parsed
from worker.actions.samples import NotOneMessage, sample_in
from worker.cli import main
from worker.documents.events import Exported
from worker.documents.registry import adapter
from worker.ledger import Delivery, Ledger
from worker.planning.model import KINDS
from worker.rehearsal.trial import Sample
from worker.settings.expectations import Operation

from .commands import command

EXAMPLE = Path(__file__).parents[2] / "ticketrelay.example.yaml"
Cli = Callable[..., Result]

CONFIG = """\
sources:
  prom:
    kind: alertmanager
    secret_file: secret

routes:
  - name: core
    match: labels.team = core
    priority: {critical: urgent}
    category: storage
    subject: "core: {{ subject }}"
    damping: 30s
  - name: noise
    match: labels.team = none
    drop: nobody's
"""
FIRING = """{"alerts": [{"status": "firing", "fingerprint": "f1", "startsAt": "2026-03-01T10:00:00Z",
  "labels": {"team": "%s", "severity": "critical"}, "annotations": {"summary": "The disk is full"}}]}"""
ENDED = """{"alerts": [{"status": "resolved", "fingerprint": "f1", "startsAt": "2026-03-01T10:00:00Z",
  "endsAt": "2026-03-01T10:05:00Z", "labels": {"team": "core"}}]}"""


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs `test` with the configuration and these tests, in the test's folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text("correct horse\n")
    (tmp_path / "firing.json").write_text(FIRING % "core")
    none = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}

    def run(tests: list[dict[str, Any]] | None, *arguments: str) -> Result:
        # JSON is YAML, in the flow style.
        section = f"tests: {json.dumps(tests)}\n" if tests is not None else ""
        Path("c.yaml").write_text(CONFIG + section)
        return CliRunner().invoke(main, ["test", "--config", "c.yaml", *arguments], env=none)

    return run


def a_test(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "one", "source": "prom", "steps": list(steps), **more}


def a_step(message: str = FIRING % "core", after: str | None = None, **expect: Any) -> dict[str, Any]:
    return {"message": message, "expect": expect} | ({"after": after} if after else {})


def mismatches(result: Result) -> list[tuple[int, str, Any, Any]]:
    found = json.loads(result.stdout)["tests"][0]["mismatches"]
    return [(each["step"], each["what"], each["expected"], each["got"]) for each in found]


AS_IT_IS: dict[str, Any] = {
    "events": 1, "routes": ["core"], "operations": ["create_ticket"], "priority": "urgent", "category": "storage",
    "subject": "core: The disk is full", "private": False,
}  # fmt: skip


def test_what_comes_out_as_it_should_is_ok(cli: Cli) -> None:
    result = cli([a_test(a_step(**AS_IT_IS))])
    assert (result.exit_code, result.stdout) == (0, "ok      one\n")
    assert result.stderr == "1 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ({"events": 2}, 1),
        ({"routes": ["noise"]}, ["core"]),
        ({"operations": []}, ["create_ticket"]),
        ({"operations": ["create_ticket", "add_note"]}, ["create_ticket"]),
        ({"priority": "low"}, "urgent"),
        ({"category": "network"}, "storage"),
        ({"subject": "the disk is full"}, "core: The disk is full"),
        ({"private": True}, False),
        ({"dropped": "nobody's"}, None),
    ],
)
def test_each_thing_that_comes_out_otherwise_is_told_with_both(cli: Cli, expected: dict[str, Any], got: object) -> None:
    ((what, wanted),) = expected.items()
    result = cli([a_test(a_step(**expected))], "-o", "json")
    assert result.exit_code == 1
    assert mismatches(result) == [(1, what, wanted, got)]


def test_a_mismatch_names_its_place_in_the_file(cli: Cli) -> None:
    result = cli([a_test(a_step(priority="low", operations=[]))])
    line = CONFIG.count("\n") + 1
    assert result.stdout == (
        "FAILED  one\n"
        f"        c.yaml:{line}: step 1: operations: expected none, got create_ticket\n"
        f"        c.yaml:{line}: step 1: priority: expected low, got urgent\n"
    )
    assert result.stderr == "0 passed, 1 failed\n"


def test_what_a_route_drops_is_told_with_its_reason(cli: Cli) -> None:
    assert cli([a_test(a_step(FIRING % "none", dropped="nobody's", operations=[]))]).exit_code == 0


def test_steps_follow_each_other_and_time_passes_between_them(cli: Cli) -> None:
    opened = a_step(operations=["create_ticket"])
    assert cli([a_test(opened, a_step(ENDED, after="31s", operations=["close_ticket"]))]).exit_code == 0
    assert cli([a_test(opened, a_step(ENDED, after="29s", operations=[]))]).exit_code == 0
    assert cli([a_test(opened, a_step(operations=[]))]).exit_code == 0  # a repeat


def test_a_message_that_cannot_be_read_is_told_with_the_reason(cli: Cli) -> None:
    result = cli([a_test(a_step("{")) | {"steps": [{"message": "{", "expect": {"operations": []}}]}], "-o", "json")
    ((step, what, expected, got),) = mismatches(result)
    assert (step, what, expected) == (1, "message", "a readable message")
    assert got.startswith("the body is not JSON")


def test_a_message_may_stand_in_a_file_beside_the_configuration(cli: Cli) -> None:
    step = {"file": "firing.json", "expect": {"operations": ["create_ticket"]}}
    assert cli([a_test(step)]).exit_code == 0
    result = cli([a_test(step | {"file": "gone.json"})])
    assert result.exit_code == 1
    assert "file: expected a readable file, got gone.json: No such file or directory" in result.stdout


def exported(url: str, *ids: str) -> str:
    return "".join(command(url, "events", "export", each, "--redact", "-o", "jsonl").stdout for each in ids)


def test_what_events_export_printed_is_a_message(cli: Cli, tmp_path: Path, sqlite_ledger: Ledger) -> None:
    for team in ("core", "none"):
        arrived = Inbound("prom", datetime.now(UTC), (FIRING % team).encode(), (("x-of", "ada@example.org"),))
        sqlite_ledger.record([Delivery(arrived, Parsed())])
    url = str(sqlite_ledger.database.url)
    steps = [{"file": "one.json", "expect": {"operations": ["create_ticket"], "subject": "core: The disk is full"}}]
    for text in (exported(url, "in-1"), f"[{exported(url, 'in-1')}]"):
        (tmp_path / "one.json").write_text(text)
        result = cli([{"name": "x", "source": "prom", "steps": steps}])
        assert (result.exit_code, result.stdout) == (0, "ok      x\n")
        seen = command(url, "explain", "alertmanager", "one.json", "--unverified", "--config", "c.yaml")
        assert "      subject: core: The disk is full\n" in seen.stdout
    (tmp_path / "one.json").write_text(f"[{','.join(exported(url, 'in-1', 'in-2').splitlines())}]")
    result = cli([{"name": "x", "source": "prom", "steps": steps}])
    assert result.exit_code == 1
    assert "expected one message, got an export of 2 deliveries: expected one; take one" in result.stdout
    seen = command(url, "explain", "alertmanager", "one.json", "--unverified", "--config", "c.yaml")
    assert (seen.exit_code, "an export of 2 deliveries" in seen.stderr) == (2, True)


@pytest.mark.parametrize("raw", [b"[]", b"{}", b"", b"\xff", b'{"id": "in-1", "body": 7}', b"[" * 5000])
def test_what_is_no_export_is_a_body(raw: bytes) -> None:
    assert sample_in(raw) == Sample(raw)


def test_a_body_that_is_no_text_comes_back_from_its_export() -> None:
    one = Exported("in-1", "prom", None, datetime.now(UTC), redacted=False, headers=(), query="a=b", body=None,
                   body_base64="/wA=")  # fmt: skip
    assert sample_in(adapter("events-export").dump_json([one])) == Sample(b"\xff\x00", (), "a=b")
    broken = replace(one, body_base64="a")
    with pytest.raises(NotOneMessage, match="an export whose body cannot be read"):
        sample_in(adapter("events-export").dump_json([broken]))


def test_tests_in_files_beside_the_configuration_are_taken_or_those_that_are_named(cli: Cli) -> None:
    wanted: tuple[dict[str, Any], ...] = ({"events": 1}, {"events": 2})
    good, bad = (json.dumps({"tests": [a_test(a_step(**each), name="beside")]}) for each in wanted)
    Path("good.tests.yaml").write_text(good)
    Path("other.yaml").write_text(bad)
    assert cli([a_test(a_step(events=1))]).stderr == "2 passed, 0 failed\n"
    result = cli(None, "other.yaml")
    assert (result.exit_code, result.stderr) == (1, "0 passed, 1 failed\n")
    assert "other.yaml:1: step 1: events: expected 2, got 1" in result.stdout


def test_a_file_of_tests_with_anything_else_in_it_is_refused(cli: Cli) -> None:
    Path("other.yaml").write_text("tests: []\nserver: {}\n")
    result = cli(None, "other.yaml")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: other.yaml: remove server: a file of tests has the section tests and no other\n",
    )


def test_no_test_at_all_is_no_success(cli: Cli) -> None:
    result = cli(None)
    assert (result.exit_code, result.stderr) == (1, "Error: there is no test\n")


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ([a_test(a_step(events=1), source="prmo")], "there is no 'prmo' in sources"),
        ([a_test(a_step(routes=["cor"]))], "there is no 'cor' in routes"),
        ([a_test(a_step())], "the expectation is empty: add one, such as operations: [create_ticket]"),
        ([a_test({"expect": {"events": 1}})], "a step has either message: or file:"),
        ([a_test()], "at least 1 item"),
        ([a_test(a_step(operations=["close"]))], "'create_ticket'"),
        ([a_test(a_step(event=1))], "there is no setting 'event'"),
    ],
)
def test_a_test_that_cannot_be_meant_is_a_mistake_in_the_file(cli: Cli, tests: list[dict[str, Any]], said: str) -> None:
    result = cli(tests)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.startswith("c.yaml:")


def test_the_operations_that_can_be_expected_are_those_that_there_are() -> None:
    assert get_args(Operation) == KINDS


def test_the_example_passes_its_own_tests() -> None:
    none = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}
    result = CliRunner().invoke(main, ["test", "--config", str(EXAMPLE)], env=none)
    assert (result.exit_code, result.stderr) == (0, "2 passed, 0 failed\n")
