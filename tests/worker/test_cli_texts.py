"""Texts of the command line: help in plain English, numbers with the right plural, arguments that are text."""

from __future__ import annotations

import inspect
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest

from tests.prose.phrases import phrases
from worker.cli import COMMANDS, main
from worker.cli import command as loaded
from worker.ledger import CloseGate, Ledger

from .builders import NOON, again, claim_one, delivery, kill_create, opened
from .commands import command

NOT_TEXT = "\udcff\udcfe"  # as Python reads the bytes FF FE of an argument


def _tree(found: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, found
    if isinstance(found, click.Group):
        for name, each in found.commands.items():
            yield from _tree(each, (*path, name))


EVERY = {" ".join(path): each for name in COMMANDS for path, each in _tree(loaded(name), (name,))} | {"": main}


def helps(found: click.Command) -> list[str]:
    """Return the help texts of a command: its own paragraphs without the examples, then those of its options."""
    paragraphs = inspect.cleandoc(found.help or "").split("\n\n")
    own = [" ".join(each.split()) for each in paragraphs if not each.startswith("\b")]
    return [*own, *(each.help or "" for each in found.params if isinstance(each, click.Option))]


@pytest.mark.parametrize("name", EVERY)
def test_every_command_and_option_has_a_help_of_whole_sentences(name: str) -> None:
    for text in helps(EVERY[name]):
        assert re.fullmatch(r"[^a-z\s].*[^\s.]\.", text, re.DOTALL), text


@pytest.mark.parametrize("name", EVERY)
def test_no_help_has_a_phrase_that_is_read_twice(name: str) -> None:
    assert [each for text in helps(EVERY[name]) for each in phrases(text)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["events", "find", NOT_TEXT],
        ["events", "show", NOT_TEXT],
        ["cases", "show", NOT_TEXT],
        ["sources", "show", NOT_TEXT],
        ["sources", "pause", "--all", "--why", NOT_TEXT],
        ["interventions", "list", "--subject", NOT_TEXT],
        ["tail", "--no-follow", f"--source={NOT_TEXT}"],
        [NOT_TEXT],
    ],
    ids=lambda arguments: " ".join(arguments[:-1]) or "command",
)
def test_an_argument_that_is_not_utf_8_is_refused_in_one_line(sqlite_ledger: Ledger, arguments: list[str]) -> None:
    refused = command(str(sqlite_ledger.database.url), *arguments)
    assert (refused.exit_code, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert re.match(rf"Error: argument {len(arguments)} is not UTF-8: .*\\xff\\xfe", line)


def test_status_words_one_dead_letter_in_the_singular(sqlite_ledger: Ledger) -> None:
    kill_create(sqlite_ledger, opened())
    assert "dead        1 operation · 0 deliveries in quarantine" in status(sqlite_ledger)
    assert "ALARM dead_letters: 1 dead operation " in status(sqlite_ledger)


def test_status_words_two_dead_letters_in_the_plural(sqlite_ledger: Ledger) -> None:
    for key in ("disk", "memory"):
        kill_create(sqlite_ledger, opened(key))
    assert "dead        2 operations · 0 deliveries in quarantine" in status(sqlite_ledger)


def status(ledger: Ledger) -> str:
    return command(str(ledger.database.url), "status").stdout


def test_a_closed_gate_is_explained_in_words(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.record([delivery(opened())])
    closing = CloseGate(datetime.now(UTC) + timedelta(hours=1), "scope")
    sqlite_ledger.settle([(claim_one(sqlite_ledger), again(NOON, gate=closing))])
    assert "(scope)" not in status(sqlite_ledger)
    assert "tickets:read and tickets:write" in status(sqlite_ledger)


@pytest.mark.parametrize("arguments", [["budget"], ["events", "list"]], ids=" ".join)
def test_a_ledger_that_is_away_is_said_in_an_error_line(arguments: list[str]) -> None:
    with socket.socket() as bound:  # and nobody listens
        bound.bind(("127.0.0.1", 0))
        refused = command(f"postgresql://nobody@127.0.0.1:{bound.getsockname()[1]}/none", *arguments)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: the ledger cannot be used: connection failed")
