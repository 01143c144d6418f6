"""Exit codes of `ticketrelay pipe` for a mail server: the mail is durable, hopeless, or to be tried again."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.acceptance.processes import clean_environment, preforked
from worker.cli import main
from worker.ledger import Ledger
from worker.ledger.schema.tables import inbound

from .builders import kinds_of, rows

EX_OK, EX_DATAERR, EX_TEMPFAIL = 0, 65, 75  # sysexits.h
MAIL = b"""From: ada@customer.example
To: support@example.net
Subject: Toner
Date: Fri, 20 Feb 2026 12:00:00 +0000
Message-ID: <first@customer.example>

The printer is out of toner.
"""
TWO_MAILBOXES = {
    "TICKETRELAY_SOURCES__SUPPORT__KIND": "email",
    "TICKETRELAY_SOURCES__SUPPORT__SECRET": "s3cret",
    "TICKETRELAY_SOURCES__SUPPORT__ADDRESS": "support@example.net",
    "TICKETRELAY_SOURCES__SALES__KIND": "email",
    "TICKETRELAY_SOURCES__SALES__SECRET": "s3cret",
    "TICKETRELAY_SOURCES__SALES__ADDRESS": "sales@example.net",
    "TICKETRELAY_SOURCES__SALES__MAX_BODY": "100",
}


class Pipe:
    """`ticketrelay pipe` on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, body: bytes, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
        command = ("pipe", "--data", str(self._folder), *arguments)
        return preforked(*command, environment=clean_environment(environ), typed=body)

    def ledger(self) -> Ledger:
        return Ledger(f"sqlite:///{self._folder / 'ledger.db'}")

    def kinds(self) -> list[str]:
        """Return the kinds of the ledger's operations."""
        with closing(self.ledger()) as ledger:
            return kinds_of(ledger)

    def taken(self) -> list[tuple[str, str]]:
        """Return source and outcome of every delivery."""
        with closing(self.ledger()) as ledger:
            return [(each["source"], each["outcome"]) for each in rows(ledger, inbound)]


def in_process(folder: Path, *arguments: str, **environ: str) -> Result:
    """Run the command in this process, which is quicker; for tests of refusals only."""
    settings = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}
    command = ["pipe", "--data", str(folder), *arguments]
    return CliRunner().invoke(main, command, input=MAIL, env={**settings, **environ})


@pytest.fixture
def pipe(tmp_path: Path) -> Pipe:
    return Pipe(tmp_path)


@pytest.fixture
def unreachable() -> Iterator[str]:
    """The URL of a database on a port that is bound and does not answer."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"postgresql://nobody@127.0.0.1:{bound.getsockname()[1]}/none"


def test_the_same_mail_twice_is_durable_twice_and_one_ticket(pipe: Pipe) -> None:
    first, second = pipe(MAIL), pipe(MAIL)
    assert [(each.returncode, each.stdout) for each in (first, second)] == [
        (EX_OK, b"in-1 accepted\n"),
        (EX_OK, b"in-2 accepted\n"),
    ]
    assert pipe.kinds() == ["create_ticket"]


def test_what_is_no_mail_is_durable_too(pipe: Pipe) -> None:
    ended = pipe(b"\xff\x00 no mail at all")
    assert (ended.returncode, ended.stdout) == (EX_OK, b"in-1 quarantined\n")


def test_a_recipient_names_the_source_and_its_plus_does_not_matter(pipe: Pipe) -> None:
    addressed = ("--sender", "ada@customer.example", "--recipient", "SUPPORT+more@example.net")
    assert pipe(MAIL, *addressed, **TWO_MAILBOXES).returncode == EX_OK
    assert pipe(MAIL, "--source", "support", **TWO_MAILBOXES).returncode == EX_OK
    assert pipe.taken() == [("support", "accepted")] * 2
    assert pipe.kinds() == ["create_ticket"]


def test_a_mail_for_two_sources_is_taken_for_each_or_for_none(pipe: Pipe) -> None:
    both = ("--recipient=support@example.net", "--recipient=sales@example.net")
    environ = {**TWO_MAILBOXES, "TICKETRELAY_SOURCES__SALES__MAX_BODY": "100000"}
    assert pipe(MAIL, *both, "--recipient=nobody@example.net", **environ).returncode == EX_TEMPFAIL
    assert pipe(MAIL, *both, **environ).returncode == EX_OK
    assert pipe.taken() == [("support", "accepted"), ("sales", "accepted")]


def test_an_empty_sender_is_that_of_a_bounce_and_none_is_not(pipe: Pipe) -> None:
    assert pipe(MAIL, "--sender", "").stdout == b"in-1 quarantined\n"
    assert pipe(MAIL).stdout == b"in-2 accepted\n"


@pytest.mark.parametrize("body", [b"", b" \n\n"])
def test_nothing_can_never_be_a_mail(pipe: Pipe, body: bytes) -> None:
    ended = pipe(body)
    assert (ended.returncode, ended.stdout) == (EX_DATAERR, b"")
    assert b"Error: " in ended.stderr


def test_what_is_larger_than_its_mailbox_takes_can_never_be_a_mail_there(pipe: Pipe) -> None:
    assert pipe(MAIL, "--recipient", "sales@example.net", **TWO_MAILBOXES).returncode == EX_DATAERR


def test_with_a_wrong_flag_or_setting_the_mail_server_keeps_the_mail(pipe: Pipe) -> None:
    for ended in (pipe(MAIL, "--no-such-flag"), pipe(MAIL, TICKETRELAY_LEDGER__URI="sqlite:///x")):
        assert (ended.returncode, ended.stdout) == (EX_TEMPFAIL, b"")
        assert b"Error: " in ended.stderr
        assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--sender",), id="a flag without its value"),
        pytest.param(("stray",), id="a stray argument"),
        pytest.param(("--source", "unheard-of"), id="no such source"),
        pytest.param(("--source", "alertmanager"), id="a source that takes no mail"),
        pytest.param(("--recipient", "nobody@elsewhere.example"), id="no such mailbox"),
        pytest.param(("--data", __file__), id="a folder that is a file"),
    ],
)
def test_every_wrong_flag_is_one_to_try_again_after(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = in_process(tmp_path, *arguments)
    assert (ended.exit_code, ended.stdout) == (EX_TEMPFAIL, "")
    assert "Error: " in ended.stderr


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"TICKETRELAY_SOURCES__EMAIL__SECRET": " "}, id="a blank secret"),
        pytest.param({"TICKETRELAY_SOURCES__EMAIL__SECRET_FILE": "/no/such/file"}, id="a file that is not there"),
        pytest.param({"TICKETRELAY_LEDGER__URL": "oracle://x"}, id="a database that we do not know"),
    ],
)
def test_every_wrong_setting_is_one_to_try_again_after(tmp_path: Path, environ: dict[str, str]) -> None:
    ended = in_process(tmp_path, **environ)
    assert (ended.exit_code, ended.stdout) == (EX_TEMPFAIL, "")
    assert next(iter(environ)).removesuffix("_FILE") in ended.stderr


def test_while_the_database_is_away_the_mail_server_keeps_the_mail(pipe: Pipe, unreachable: str) -> None:
    ended = pipe(MAIL, TICKETRELAY_LEDGER__URL=unreachable)
    assert (ended.returncode, ended.stdout) == (EX_TEMPFAIL, b"")
    assert pipe(MAIL).returncode == EX_OK
    assert pipe.kinds() == ["create_ticket"]


@pytest.mark.postgresql
def test_while_the_database_has_no_tables_the_mail_server_keeps_the_mail(pipe: Pipe, postgresql_url: str) -> None:
    assert pipe(MAIL, TICKETRELAY_LEDGER__URL=postgresql_url).returncode == EX_TEMPFAIL
