"""One process does the whole job by itself, and survives kills and restarts."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.deployments import QUICK, Embedded, alert, body, resolved
from tests.acceptance.processes import kept_port, ticketrelay, wait_until


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Embedded]:
    embedded = Embedded(tmp_path / "var", QUICK)
    embedded.start()
    yield embedded
    embedded.stop()


def kinds(embedded: Embedded) -> Counter[str]:
    return Counter(each["kind"] for each in embedded.site.effects())


def test_the_scenario_holds_and_can_be_played_again_on_the_same_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    arguments = ("run", "--once", "--data", str(data), "--listen", "127.0.0.1:0", "--smtp", "127.0.0.1:0")
    for _ in range(2):
        played = ticketrelay(*arguments, environment={})
        assert played.returncode == 0, played.stdout + played.stderr
        last = played.stdout.strip().splitlines()[-1]
        assert last == "15 in · 5 tickets · 5 notes · 2 closed · 3 duplicates suppressed · 1 dead"
        assert "dev-secret" in played.stdout
    status = json.loads(ticketrelay("status", "--data", str(data), "-o", "json", environment={}).stdout)
    assert [(each["role"], each["state"]) for each in status["processes"]] == [("run", "stopped")] * 2
    looked_at = ticketrelay("status", "--data", str(data), environment={})
    assert (looked_at.returncode, "ALARM" in looked_at.stdout) == (0, False), looked_at.stdout + looked_at.stderr
    decided = ticketrelay("interventions", "list", "--data", str(data), "-o", "json", environment={})
    assert [each["what"] for each in json.loads(decided.stdout)] == ["dead skip"] * 2
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert [each.name for each in data.iterdir() if each.stat().st_mode & 0o077] == []


def test_five_alerts_posted_twice_are_five_tickets(run: Embedded) -> None:
    five = body(alert() for _ in range(5))
    for _ in range(2):
        assert run.site.post(five).status_code == 200
    run.wait_until_idle()
    assert [each["status"] for each in run.site.tickets()] == ["open"] * 5
    assert kinds(run) == {"create_ticket": 5}


def test_a_mixed_group_closes_exactly_its_resolved_alerts_and_a_replay_of_everything_changes_nothing(
    run: Embedded,
) -> None:
    alerts = [alert() for _ in range(5)]
    first, mixed = body(alerts), body([resolved(alerts[0]), alerts[1], resolved(alerts[2]), *alerts[3:]])
    for each in (first, mixed):
        assert run.site.post(each).status_code == 200
    run.wait_until_idle()
    by_subject = {each["subject"]: each["status"] for each in run.site.tickets()}
    expected = ["closed", "open", "closed", "open", "open"]
    assert [by_subject[each["annotations"]["summary"]] for each in alerts] == expected
    before = run.site.effects()
    for each in (first, mixed, first, mixed):
        assert run.site.post(each).status_code == 200
    run.wait_until_idle()
    assert run.site.effects() == before


def test_what_a_wrong_secret_sends_is_refused_and_leaves_nothing(run: Embedded) -> None:
    assert run.site.post(body([alert()]), secret="wrong").status_code == 401
    assert run.site.tickets() == []
    assert json.loads(run.ticketrelay("status", "-o", "json").stdout)["cases"] == {}


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_curl_line_that_is_printed_works_as_printed(tmp_path: Path) -> None:
    embedded = Embedded(tmp_path / "var", QUICK)
    embedded.start()
    try:
        assert embedded.process is not None
        wait_until(lambda: "Ctrl-C" in embedded.process.log(), "printed")  # type: ignore[union-attr]
        printed = re.search(r"curl .*?\n.*?-d '.*?'\n", embedded.process.log(), re.DOTALL)
        assert printed is not None
        command = shlex.split(printed[0].replace("\\\n", " "))
        answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        assert json.loads(answer.stdout)["planned"] == 1
        embedded.wait_until_idle()
        assert [each["subject"] for each in embedded.site.tickets()] == ["Disk of db1 is full"]
    finally:
        embedded.stop()


def test_after_kill_9_in_the_middle_of_a_stream_each_acknowledged_alert_is_exactly_one_ticket(run: Embedded) -> None:
    acknowledged = []
    for _ in range(3):
        for _ in range(40):
            one = alert()
            assert run.site.post(body([one])).status_code == 200
            acknowledged.append(one["annotations"]["summary"])
        run.kill()
        run.start()
    run.wait_until_idle()
    assert Counter(each["subject"] for each in run.site.tickets()) == Counter(acknowledged)
    assert kinds(run) == {"create_ticket": len(acknowledged)}


def test_a_call_that_was_executed_but_not_answered_when_we_died_is_not_made_twice(run: Embedded) -> None:
    run.site.add_fault(action="latency", when="after", seconds=30, path="/tickets$", method="POST")
    assert run.site.post(body([alert()])).status_code == 200
    wait_until(lambda: bool(run.site.effects()), "executed")
    run.kill()
    run.start()
    run.wait_until_idle()
    assert kinds(run) == {"create_ticket": 1}


def test_an_unreadable_delivery_is_kept_answered_202_and_can_be_given_up(run: Embedded) -> None:
    answer = run.site.post(b'{"alerts": "none"}')
    assert answer.status_code == 202
    assert "alerts" in answer.json()["reason"]
    dead_letter = json.loads(run.ticketrelay("dead", "list", "-o", "json").stdout)[0]["id"]
    assert '{"alerts": "none"}' in run.ticketrelay("dead", "show", dead_letter).stdout
    assert run.ticketrelay("status").returncode == 1
    assert run.ticketrelay("dead", "skip", dead_letter, "--why", "a test").returncode == 0
    assert run.ticketrelay("status").returncode == 0


def test_a_rejected_ticket_is_a_dead_letter_that_can_be_sent_again_once_the_cause_is_gone(run: Embedded) -> None:
    one = alert()
    run.site.add_fault(action="status", status=400, body=one["fingerprint"], times=1)
    assert run.site.post(body([one])).status_code == 200
    wait_until(lambda: run.ticketrelay("status").returncode == 1, "an alarm")
    dead_letter = json.loads(run.ticketrelay("dead", "list", "-o", "json").stdout)[0]
    assert dead_letter["what"] == "create_ticket"
    assert run.site.tickets() == []
    assert run.ticketrelay("dead", "retry", dead_letter["id"]).returncode == 0
    wait_until(lambda: len(run.site.tickets()) == 1, "a ticket")
    found = run.ticketrelay("events", "find", one["fingerprint"], "-o", "json")
    assert json.loads(found.stdout)[0]["ticket_id"] == str(run.site.tickets()[0]["id"])


def test_a_second_run_on_the_same_folder_is_refused(run: Embedded, tmp_path: Path) -> None:
    second = ticketrelay("run", "--data", str(tmp_path / "var"), "--listen", f"127.0.0.1:{kept_port()}")
    assert second.returncode == 2
    assert "another" in second.stderr


def test_an_address_that_others_reach_is_refused_while_the_development_secret_is_accepted(tmp_path: Path) -> None:
    refused = ticketrelay("run", "--data", str(tmp_path), "--listen", "0.0.0.0:8080")
    assert refused.returncode == 2
    assert "dev-secret" in refused.stderr
