"""A weak secret is refused, or warned of with a date where its source is in use: by `check`, the start and a reload."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from connectors.contract.secrets import Chosen
from worker.cli import main
from worker.ledger import Ledger
from worker.reloading import Reloader
from worker.runtime.metrics import Metrics
from worker.runtime.weak_secrets import reloading, terms
from worker.settings import SettingsError
from worker.settings.current import Current
from worker.settings.loader import gather, judge
from worker.settings.problems import render
from worker.settings.secrets import REFUSED_FROM, Development, NotAsked, Terms, weak

from .builders import delivery, opened
from .builders import inbound as arrived

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak 1"}
SHORT = "fifteen-bytes-x"
TODAY = date(2026, 12, 1)
SECRET = "TICKETRELAY_SOURCES__PROM__SECRET"


def source(secret: str, kind: str = "alertmanager", **more: str) -> dict[str, str]:
    return {"TICKETRELAY_SOURCES__PROM__KIND": kind, SECRET: secret, **more}


def told(
    environ: dict[str, str],
    known: Collection[str] = (),
    today: date = TODAY,
    development: Development = "refused",
) -> list[str]:
    found = weak(judge(gather(API | environ)), Terms(lambda _: known, today, development))
    return [render(each) for each in found]


def test_a_short_secret_of_a_new_source_is_refused() -> None:
    assert told(source(SHORT)) == [
        f"{SECRET}: secret has 15 bytes: expected at least 16; make one with `ticketrelay secret new`"
    ]


@pytest.mark.parametrize("secret", [SHORT, "a passphrase that is long", "zero\u200bwidth-zero\u200bwidth"])
def test_a_weak_secret_of_a_source_in_use_is_a_warning_with_a_date_until_that_day(secret: str) -> None:
    before, after = REFUSED_FROM.replace(month=REFUSED_FROM.month - 1), REFUSED_FROM
    (found,) = told(source(secret), known=["prom"], today=before)
    assert found.startswith(f"warning: {SECRET}: secret ")
    assert f"; it is refused from {REFUSED_FROM.isoformat()} on; make one with `ticketrelay secret new`" in found
    (later,) = told(source(secret), known=["prom"], today=after)
    assert not later.startswith("warning")
    assert secret not in found + later


def test_a_previous_secret_is_judged_too() -> None:
    (found,) = told(source("x" * 16, TICKETRELAY_SOURCES__PROM__PREVIOUS_SECRET=SHORT))
    assert found.startswith("TICKETRELAY_SOURCES__PROM__PREVIOUS_SECRET: previous_secret has 15 bytes")


def test_while_the_ledger_does_not_answer_nobody_is_refused_by_it() -> None:
    def away(_: Collection[str]) -> Collection[str]:
        raise NotAsked

    (found,) = weak(judge(gather(API | source(SHORT))), Terms(away, TODAY))
    assert found.severity == "warning"
    assert "the ledger, which does not answer" in found.message


def test_the_ledger_is_not_asked_about_good_secrets() -> None:
    def never(_: Collection[str]) -> Collection[str]:
        raise AssertionError

    assert weak(judge(gather(API | source("x" * 16))), Terms(never, TODAY)) == []


def test_an_issued_secret_in_another_form_is_refused_whether_or_not_its_source_is_in_use() -> None:
    for known in ((), ("prom",)):
        assert told(source("not-a-signing-secret", "slack"), known) == [
            f"{SECRET}: secret is malformed: expected the app's Signing Secret, 32 hex digits in lower case; "
            "copy it from the platform again"
        ]
    assert told(source("0123456789abcdef" * 2, "slack")) == []


def test_a_token_of_the_control_listener_is_chosen_and_a_password_may_be_anything() -> None:
    (found,) = told({"TICKETRELAY_SERVER__CONTROL_TOKEN": SHORT})
    assert found.startswith("TICKETRELAY_SERVER__CONTROL_TOKEN: control_token has 15 bytes")
    mailbox = {
        "TICKETRELAY_SOURCES__PROM__IMAP__MAIN__PRESET": "gmail",
        "TICKETRELAY_SOURCES__PROM__IMAP__MAIN__USER": "ada",
        "TICKETRELAY_SOURCES__PROM__IMAP__MAIN__PASSWORD": "abcd efgh ijkl mnop",
        "TICKETRELAY_SOURCES__PROM__RECEIPTS_PASSWORD": "x y",
        "TICKETRELAY_BROKER__PASSWORD": "x y",
        "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1/0",
    }
    assert told(source("x" * 16, "email", **mailbox)) == []


def test_the_public_secret_is_for_run_on_loopback() -> None:
    (refused,) = told(source("dev-secret"), known=["prom"])
    assert "`ticketrelay run` on a loopback address only" in refused
    (warned,) = told(source("dev-secret"), development="warned of")
    assert warned == f"warning: {refused}"
    assert told(source("dev-secret"), development="taken") == []


def test_a_source_is_known_once_the_ledger_has_a_message_of_it(ledger: Ledger) -> None:
    ledger.record([delivery(opened())])
    name = arrived().source
    known = terms(ledger).known
    assert set(known([name, "nobody"])) == {name}
    assert set(known(["nobody"])) == set()


def test_a_ledger_without_tables_knows_no_source(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert set(terms(ledger).known(["prom"])) == set()
    ledger.close()


def test_a_reload_with_a_weak_secret_changes_nothing(sqlite_ledger: Ledger) -> None:
    good, bad = (judge(gather(API | source(each))) for each in ("x" * 16, SHORT))
    assert reloading(lambda: good, sqlite_ledger)() is good
    with pytest.raises(SettingsError, match="has 15 bytes"):
        reloading(lambda: bad, sqlite_ledger)()


def test_a_reload_with_a_secret_that_is_refused_one_day_tells_its_caller(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.record([delivery(opened())])
    good = judge(gather(API | source("x" * 16)))
    given = judge(gather(API | source(SHORT)))
    reloader = Reloader(Current(good), reloading(lambda: given, sqlite_ledger), Metrics())
    (warning,) = reloader.reload().warnings
    assert warning.startswith(f"warning: {SECRET}: secret has 15 bytes")
    assert SHORT not in warning


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, **environ: str) -> Result:
    none = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}
    return CliRunner().invoke(main, list(arguments), env={**none, **API, **environ})


def fleet(at: Path) -> dict[str, str]:
    return {
        "TICKETRELAY_LEDGER__URL": f"sqlite:///{at / 'data' / 'ledger.db'}",
        "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1/0",
    }


PROCESSES = (["serve", "--listen", "127.0.0.1:0"], ["worker", "--listen", "127.0.0.1:0"])


@pytest.mark.parametrize("process", [*PROCESSES, ["mail", "--smtp", "127.0.0.1:0"]], ids=lambda each: each[0])
def test_a_start_says_the_same_as_check(at: Path, process: list[str]) -> None:
    environ = fleet(at) | source(SHORT, "email")
    assert run("db", "upgrade", **environ).exit_code == 0
    checked = run("check", **environ)
    (problem,) = [each for each in checked.output.splitlines() if "bytes" in each]
    started = run(*process, **environ)
    assert (checked.exit_code, started.exit_code) == (1, 2)
    assert started.stderr.splitlines() == [f"Error: {problem}"]


def test_check_with_connections_says_the_same_as_check(at: Path) -> None:
    environ = fleet(at) | source(SHORT)
    plain, connected = run("check", **environ), run("check", "--connect", **environ)
    assert plain.exit_code == connected.exit_code == 1
    assert plain.stdout == connected.stdout
    assert not (at / "data").exists()


def test_check_warns_of_a_source_in_use_and_is_satisfied(at: Path) -> None:
    environ = fleet(at) | source(SHORT)
    assert run("db", "upgrade", **environ).exit_code == 0
    ledger = Ledger(environ["TICKETRELAY_LEDGER__URL"])
    ledger.record([delivery(opened())])
    ledger.close()
    environ = fleet(at) | {f"TICKETRELAY_SOURCES__{arrived().source.upper()}__SECRET": SHORT}
    environ |= {f"TICKETRELAY_SOURCES__{arrived().source.upper()}__KIND": "alertmanager"}
    checked = run("check", **environ)
    assert checked.exit_code == 0
    assert f"it is refused from {REFUSED_FROM.isoformat()} on" in checked.output
    assert run("check", "--deny-warnings", **environ).exit_code == 1


def test_check_without_secrets_judges_none(at: Path) -> None:
    assert run("check", "--without-secrets", **fleet(at) | source("x" * 16)).exit_code == 0


def test_a_new_secret_is_good_and_another_one_each_time() -> None:
    made = {run("secret", "new").output.strip() for _ in range(3)}
    assert len(made) == 3
    assert [Chosen().fault(each) for each in made] == [None] * 3
    assert told(source(made.pop(), "telegram")) == []
    standard = run("secret", "new", "--standard").output.strip()
    assert told(source(standard, "generic", TICKETRELAY_SOURCES__PROM__PROOF="standard")) == []


def test_a_new_secret_is_written_to_a_file_of_its_own(at: Path) -> None:
    made = run("secret", "new", "--file", "s")
    assert (made.exit_code, made.output) == (0, "")
    assert stat.S_IMODE((at / "s").stat().st_mode) == 0o600
    kept = (at / "s").read_text()
    again = run("secret", "new", "--file", "s")
    assert (again.exit_code, (at / "s").read_text()) == (2, kept)
    assert "exists already" in again.stderr
    assert run("secret", "new", "--file", "missing/s").exit_code == 2


def test_an_empty_name_of_a_file_is_refused_in_its_own_words(at: Path) -> None:
    refused = run("secret", "new", "--file", "")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--file is empty: give the name of a new file, or leave --file out to print the secret" in refused.stderr


def test_a_dash_prints_the_secret_and_makes_no_file(at: Path) -> None:
    printed = run("secret", "new", "--file", "-")
    assert Chosen().fault(printed.output.strip()) is None
    assert not (at / "-").exists()


@pytest.mark.parametrize(("secret", "said"), [("x", "has 1 byte: "), ("xy", "has 2 bytes: ")])
def test_the_length_of_a_short_secret_is_worded_as_people_do(secret: str, said: str) -> None:
    assert said in (Chosen().fault(secret) or "")


def test_the_help_says_which_secrets_it_is_for() -> None:
    said = run("secret", "new", "--help").output
    for word in ("control_token", "Discord", "--standard", "--file", "Example:"):
        assert word in said
