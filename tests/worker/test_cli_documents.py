"""The JSON that commands print conforms to the published schemas."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import Result

from tickets.client import TicketsClient
from tickets.models import CreateTicket
from tickets.server import Limit, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.cli.shell.schemas import DEFAULT, files, main
from worker.documents.dead_letters import DeadLetterGroup
from worker.documents.registry import DOCUMENTS, item_adapter
from worker.ledger import Delivery, Ledger
from worker.reloading import Reloader
from worker.reloading.control import Control, control_app, unix_listener
from worker.runtime.metrics import Metrics
from worker.settings.current import Current
from worker.settings.loader import Loaded, gather, judge

from .builders import commented, deliver_all, delivery, inbound, kill_create, opened
from .commands import KEY, command, every_command

ROOT = Path(__file__).parents[2]

# The arguments of the command that prints each document; IN, DEAD and OTHER stand for ids.
COMMANDS: dict[str, tuple[str, ...]] = {
    "audit": ("audit",),
    "budget": ("budget",),
    "cases-list": ("cases", "list"),
    "cases-show": ("cases", "show", "disk"),
    "db-backup": ("db", "backup", "FILE"),
    "db-prune": ("db", "prune", "--dry-run"),
    "db-restored": ("db", "restored", "--yes"),
    "db-stats": ("db", "stats"),
    "db-upgrade": ("db", "upgrade"),
    "dead-edit": ("dead", "edit", "DEAD", "--file", "BODY"),
    "dead-groups": ("dead", "list", "--by", "reason"),
    "dead-list": ("dead", "list"),
    "dead-retry": ("dead", "retry", "DEAD", "nonsense"),
    "dead-show": ("dead", "show", "DEAD"),
    "dead-skip": ("dead", "skip", "DEAD", "--why", "a test"),
    "doctor": ("doctor", "--to", "FILE"),
    "events-export": ("events", "export", "in-1"),
    "events-find": ("events", "find", "disk"),
    "events-list": ("events", "list"),
    "events-show": ("events", "show", "disk"),
    "interventions-list": ("interventions", "list"),
    "mail-audit": ("mail", "audit"),
    "replay": ("replay", "--since", "2026-01-01"),
    "sources-list": ("sources", "list"),
    "sources-pause": ("sources", "pause", "prom", "--why", "maintenance"),
    "sources-resume": ("sources", "resume", "prom"),
    "sources-show": ("sources", "show", "prom"),
    "sources-test": ("sources", "test", "prom"),
    "status": ("status",),
    "tail": ("tail", "--no-follow"),
    "rehearse": ("rehearse", "--config", "CONFIG"),
    "check": ("check", "CONFIG"),
    "explain": ("explain", "alertmanager", "ALERTS", "--unverified", "--config", "CONFIG"),
    "test": ("test", "--config", "CONFIG"),
}
ALERTS = (
    '{"alerts": [{"status": "firing", "labels": {"team": "core"}, "startsAt": "2026-03-01T10:00:00Z"}, {}],'
    ' "truncatedAlerts": 3}'
)
CONFIG = f"""\
policy:
  reopen_window: 4h
routes:
  - name: one
    match: labels.team = core
    continue: true
    group_by: [labels.team]
    subject: '{{{{ labels.nothing }}}}'
  - name: other
    match: labels.team = other
templates:
  unused: x
tests:
  - name: a test
    source: prom
    steps:
      - message: '{ALERTS}'
        expect: {{operations: []}}
"""
ELSEWHERE = {
    "alarms-test": "needs a target",
    "dead-letter": "a line of dead-retry",
    "dead-bind": "asks the Tickets API",
    "reload": "asks a process",
}
OTHER_FORMATS = {("config", "show")}  # YAML, or the same as JSON: `ticketrelay schema` describes it


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger by the real time, as the commands see it."""
    made = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    made.upgrade()
    yield made
    made.close()


@pytest.fixture
def dead_letter(ledger: Ledger) -> str:
    """A ledger with one of everything: a ticket, a dead letter, a quarantined delivery, an intervention."""
    ledger.record([delivery(opened(), commented())])
    deliver_all(ledger)
    ledger.record([Delivery(inbound(b"<xml/>"), unreadable="not JSON")])
    ledger.skip(kill_create(ledger, opened("other")), "a test", by="ada")
    ledger.pause("mail", "maintenance", by="ada")
    return kill_create(ledger, opened("third"))


def validated(document: str, text: str) -> Any:
    """Parse a text and validate it against the published schema of a document."""
    schema = json.loads((ROOT / DEFAULT / f"{document}.json").read_text())
    value = json.loads(text)
    jsonschema_rs.validator_for(schema).validate(value)
    return value


@pytest.fixture
def run(ledger: Ledger, dead_letter: str, tmp_path: Path) -> Callable[..., Result]:
    (tmp_path / "body.json").write_text('{"subject": "new", "description": "x", "priority": "low"}')
    (tmp_path / "new.yaml").write_text(CONFIG)
    (tmp_path / "alerts.json").write_text(ALERTS)
    words = {
        "CONFIG": str(tmp_path / "new.yaml"),
        "DEAD": dead_letter,
        "FILE": str(tmp_path / "file"),
        "BODY": str(tmp_path / "body.json"),
        "ALERTS": str(tmp_path / "alerts.json"),
    }
    prom = {"TICKETRELAY_SOURCES__PROM__KIND": "alertmanager", "TICKETRELAY_SOURCES__PROM__SECRET": "correct horse"}

    def run(*arguments: str, api: str | None = None) -> Result:
        given = [words.get(each, each) for each in arguments]
        return command(str(ledger.database.url), *given, api=api, **prom)

    return run


def test_the_published_schemas_are_those_of_the_types_that_are_printed() -> None:
    published = {each.name: each.read_text() for each in (ROOT / DEFAULT).glob("*.json")}
    assert published == files(), "run `python -m worker.cli.shell.schemas`"


def test_schemas_of_commands_that_are_no_more_are_taken_away(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("{}")
    main(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {f"{name}.json" for name in DOCUMENTS}


def test_every_document_is_printed_by_a_command_of_this_test() -> None:
    assert set(COMMANDS) | set(ELSEWHERE) == set(DOCUMENTS)


def test_every_command_that_answers_json_has_a_published_schema() -> None:
    answering = {
        path for path, each in every_command().items() if any(option.name == "output" for option in each.params)
    }
    assert {"-".join(path) for path in answering - OTHER_FORMATS} <= set(DOCUMENTS)


@pytest.mark.parametrize("document", sorted(set(COMMANDS) - {"audit"}))
def test_what_a_command_prints_is_what_its_schema_says(document: str, run: Callable[..., Result]) -> None:
    result = run(*COMMANDS[document], "-o", "json")
    assert result.exit_code in (0, 1), result.stderr
    assert validated(document, result.stdout)


def test_what_asks_the_tickets_api_prints_what_its_schema_says(
    tmp_path: Path, run: Callable[..., Result], dead_letter: str
) -> None:
    options = Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit.named("none"))
    with LocalTicketsApi(options) as tickets, running(tickets) as served:
        found = validated("audit", run("audit", "-o", "json", api=served.base_url).stdout)
    assert [each["what"] for each in found["findings"]] == ["missing"]


def test_a_bound_dead_letter_is_told_as_its_schema_says(
    tmp_path: Path, run: Callable[..., Result], dead_letter: str
) -> None:
    options = Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit.named("none"))
    with LocalTicketsApi(options) as tickets, running(tickets) as served:
        ticket = asyncio.run(_made_by_a_person(served.base_url))
        said = run("dead", "bind", dead_letter, ticket, "-o", "json", api=served.base_url)
    assert said.exit_code == 0, said.stderr
    assert validated("dead-bind", said.stdout)["ticket"] == ticket


async def _made_by_a_person(api: str) -> str:
    async with TicketsClient(api, KEY) as client:
        request = CreateTicket(subject="there", description="x", priority="low")
        return (await client.create_ticket(request, idempotency_key="by-a-person")).id


def test_a_reload_is_told_as_its_schema_says_whether_it_was_taken_or_not(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    file = tmp_path / "new.yaml"
    given = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}

    def read() -> Loaded:
        return judge(gather(given, file))

    file.write_text("policy: {damping: 0}\n")
    path = tmp_path / "control.sock"
    control = Control(unix_listener(path), control_app(Reloader(Current(read()), read, Metrics(), time.time), None))
    control.start()
    try:
        file.write_text(f"server: {{control: 'unix:{path}'}}\npolicy: {{damping: 5}}\n")
        taken = run("reload", "--config", str(file), "-o", "json")
        file.write_text(f"server: {{control: 'unix:{path}'}}\npolicy: {{dampin: 5}}\n")
        refused = run("reload", "--config", str(file), "-o", "json")
    finally:
        control.stop()
    found = validated("reload", taken.stdout.splitlines()[-1])  # this process logs its own reload before it
    assert (taken.exit_code, found["changed"], found["problems"]) == (
        0, [{"setting": "policy.damping", "what": "changed"}], [],
    )  # fmt: skip
    assert [each["setting"] for each in found["needs_restart"]] == ["server.control"]
    found = validated("reload", refused.stdout.splitlines()[-1])
    assert (refused.exit_code, found["changed"]) == (1, [])
    assert "did you mean 'damping'?" in found["problems"][0]


@pytest.mark.parametrize("document", ["events-list", "dead-list", "tail", "db-stats", "events-export"])
def test_each_line_of_jsonl_is_an_item_of_the_document(document: str, run: Callable[..., Result]) -> None:
    array = json.loads(run(*COMMANDS[document], "-o", "json").stdout)
    lines = run(*COMMANDS[document], "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == array
    assert array


def test_dead_letters_that_are_decided_on_are_told_one_by_one(run: Callable[..., Result], dead_letter: str) -> None:
    lines = run("dead", "retry", dead_letter, "op-99-1", "-o", "jsonl").stdout.splitlines()
    assert [validated("dead-letter", line)["id"] for line in lines] == [dead_letter, "op-99-1"]


def test_a_value_that_is_not_what_the_schema_says_is_not_printed() -> None:
    wrong: Any = "three"
    with pytest.raises(Exception, match="Expected `int`"):
        item_adapter("dead-groups").dump_json(DeadLetterGroup("a", wrong, 0, "op-1-1"), warnings="error")


def test_status_without_a_ledger_that_can_be_read_says_so_as_its_schema_says(tmp_path: Path, ledger: Ledger) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    result = command(url, "status", "-o", "json")
    assert result.exit_code == 1
    assert [each["name"] for each in validated("status", result.stdout)["alarms"]] == ["ledger_away"]
