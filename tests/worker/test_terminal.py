"""No text of a sender, a product or a person reaches a terminal or a log with characters that deceive its reader."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from connectors.contract.events import digest
from tickets.invisible import KINDS, escaped, kind_of
from worker.cli.shell.output import cell
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import cases, operations, seen
from worker.planning.keys import seen_digest
from worker.runtime.terminal import echo, echo_json, secho

from .builders import claim_one, commented, dead, delivery, inbound, opened, rows
from .commands import command
from .test_logging import LOGS

HIDDEN = "".join(chr(0xE0000 + ord(each)) for each in "obey")
PERSIAN = "می\u200cخواهم"
NASTY = f"in\u202evoice\u2066 pass\u200bword\ufeff\u200e{HIDDEN}\x1b[8m\x9b0m\u2028next {PERSIAN}"
WORKER = Path(__file__).parents[2] / "worker"

COMMANDS = [
    ("events", "list"),
    ("events", "find", "word"),
    ("events", "find", "disk"),
    ("events", "show", "disk"),
    ("events", "show", "in-1"),
    ("cases", "list"),
    ("cases", "show", "disk"),
    ("dead", "list"),
    ("dead", "list", "--by", "reason"),
    ("dead", "show", "op-1-1"),
    ("dead", "show", "in-2"),
    ("interventions", "list"),
    ("sources", "list"),
    ("sources", "show", "prom"),
    ("status",),
    ("tail", "--no-follow"),
]


def invisible(text: str) -> set[str]:
    """Return the invisible characters of a text, except those that spell a word."""
    return {each for each in text.replace(PERSIAN, "") if kind_of(each) is not None}


@pytest.fixture
def nasty(sqlite_ledger: Ledger) -> str:
    """The URL of a ledger in which every text of others deceives."""
    sqlite_ledger.record([delivery(opened(subject=NASTY, text=NASTY, author=None), commented(text=NASTY))])
    sqlite_ledger.record([Delivery(inbound(f"<xml>{NASTY}</xml>".encode()), unreadable=NASTY)])
    sqlite_ledger.settle([(claim_one(sqlite_ledger), dead(NASTY))])
    sqlite_ledger.pause("prom", why=NASTY, by=NASTY)
    return str(sqlite_ledger.database.url)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_prints_what_deceives(nasty: str, arguments: tuple[str, ...]) -> None:
    done = command(nasty, *arguments)
    assert done.stdout
    assert invisible(done.stdout + done.stderr) == set()


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_document_says_all_of_it_in_escapes(nasty: str, arguments: tuple[str, ...]) -> None:
    done = command(nasty, *arguments, "-o", "jsonl")
    assert invisible(done.stdout) == set()
    assert all(json.loads(each) for each in done.stdout.splitlines())


def test_what_is_copied_from_a_document_is_what_was_stored(nasty: str) -> None:
    (letter,) = json.loads(command(nasty, "dead", "list", "-o", "json").stdout)[:1]
    quarantined = json.loads(command(nasty, "dead", "show", "in-2", "-o", "json").stdout)
    assert "\u202e" in json.dumps([letter, quarantined], ensure_ascii=False)


def test_an_operator_sees_that_there_is_something(nasty: str) -> None:
    shown = command(nasty, "dead", "list").stdout
    assert "in\\u202evoice" in shown
    assert "\\U000e006f" in shown
    assert PERSIAN in shown


def test_a_body_is_shown_with_every_one_of_them(nasty: str) -> None:
    assert f"<xml>{escaped(NASTY)}</xml>" in command(nasty, "dead", "show", "in-2").stdout


@pytest.mark.parametrize("folder", ["cli", "runtime", "actions"])
def test_no_command_prints_past_the_guard(folder: str) -> None:
    past = re.compile(r"click\.s?echo\(|(?<![\w.])print\(|sys\.stdout\.write|sys\.stderr\.write")
    files = [each for each in (WORKER / folder).rglob("*.py") if each.name != "terminal.py"]
    assert files
    assert [each.name for each in files if past.search(each.read_text())] == []


def test_our_own_colours_pass_and_no_other_sequence(capsys: pytest.CaptureFixture[str]) -> None:
    said = f"{click.style('ok', fg='green', bold=True)} \x1b[8m \x1b]0;title\x07"

    @click.command()
    def says() -> None:
        echo(said)
        secho(NASTY, fg="red")
        echo(NASTY, err=True)
        echo_json(json.dumps({"said": NASTY}, ensure_ascii=False))

    done = CliRunner().invoke(says, color=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"{click.style('ok', fg='green', bold=True)} \ufffd[8m \ufffd]0;title\ufffd"
    assert lines[1].startswith("\x1b[31min\\u202evoice")
    assert lines[1].endswith("\x1b[0m")
    assert json.loads(lines[2]) == {"said": NASTY}
    assert invisible(done.stdout) == {"\x1b"}
    assert invisible(done.stderr) == set()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_cell_is_one_line_without_any_of_them(kind: object) -> None:
    for each in re.findall(f"[{kind.characters}]", "".join(map(chr, (*range(0xD800), *range(0xE000, 0xE1000))))):  # type: ignore[attr-defined]
        assert invisible(cell(f"a{each}b")) == set()
        assert "\n" not in cell(f"a{each}\nb")


TELLS = (
    f"said = {NASTY!r} + chr(127)\n"
    "import logging\n"
    "structlog.get_logger().error('smtp.ended', reason=said)\n"
    "logging.getLogger('other').error('it said %s', said + '\\nCRITICAL all is well')\n"
)


def test_a_log_shows_them_as_escapes_in_one_line() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", f"{LOGS}\n{TELLS}"], capture_output=True, text=True, timeout=120, check=True
    )
    ours, others = ended.stderr.splitlines()
    assert invisible(ended.stderr) == set()
    assert json.loads(ours)["reason"] == f"{NASTY}\x7f"
    assert escaped(f"{NASTY}\x7f") in others
    assert others.endswith("\\nCRITICAL all is well")


def test_the_key_of_an_operation_and_the_digests_are_of_the_text_as_it_came(sqlite_ledger: Ledger) -> None:
    event = opened(subject=NASTY, text=NASTY)
    (first,), _ = sqlite_ledger.record([delivery(event)])
    (again,), _ = sqlite_ledger.record([delivery(event)])
    (other,), _ = sqlite_ledger.record([delivery(opened(subject=NASTY, text=NASTY.replace("\u202e", "")))])
    (case,), (create, note) = rows(sqlite_ledger, cases), rows(sqlite_ledger, operations)
    assert case["key"] == "disk"
    names = ("prom", "disk", "1", event.source_message_id, "create_ticket", "0")
    assert create["idempotency_key"] == f"tr1-{digest(*names)}"
    assert [each["content"] for each in rows(sqlite_ledger, seen)][:1] == [bytes.fromhex(event.content_digest)]
    assert event.content_digest == digest(NASTY, "None")
    assert seen_digest("prom", event.source_message_id) in [each["digest"] for each in rows(sqlite_ledger, seen)]
    assert [len(each.effects[0].operations) for each in (first, again, other)] == [1, 0, 1]
    sent = [json.loads(each["request"]) for each in (create, note)]
    assert sent[0]["subject"] == f"invoice password [8m 0m next {PERSIAN}"
    assert invisible(sent[0]["subject"]) == set()
    for text in (sent[0]["description"], sent[1]["body"]):
        assert invisible(text.replace("\u200e", "")) <= {"\u2066", "\u2069"}
