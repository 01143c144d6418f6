"""Output of `check`, `config show` and `schema`; every other command reads the configuration file."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # see worker/settings/document.py
from click.testing import CliRunner, Result

from tests.servers import Broker
from tickets.server import SCOPES, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.cli import COMMANDS, main
from worker.ledger import Ledger
from worker.settings import Settings

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "ticketrelay.example.yaml"
SECRETS = tuple(f"deploy/dev-secrets/{each}" for each in ("api.key", "slack.secret", "source.secret"))
Cli = Callable[..., Result]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in the test's folder, without other settings."""
    monkeypatch.chdir(tmp_path)
    none = {name: None for name in os.environ if name.startswith("TICKETRELAY_")}

    def run(*arguments: str, **environ: str) -> Result:
        result = CliRunner().invoke(main, list(arguments), env={**none, **environ})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def file(text: str) -> str:
    Path("c.yaml").write_text(text, encoding="utf-8")
    return "c.yaml"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[str]:
    """A Tickets API with three keys: full access, read only, write only."""
    keys = {"ak_all": SCOPES, "ak_read": frozenset({"tickets:read"}), "ak_write": frozenset({"tickets:write"})}
    options = Options(f"sqlite:///{tmp_path / 'tickets.db'}", keys=keys)
    with LocalTicketsApi(options) as tickets, running(tickets) as served:
        yield served.base_url


def test_check_says_that_all_is_right(cli: Cli) -> None:
    result = cli("check", file("server:\n  max_body: 5\n"))
    assert (result.exit_code, result.output) == (0, "c.yaml: all settings are valid\n")


def test_check_tells_every_problem_and_exits_with_1(cli: Cli) -> None:
    result = cli("check", file("server:\n  max_body: 0\n  lisen: a\n"), TICKETRELAY_XYZZY="1")
    assert result.exit_code == 1
    assert result.output == (
        "c.yaml:2:13: must be greater than or equal to 1\n  2 |   max_body: 0\n    |             ^\n"
        "c.yaml:3:3: there is no setting 'lisen' in server\n  3 |   lisen: a\n    |   ^^^^^ did you mean 'listen'?\n"
        "TICKETRELAY_XYZZY: there is no such setting\n"
    )


def test_check_tells_problems_to_programs_too(cli: Cli) -> None:
    result = cli("check", file("server:\n  lisen: a\n"), "-o", "json", TICKETRELAY_TIMING__LEASE="x")
    in_file, in_environment = json.loads(result.stdout)["problems"]
    assert in_file == {
        "severity": "error", "file": "c.yaml", "line": 2, "column": 3, "length": 5, "setting": "server.lisen",
        "given_by": None, "message": "there is no setting 'lisen' in server", "todo": "did you mean 'listen'?",
    }  # fmt: skip
    assert (in_environment["file"], in_environment["given_by"]) == (None, "TICKETRELAY_TIMING__LEASE")
    assert result.exit_code == 1


def test_warnings_count_where_they_are_denied(cli: Cli) -> None:
    text = "api:\n  per_second: 30\n"
    result = cli("check", file(text))
    assert result.exit_code == 0
    assert result.output.startswith("c.yaml:2:15: warning: per_second is 30, but the Tickets API documents 20\n")
    assert cli("check", file(text), "--deny-warnings").exit_code == 1
    assert json.loads(cli("check", file(text), "-o", "json").stdout)["problems"][0]["severity"] == "warning"


@pytest.mark.parametrize("arguments", [("nowhere.yaml",), ("--xyzzy",), ("--connect", "--without-secrets")])
def test_a_wrong_flag_of_check_is_exit_code_2(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli("check", *arguments).exit_code == 2


def test_check_takes_the_file_of_the_flag_and_of_the_environment(cli: Cli) -> None:
    name = file("server:\n  max_body: 0\n")
    assert cli("check", "--config", name).output.startswith("c.yaml:2:13: ")
    assert cli("check", TICKETRELAY_CONFIG=name).output.startswith("c.yaml:2:13: ")
    assert cli("check").output == "the environment: all settings are valid\n"


def test_check_accepts_the_example_as_it_is(cli: Cli) -> None:
    assert cli("check", str(EXAMPLE), "--deny-warnings").output == f"{EXAMPLE}: all settings are valid\n"


def test_a_copy_of_the_example_misses_its_files_and_takes_secrets_of_its_own(cli: Cli, tmp_path: Path) -> None:
    copy = Path(shutil.copy(EXAMPLE, tmp_path))
    missing = cli("check", str(copy))
    assert (missing.exit_code, missing.output.count("there is no such file")) == (1, 4)
    assert cli("check", str(copy), "--without-secrets", "--deny-warnings").exit_code == 0
    copy.write_text(
        copy.read_text().replace("  url: postgresql://ticketrelay@127.0.0.1/ticketrelay", "  url_file: url")
    )
    own = {"url": "postgresql://relay:hunter2@127.0.0.1/relay", **dict.fromkeys(SECRETS, "of the test")}
    for name, value in own.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{value}\n")
        (tmp_path / name).chmod(0o600)
    assert "the sources 'support' and 'prometheus' have the same secret" in cli("check", str(copy)).output
    shown = cli("config", "show", "--config", str(copy), "--origin").stdout
    assert "postgresql://relay:***@127.0.0.1/relay" in shown
    assert "hunter2" not in shown
    assert "of the test" not in shown


def test_connect_asks_the_api_what_the_key_may_and_writes_nothing(cli: Cli, api: str) -> None:
    text = f"api:\n  url: {api}\n"
    for key, ok, said in [
        ("ak_all", True, "the key may read (tickets:read); only the first ticket shows whether it may write"),
        ("ak_read", True, "the key may read"),
        ("ak_write", False, "403: the key lacks the scope tickets:read"),
        ("ak_nobody", False, "401: the key is missing or not valid there"),
    ]:
        result = cli("check", file(text), "--connect", "-o", "json", TICKETRELAY_API__KEY=key)
        found = {each["what"]: each for each in json.loads(result.stdout)["connections"]}
        assert found["Tickets API"]["ok"] is ok
        assert said in found["Tickets API"]["said"]
        assert key not in result.stdout
        assert found["broker"]["said"] == "memory://: inside the process"
        assert "the file is missing" in found["database"]["said"]
        assert result.exit_code == (0 if ok else 1)
    assert not Path("var").exists()


def test_connect_says_each_that_cannot_be_reached(cli: Cli) -> None:
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        text = (
            f"api:\n  url: http://127.0.0.1:{port}\nbroker:\n  url: redis://127.0.0.1:{port}/0\n"
            f"ledger:\n  url: postgresql://relay@127.0.0.1:{port}/relay\n"
        )
        result = cli("check", file(text), "--connect", TICKETRELAY_API__KEY="ak_1")
    assert result.exit_code == 1
    settings, *lines = result.output.splitlines()
    assert settings == "c.yaml: all settings are valid"
    assert [line[:20].split() for line in lines] == [
        ["Tickets", "API", "WRONG"],
        ["broker", "WRONG"],
        ["database", "WRONG"],
    ]
    assert all("refused" in line for line in lines[1:])


def test_connect_asks_the_tables(cli: Cli, api: str, database_url: str) -> None:
    own = {"TICKETRELAY_API__URL": api, "TICKETRELAY_API__KEY": "ak_all", "TICKETRELAY_LEDGER__URL": database_url}
    ledger = Ledger(database_url)
    ledger.upgrade()
    before = ledger.overview()
    result = cli("check", "--connect", **own)
    assert "the tables exist" in result.output
    assert ledger.overview().cases == before.cases
    ledger.close()


def test_connect_says_that_tables_are_missing(cli: Cli, api: str, empty_database_url: str) -> None:
    if empty_database_url.startswith("sqlite"):
        Path(empty_database_url.removeprefix("sqlite:///")).touch()
    own = {"TICKETRELAY_API__URL": api, "TICKETRELAY_API__KEY": "ak_all"}
    result = cli("check", "--connect", **own, TICKETRELAY_LEDGER__URL=empty_database_url)
    assert result.exit_code == 1
    assert "run `ticketrelay db upgrade`" in result.output


@pytest.mark.redis
def test_connect_reaches_a_redis(cli: Cli, redis_queue: Broker) -> None:
    assert "connected" in cli("check", "--connect", **redis_queue.environment).output


@pytest.mark.rabbitmq
def test_connect_reaches_a_rabbitmq(cli: Cli, rabbitmq_queue: Broker) -> None:
    result = cli("check", "--connect", **rabbitmq_queue.environment)
    assert "connected" in result.output
    assert "guest:" not in result.output


def test_show_tells_settings_and_origins_without_secrets(cli: Cli) -> None:
    Path("key").write_text("ak_hidden")
    name = file("api:\n  url: http://127.0.0.1:1\n  key_file: key\nserver:\n  max_body: 7\n")
    arguments = ("config", "show", "--config", name, "--origin", "--listen", "127.0.0.1:5")
    own = {"TICKETRELAY_SOURCES__SLACK__SECRET": "hunter2", "TICKETRELAY_BROKER__URL": "redis://:hunter3@127.0.0.1"}
    as_json = cli(*arguments, "-o", "json", **own)
    shown = json.loads(as_json.stdout)
    assert shown["server"]["listen"] == {"value": "127.0.0.1:5", "origin": "flag --listen"}
    assert shown["server"]["max_body"] == {"value": 7, "origin": "c.yaml:5"}
    assert shown["api"]["key"] == {"value": "***", "origin": "c.yaml:3"}
    assert shown["broker"]["url"] == {
        "value": "redis://:***@127.0.0.1",
        "origin": "environment TICKETRELAY_BROKER__URL",
    }
    assert shown["timing"]["lease"] == {"value": 60, "origin": "default"}
    slack = shown["sources"]["slack"]
    assert slack["secret"] == {"value": "***", "origin": "environment TICKETRELAY_SOURCES__SLACK__SECRET"}
    as_yaml = cli(*arguments, **own)
    assert "  max_body: 7" in as_yaml.stdout
    assert "# c.yaml:5" in as_yaml.stdout
    for text in (as_json.output, as_yaml.output):
        assert not any(secret in text for secret in ("ak_hidden", "hunter2", "hunter3"))


def test_show_gives_the_same_settings_as_yaml_and_as_json(cli: Cli) -> None:
    name = file("sources:\n  slack:\n    closers: [U1, U2]\n    category: 'no'\n    close_word: '#1'\n")
    own = {"TICKETRELAY_SOURCES__SLACK__SECRET": "x"}
    told = json.loads(cli("config", "show", "--config", name, "-o", "json", **own).stdout)
    assert (told["sources"]["slack"]["closers"], told["sources"]["slack"]["category"]) == (["U1", "U2"], "no")
    loaded = yaml.load(cli("config", "show", "--config", name, **own).stdout, yaml.BaseLoader)  # noqa: S506 — texts only
    slack = loaded["sources"]["slack"]
    assert (slack["closers"], slack["category"], slack["close_word"]) == (["U1", "U2"], "no", "#1")


COMMANDS_WITH_SETTINGS = (
    ["status"], ["budget"], ["tail", "--no-follow"], ["cases", "list"], ["doctor"],
    ["events", "find", "x"], ["dead", "list"], ["sources", "list"], ["interventions", "list"],
    ["audit"], ["replay", "--since", "1h"], ["db", "upgrade"], ["run"], ["serve"], ["worker"], ["mail"],
    ["send", "slack"], ["explain", "slack", "c.yaml"], ["config", "show"], ["rehearse"], ["reload"], ["test"],
    ["alarms", "test"],
)  # fmt: skip


@pytest.mark.parametrize("arguments", COMMANDS_WITH_SETTINGS, ids=" ".join)
def test_every_command_takes_the_file_and_says_where_it_is_wrong(cli: Cli, arguments: list[str]) -> None:
    result = cli(*arguments, "--config", file("server:\n  lisen: a\n"))
    assert result.exit_code == 2
    assert result.stderr.startswith("c.yaml:2:3: there is no setting 'lisen' in server\n  2 |   lisen: a\n")


def test_every_command_is_looked_at_here() -> None:
    without = {"pipe", "check", "schema", "secret", "completion", "tickets-api"}
    assert {each[0] for each in COMMANDS_WITH_SETTINGS} | without == set(COMMANDS)


def test_pipe_asks_the_mail_server_to_come_again_while_the_file_is_wrong(cli: Cli) -> None:
    for name in (file("server:\n  lisen: a\n"), "nowhere.yaml"):
        result = cli("pipe", "--config", name)
        assert result.exit_code == 75
        assert result.stderr.startswith(f"{name}:")


def test_a_file_that_is_not_there_is_told_with_what_names_it(cli: Cli) -> None:
    result = cli("status", TICKETRELAY_CONFIG="nowhere.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith("nowhere.yaml:1:1: the file cannot be read: No such file or directory\n")
    assert "give the path of the file with --config or TICKETRELAY_CONFIG" in result.stderr


def test_a_command_uses_what_the_file_says(cli: Cli) -> None:
    name = file("ledger:\n  url: sqlite:///of-the-file.db\n")
    assert "of-the-file.db is up to date" in cli("db", "upgrade", "--config", name).output
    assert Path("of-the-file.db").exists()
    assert cli("status", "--config", name).exit_code == 0


def test_the_fleet_may_have_its_ledger_and_broker_from_the_file(cli: Cli) -> None:
    result = cli("serve", "--config", file("ledger:\n  url: sqlite:///x.db\nbroker:\n  url: redis://127.0.0.1:1\n"))
    assert (result.exit_code, result.stderr) == (
        2, "Error: no source is configured: set TICKETRELAY_SOURCES__<ID>__SECRET_FILE of at least one\n"
    )  # fmt: skip


def schema_of(cli: Cli) -> Any:
    result = cli("schema")
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_the_schema_describes_every_section_and_takes_nothing_else(cli: Cli) -> None:
    told = schema_of(cli)
    assert told["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(told["properties"]) == set(Settings.model_fields)
    for name, each in told["$defs"].items():
        if name != "source":
            assert each["additionalProperties"] is False, name
            assert all("description" in field for field in each["properties"].values()), name
    assert set(told["$defs"]["ApiSettings"]["properties"]) >= {"key_file", "url"}
    assert "key" not in told["$defs"]["ApiSettings"]["properties"]
    lease = told["$defs"]["TimingSettings"]["properties"]["lease"]["anyOf"]
    assert [each["type"] for each in lease] == ["number", "string"]


def test_the_schema_can_be_written_into_a_file(cli: Cli) -> None:
    assert cli("schema", "--to", "s.json").exit_code == 0
    assert json.loads(Path("s.json").read_text()) == schema_of(cli)
    assert "cannot be written" in cli("schema", "--to", "nowhere/s.json").stderr
