"""Output and exit codes of the command line."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectors import connector, fixtures
from connectors.contract.messages import Unverified
from tickets.markers import without_marker
from worker.cli import main
from worker.ledger import ALARMS, CloseGate, Delivery, Ledger, Limits
from worker.ledger.schema.tables import operations

from .builders import (
    LATENCY,
    again,
    claim,
    claim_one,
    dead,
    deliver_all,
    delivery,
    done,
    inbound,
    kill_create,
    kinds_of,
    opened,
    resolved,
    rows,
)

Cli = Callable[..., Result]
BEARER = "Authorization: Bearer dev-secret"
PUBLIC_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"  # RFC 8032, section 7.1


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs a command with a data folder of the test's own and no other settings."""
    settings = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}
    url = f"sqlite:///{tmp_path}/data/ledger.db"

    def run(*arguments: str, **environ: str) -> Result:
        own = {**settings, "TICKETRELAY_LEDGER__URL": url, **environ}
        return CliRunner().invoke(main, list(arguments), env=own)

    return run


@pytest.fixture
def kept(cli: Cli, tmp_path: Path) -> Iterator[Ledger]:
    """The ledger that the commands use, upgraded by the command."""
    assert cli("db", "upgrade").exit_code == 0
    ledger = Ledger(f"sqlite:///{tmp_path}/data/ledger.db")
    yield ledger
    ledger.close()


@pytest.fixture
def firing(tmp_path: Path) -> str:
    path = tmp_path / "firing.json"
    path.write_bytes(fixtures("alertmanager")["firing"].body)
    return str(path)


def explained(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_explain_tells_what_would_happen_as_json(cli: Cli, firing: str) -> None:
    result = cli("explain", "alertmanager", firing, "--header", BEARER, "-o", "json")
    told = explained(result)
    assert (result.exit_code, told["error"], told["ignored"]) == (0, None, [])
    (event,) = told["events"]
    assert set(event) >= {"kind", "case", "source_message_id", "occurred_at", "subject", "description", "priority",
                          "category", "private", "operations"}  # fmt: skip
    assert (event["kind"], event["priority"], event["private"]) == ("Opened", "urgent", False)
    assert event["occurred_at"].endswith("Z")
    (operation,) = event["operations"]
    assert set(operation) == {"kind", "idempotency_key", "body"}
    assert operation["kind"] == "create_ticket"
    assert (operation["body"]["subject"], operation["body"]["description"]) == (event["subject"], event["description"])


def unmarked(request: bytes) -> Any:
    """Return a request without the marker, because its key differs in each ledger."""
    body = json.loads(request)
    return body | ({"description": without_marker(body["description"])} if "description" in body else {})


def test_explain_gives_the_keys_and_bodies_that_the_ledger_would(cli: Cli, tmp_path: Path) -> None:
    code = connector("alertmanager")
    settings = code.settings.model_validate({"secret": "x"})
    for name, each in fixtures("alertmanager").items():
        if "error" in each.expected:
            continue
        path = tmp_path / name
        path.write_bytes(each.body)
        told = explained(cli("explain", "alertmanager", str(path), "--unverified", "-o", "json"))
        arrived = inbound(each.body, source="alertmanager")
        with closing(Ledger(f"sqlite:///{tmp_path}/{name}.db")) as ledger:
            ledger.upgrade()
            ledger.record([Delivery(arrived, code.parse(Unverified(arrived), settings))])
            stored = {row["idempotency_key"]: unmarked(row["request"]) for row in rows(ledger, operations)}
        planned = [operation for event in told["events"] for operation in event["operations"]]
        assert {each["idempotency_key"]: each["body"] for each in planned} == stored


def test_explain_tells_a_person_the_whole_way_in(cli: Cli, firing: str) -> None:
    told = explained(cli("explain", "alertmanager", firing, "--header", BEARER, "-o", "json"))
    shown = cli("explain", "alertmanager", firing, "--header", BEARER).stdout.splitlines()
    (event,) = told["events"]
    (operation,) = event["operations"]
    assert shown[0] == f"verified {told['verified']}"
    assert f"  case {event['case']}: a new case" in shown
    assert f"  → create_ticket  key {operation['idempotency_key']}" in shown
    assert f"      subject: {operation['body']['subject']}" in shown
    below = shown[shown.index("      description:") + 1 :]
    assert [line.strip() for line in below[: len(event["description"].splitlines())]] == [
        line.strip() for line in event["description"].splitlines()
    ]
    unverified = cli("explain", "alertmanager", firing, "--unverified")
    assert unverified.stdout.startswith("not verified")


def test_explain_tells_what_came_to_one_case(cli: Cli, tmp_path: Path) -> None:
    alert = {"labels": {"alertname": "Disk\x1b[2J"}, "startsAt": "2026-02-20T11:00:00Z", "fingerprint": "f"}
    path = tmp_path / "both.json"
    ended = {"status": "resolved", "endsAt": "2026-02-20T11:30:00Z"}
    path.write_text(json.dumps({"alerts": [{"status": "firing"} | alert, ended | alert]}))
    told = explained(cli("explain", "alertmanager", str(path), "--unverified", "-o", "json"))
    assert [each["correlated"] for each in told["events"]] == ["a new case", "the case of an earlier event, f"]
    assert "\x1b" not in cli("explain", "alertmanager", str(path), "--unverified").stdout


def test_explain_stores_nothing(cli: Cli, kept: Ledger, firing: str) -> None:
    cli("explain", "alertmanager", firing, "--unverified")
    assert kinds_of(kept) == []


def test_explain_needs_a_verified_sender_or_the_word_that_it_need_not_be_one(cli: Cli, firing: str) -> None:
    refused = cli("explain", "alertmanager", firing, "-o", "json")
    assert (refused.exit_code, explained(refused)["events"]) == (1, [])
    assert "--unverified" in explained(refused)["error"]
    assert cli("explain", "alertmanager", firing, "--unverified").exit_code == 0


@pytest.mark.parametrize("body", [b"<xml/>", b'{"alerts": 1}', b"\xff"])
def test_explain_of_what_cannot_be_read_exits_1_with_the_reason(cli: Cli, tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "bad"
    path.write_bytes(body)
    result = cli("explain", "alertmanager", str(path), "--unverified", "-o", "json")
    assert result.exit_code == 1
    assert explained(result)["error"]


def test_explain_names_the_bad_alert_and_tells_of_the_others(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "one-bad"
    path.write_bytes(fixtures("alertmanager")["one-bad"].body)
    result = cli("explain", "alertmanager", str(path), "--unverified", "-o", "json")
    assert result.exit_code == 1
    assert explained(result)["error"].startswith("alerts[")
    assert explained(result)["events"]


def test_explain_refuses_a_source_that_is_not_configured(cli: Cli, firing: str) -> None:
    result = cli("explain", "alertmanager", firing, "--unverified", "--source", "prom-typo")
    assert result.exit_code == 2
    assert "prom-typo" in result.stderr
    assert "alertmanager" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("status", "--dta", "x"), "--data"),
        (("status", "-o", "yaml"), "'yaml' is not one of"),
        (("dead", "skip", "op-1-1"), "--why"),
        (("explain", "alertmanager", "/not/there"), "/not/there"),
        (("explain", "pager", __file__, "--unverified"), "alertmanager"),
        (("explain", "alertmanager", __file__, "--header", "nonsense"), "'NAME: VALUE'"),
        (("send", "nobody"), "alertmanager"),
        (("serve", "--listen"), "--listen"),
        (("nonsense",), "nonsense"),
    ],
)
def test_a_wrong_flag_exits_2_and_says_what_was_meant(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    result = cli(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", [("status",), ("dead", "list"), ("events", "find", "x"), ("db", "upgrade")])
def test_a_wrong_setting_exits_2_and_says_what_was_meant(cli: Cli, command: tuple[str, ...]) -> None:
    result = cli(*command, TICKETRELAY_TIMING__GHOSTWAIT="60", TICKETRELAY_API__REVISION="C")
    assert result.exit_code == 2
    assert (
        "TICKETRELAY_TIMING__GHOSTWAIT: there is no such setting; did you mean TICKETRELAY_TIMING__GHOST_WAIT?"
        in result.stderr
    )
    assert "TICKETRELAY_API__REVISION: " in result.stderr


@pytest.mark.parametrize(
    "command", [("status",), ("dead", "list"), ("dead", "retry", "op-1-1"), ("events", "find", "x")]
)
def test_without_a_ledger_a_command_says_how_to_make_one(cli: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = cli(*command)
    assert result.exit_code == 2
    assert "ticketrelay db upgrade" in result.stderr
    assert not (tmp_path / "data").exists()


def test_upgrading_is_safe_to_repeat(cli: Cli, kept: Ledger) -> None:
    kept.record([delivery(opened())])
    assert cli("db", "upgrade").exit_code == 0
    assert kinds_of(kept) == ["create_ticket"]


def test_the_password_of_a_ledger_is_never_said(cli: Cli) -> None:
    result = cli("status", TICKETRELAY_LEDGER__URL="mysql://user:s3cret@host/db")
    assert result.exit_code == 2
    assert "s3cret" not in result.output


def test_status_exits_0_while_nothing_needs_somebody(cli: Cli, kept: Ledger) -> None:
    kept.record([delivery(opened())])
    result = cli("status")
    assert result.exit_code == 0
    assert "1 waits to be sent" in result.stdout
    assert "1 create_ticket" in result.stdout


def test_status_tells_when_a_call_last_took_effect(cli: Cli, kept: Ledger) -> None:
    assert "answers" not in cli("status").stdout
    kept.record([delivery(opened())])
    deliver_all(kept)
    assert f"answers     last success {kept.overview().last_success_at:%Y-%m-%d %H:%M}" in cli("status").stdout


def test_status_exits_1_with_a_line_for_each_alarm(cli: Cli, kept: Ledger) -> None:
    kill_create(kept, opened())
    kept.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    result = cli("status")
    alarms = [line for line in result.stdout.splitlines() if line.startswith("ALARM")]
    assert result.exit_code == 1
    assert [each.split(":")[0] for each in alarms] == ["ALARM dead_letters", "ALARM quarantine"]
    assert f"      Act: {ALARMS['quarantine'].action}\n" in result.stdout
    assert result.stdout.startswith("Act: dead_letters: 1 dead operation to decide on")
    told = json.loads(cli("status", "-o", "json").stdout)
    assert [each["name"] for each in told["alarms"]] == ["dead_letters", "quarantine"]
    assert [each["needs"] for each in told["alarms"]] == ["act", "act"]
    assert (told["dead"], told["quarantined"], told["cases"]) == (1, 1, {"blocked": 1})


def test_budget_tells_what_the_tokens_went_to_and_what_waits(cli: Cli, kept: Ledger) -> None:
    kept.record([delivery(*(opened(f"disk-{each}", priority="urgent") for each in range(3)))])
    kept.record([delivery(opened("other"), source="mail")])
    claimed = claim(kept, limit=2, limits=Limits(100, 20))
    close = CloseGate(claimed[0].claimed_at + timedelta(hours=1), "budget")
    kept.settle([(claimed[0], again(claimed[0].claimed_at, status=429, gate=close)), (claimed[1], done())])
    told = json.loads(cli("budget", "-o", "json").stdout)
    assert told["limits"] == {"per_minute": 100, "per_second": 20}
    assert (told["used"], told["spent"]) == (2, [{"rank": 0, "source": "prom", "tokens": 2}])
    assert [(each["rank"], each["cases"]) for each in told["waiting"]] == [(0, 2), (2, 1)]
    assert told["share"] == pytest.approx(0.9, abs=0.01)
    assert told["closed_until"] is not None
    shown = cli("budget").stdout
    for line in ("100 a minute · 20 a second", "2  urgent creates", "90% of the limit", "1  medium creates"):
        assert line in shown
    assert "90% of the limit" in cli("status").stdout


def test_budget_of_an_idle_ledger_says_that_nothing_waits(cli: Cli, kept: Ledger) -> None:
    shown = cli("budget")
    assert shown.exit_code == 0
    assert "spent       0 requests in the last minute" in shown.stdout
    assert "waiting     0 operations" in shown.stdout
    assert "due         0 cases" in shown.stdout


def test_status_and_budget_agree_on_what_waits_and_why(cli: Cli, kept: Ledger) -> None:
    kept.record([delivery(*(opened(f"disk-{each}") for each in range(5)))])
    kept.record([delivery(opened("mail"), source="mail")])
    kept.pause("mail", "a flood")
    backoff, ghost, dead_one, _ = claim(kept, limit=4)  # the last one stays under way
    later = backoff.claimed_at + timedelta(minutes=5)
    doubt = again(later, unknown=True, latency=LATENCY)
    kept.settle([(backoff, again(later, latency=LATENCY)), (ghost, doubt), (dead_one, dead())])
    told = [json.loads(cli(name, "-o", "json").stdout)["undelivered"] for name in ("status", "budget")]
    counted = [{each["why"]: each["operations"] for each in one} for one in told]
    assert counted[0] == counted[1] == {"backoff": 1, "ghost wait": 1, "under way": 1, "due": 1, "paused": 1}
    for name in ("status", "budget"):
        assert "1  wait for the next try after a failed call; the oldest since" in cli(name).stdout
    assert "answers     2 calls failed since the last answer" in cli("status").stdout


def test_events_find_tells_the_story_of_a_message(cli: Cli, kept: Ledger) -> None:
    kept.record([delivery(opened(), resolved())])
    deliver_all(kept, "T-77")
    for name in ("disk", "disk:firing:0", "T-77"):
        result = cli("events", "find", name)
        assert result.exit_code == 0
        assert "ticket T-77" in result.stdout
    (story,) = json.loads(cli("events", "find", "disk", "-o", "json").stdout)
    assert [each["state"] for each in story["operations"]] == ["done", "done"]


def test_events_find_exits_1_when_nothing_is_known(cli: Cli, kept: Ledger) -> None:
    result = cli("events", "find", "disk")
    assert result.exit_code == 1
    assert "No message is found for disk" in result.stderr


def test_a_dead_letter_is_listed_shown_and_sent_again(cli: Cli, kept: Ledger) -> None:
    assert "There is no dead letter." in cli("dead", "list").stdout
    dead_letter = kill_create(kept, opened())
    assert dead_letter in cli("dead", "list").stdout
    assert [each["id"] for each in json.loads(cli("dead", "list", "-o", "json").stdout)] == [dead_letter]
    shown = cli("dead", "show", dead_letter).stdout
    assert "422: the subject is not liked" in shown
    assert '"subject":"disk is full"' in shown
    assert cli("dead", "retry", dead_letter).exit_code == 0
    kept.settle([(claim_one(kept), done())])
    assert "There is no dead letter." in cli("dead", "list").stdout


def test_a_dead_letter_is_skipped_with_what_waited_for_it(cli: Cli, kept: Ledger) -> None:
    dead_letter = kill_create(kept, opened(), resolved())
    result = cli("dead", "skip", dead_letter, "--why", "a test alert")
    assert result.exit_code == 0
    assert "with 1 operation that waited for its ticket" in result.stdout
    assert cli("status").exit_code == 0


@pytest.mark.parametrize("action", [("show",), ("retry",), ("skip", "--why", "x")])
@pytest.mark.parametrize("dead_letter", ["op-1-1", "in-1", "nonsense"])
def test_what_is_no_dead_letter_exits_1(cli: Cli, kept: Ledger, action: tuple[str, ...], dead_letter: str) -> None:
    result = cli("dead", action[0], dead_letter, *action[1:])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_a_delivery_that_is_still_unreadable_stays_in_quarantine(cli: Cli, kept: Ledger) -> None:
    ((recorded,), _) = kept.record([Delivery(inbound(b"<xml/>", source="alertmanager"), unreadable="not JSON")])
    result = cli("dead", "retry", f"in-{recorded.inbound_id}")
    assert result.exit_code == 1
    assert "stays in quarantine" in result.stderr
    assert len(kept.list_dead()) == 1


def test_a_delivery_that_can_be_read_now_leaves_quarantine(cli: Cli, kept: Ledger) -> None:
    body = fixtures("alertmanager")["firing"].body
    ((recorded,), _) = kept.record([Delivery(inbound(body, source="alertmanager"), unreadable="a defect of ours")])
    result = cli("dead", "retry", f"in-{recorded.inbound_id}")
    assert (result.exit_code, "1 event, 1 operation." in result.stdout) == (0, True)
    assert kinds_of(kept) == ["create_ticket"]


def test_send_lists_the_samples(cli: Cli) -> None:
    result = cli("send", "alertmanager", "--list")
    assert result.exit_code == 0
    assert "firing" in result.stdout.split()


def test_send_to_nobody_exits_1_and_asks_whether_it_is_up(cli: Cli) -> None:
    with socket.socket() as bound:  # bound, and not listening
        bound.bind(("127.0.0.1", 0))
        result = cli("send", "alertmanager", "--url", f"http://127.0.0.1:{bound.getsockname()[1]}")
    assert result.exit_code == 1
    assert "no listener answers at" in result.stderr


def test_send_says_what_to_do_where_the_secret_of_a_source_can_sign_nothing(cli: Cli) -> None:
    result = cli("send", "discord", TICKETRELAY_SOURCES__DISCORD__SECRET=PUBLIC_KEY)
    assert result.exit_code == 2
    assert "on a loopback address, where its secret may be dev-secret" in result.stderr


def test_explain_says_of_a_ping_that_it_says_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ping.json").write_text('{"id": "7", "type": 1, "version": 1}')
    told = cli("explain", "discord", str(tmp_path / "ping.json"), "--unverified")
    assert told.exit_code == 0
    assert "The message holds no event." in told.stdout
