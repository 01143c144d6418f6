"""The command line starts quickly, has consistent help and output, and supports shell completion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from worker.actions.bulk import DeadLetterResult, Selection, skip_one
from worker.cli import COMMANDS, command, main
from worker.cli.operate.bulk import DeadLetterChoice, do_to
from worker.ledger import DeadLetter, Delivery, Ledger
from worker.ledger.operator.dead_letters import next_dead

from .builders import delivery, inbound, kill_create, opened
from .commands import command as run
from .commands import every_command

HEAVY = ("sqlalchemy", "celery", "httpx", "pydantic", "kombu", "starlette", "uvicorn", "alembic", "lxml", "redis")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nonsense"]])
def test_help_loads_nothing_that_is_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom worker.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert ended.stdout.splitlines()[-1] == "heavy: []"


def test_the_list_says_of_each_command_what_it_says_itself() -> None:
    assert {name: entry.help for name, entry in COMMANDS.items()} == {
        name: command(name).get_short_help_str(limit=200) for name in COMMANDS
    }


def test_every_command_has_help_with_an_example_of_itself() -> None:
    for path, each in every_command().items():
        assert each.help, path
        example = re.search(rf"(?s)Examples?:.*?ticketrelay {' '.join(path)}([^|]*)", each.help)
        assert example, path
        flags = set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", example[1]))
        assert flags <= {"-o", *(name for option in each.params for name in (*option.opts, *option.secondary_opts))}, (
            path
        )


def test_what_answers_does_so_as_a_table_or_as_json() -> None:
    formats = {
        path: option.type.choices
        for path, each in every_command().items()
        for option in each.params
        if option.name == "output" and isinstance(option.type, click.Choice)
    }
    a_document = {("config", "show")}
    assert {path for path, choices in formats.items() if tuple(choices) != ("table", "json", "jsonl")} == a_document
    assert len(formats) > 25


def test_colours_are_for_a_terminal_and_never_with_no_color(sqlite_ledger: Ledger) -> None:
    kill_create(sqlite_ledger, opened())
    own = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}
    url = {"TICKETRELAY_LEDGER__URL": str(sqlite_ledger.database.url)}

    def shown(*, terminal: bool, no_color: str | None) -> bool:
        env = own | url | {"NO_COLOR": no_color}
        return "\x1b[" in CliRunner().invoke(main, ["status"], env=env, color=terminal).stdout

    assert shown(terminal=True, no_color=None)
    assert shown(terminal=True, no_color="")
    assert not shown(terminal=True, no_color="1")
    assert not shown(terminal=False, no_color=None)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_and_a_person_is_told_where_to_put_it(sqlite_ledger: Ledger, shell: str) -> None:
    result = run(str(sqlite_ledger.database.url), "completion", shell)
    assert result.exit_code == 0
    assert "_TICKETRELAY_COMPLETE" in result.stdout
    assert "%" not in result.stdout.replace("%(", "").split("\n")[0]
    assert "To install it" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_can_read_its_script(sqlite_ledger: Ledger, shell: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(run(str(sqlite_ledger.database.url), "completion", shell).stdout)
    try:
        ended = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, timeout=120, check=False)
    except FileNotFoundError:
        pytest.skip(f"{shell} is not installed")
    assert (ended.returncode, ended.stderr) == (0, "")


def completed(ledger: Ledger, *words: str) -> list[str]:
    """Return what a shell offers for the last of these words, in a process as the shell starts it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("TICKETRELAY_")}
    own = {
        "TICKETRELAY_LEDGER__URL": str(ledger.database.url),
        "TICKETRELAY_SOURCES__PROM__KIND": "alertmanager",
        "TICKETRELAY_SOURCES__PROM__SECRET": "correct horse",
        "_TICKETRELAY_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("ticketrelay", *words)),
        "COMP_CWORD": str(len(words)),
    }
    code = "from worker.cli import main; main(prog_name='ticketrelay')"
    ended = subprocess.run([sys.executable, "-c", code], env=others | own, capture_output=True, text=True, timeout=120)
    assert ended.stderr == ""
    return [line.partition(",")[2] for line in ended.stdout.splitlines() if line]


def test_commands_sources_and_dead_letters_complete(sqlite_ledger: Ledger) -> None:
    dead_letter = kill_create(sqlite_ledger, opened())
    assert completed(sqlite_ledger, "so") == ["sources"]
    assert completed(sqlite_ledger, "sources", "show", "pr") == ["prom"]
    assert completed(sqlite_ledger, "sources", "show", "x") == []
    assert completed(sqlite_ledger, "dead", "retry", "op") == [dead_letter]


def test_without_a_ledger_nothing_completes_and_nothing_is_said(tmp_path: Path) -> None:
    absent = Ledger(f"sqlite:///{tmp_path / 'none.db'}")
    assert completed(absent, "dead", "retry", "op") == []
    absent.close()


def test_a_case_is_shown_with_its_messages_operations_and_ticket(sqlite_ledger: Ledger) -> None:
    dead_letter = kill_create(sqlite_ledger, opened())
    sqlite_ledger.record([delivery(opened("other"))])
    url = str(sqlite_ledger.database.url)
    (shown,) = json.loads(run(url, "cases", "show", dead_letter, "-o", "json").stdout)
    assert [each["outcome"] for each in shown["messages"]] == ["accepted"]
    assert [each["state"] for each in shown["case"]["operations"]] == ["dead"]
    listed = json.loads(run(url, "cases", "list", "-o", "json").stdout)
    assert [(each["key"], each["state"]) for each in listed] == [("other", "ready"), ("disk", "blocked")]
    blocked = json.loads(run(url, "cases", "list", "--state", "blocked", "-o", "json").stdout)
    assert [each["key"] for each in blocked] == ["disk"]
    assert json.loads(run(url, "cases", "list", "--ticket", "-o", "json").stdout) == []
    unknown = run(url, "cases", "show", "nobody")
    assert (unknown.exit_code, "there is no case nobody" in unknown.stderr) == (1, True)


def test_dead_letters_that_are_read_in_pages_are_those_of_the_list_in_its_order(ledger: Ledger) -> None:
    for number in range(3):
        kill_create(ledger, opened(f"same moment {number}"))
    for number in range(3):
        ledger.record([Delivery(inbound(b"<%d/>" % number), unreadable="not JSON")])
    found: list[DeadLetter] = []
    with ledger.database.read() as connection:
        while page := next_dead(connection, found[-1] if found else None, limit=2):
            found += page
    assert found == ledger.list_dead() == list(ledger.reading.dead())
    assert len(found) == 6


def test_what_was_decided_before_an_interrupt_is_told_and_kept(
    sqlite_ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = [kill_create(sqlite_ledger, opened(name)) for name in ("one", "two", "three")]

    def act(dead_letter: str) -> DeadLetterResult:
        if dead_letter == second:
            raise KeyboardInterrupt
        return skip_one(sqlite_ledger, dead_letter, "a test", by="ada")

    everything = DeadLetterChoice((), Selection(everything=True), yes=True)
    with pytest.raises(SystemExit, match="1"):
        do_to(sqlite_ledger, everything, "skip", act, "json")
    said = capsys.readouterr()
    assert json.loads(said.out) == {"done": [{"id": first, "operations": 0}], "refused": []}
    assert "Stopped after 1 of 3 dead letters." in said.err
    assert [each.id for each in sqlite_ledger.list_dead()] == [second, third]
