"""Neither private messages nor secrets leak: they are planted everywhere, and searched for everywhere else.

Real process, real deliveries over HTTP, signed; the Tickets API refuses some calls, and everything is logged.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from connectors import connector
from tests.acceptance.deployments import QUICK, Embedded
from tests.acceptance.planted import (
    DISCORD_KEY,
    ODD_COPY,
    ODD_HEADER,
    OF_A_FLEET,
    SECRETS,
    Planted,
    fleet_settings,
    plant,
    secret_requests,
    secret_settings,
    settings,
)
from tests.acceptance.processes import Process, kept_port, ticketrelay, wait_until
from tests.worker.slack_stand_in import Slack, slack

FLEET_COMMANDS = (
    ("config", "show"), ("config", "show", "-o", "json"), ("check",), ("check", "--connect"), ("status",),
    ("events", "list"), ("doctor", "--to", "/dev/null/bundle"),
)  # fmt: skip
ROLES = (["serve"], ["worker"], ["mail", "--smtp", "off"])
COMMANDS = (
    ["status"], ["events", "list"], ["dead", "list"], ["cases", "list"], ["sources", "list"], ["tail", "--no-follow"],
)  # fmt: skip


ROUTES = """
routes:
  - name: in its own words
    match: ['kind =~ "slack|teams|telegram|discord"']
    private: false
    subject: "{{ text }}"
    description: "as a route says: {{ subject }} {{ text }} {{ user }}"
"""
"""A route that would disclose everything, but applies only to public messages."""


@dataclass
class Seen:
    """All visible output: private notes, and everything else, by place."""

    planted: Planted
    private: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    """The stored data, and the output of commands about it. Words of messages are there, and no secret is."""

    def leaks(self, words: dict[str, str]) -> list[str]:
        """Return the planted words, with the places where they are visible though they should not be."""
        return [
            f"{where}: in {place}"
            for word, where in words.items()
            for place, text in self.elsewhere.items()
            if word in text
        ]

    def secrets(self, planted: dict[str, str]) -> list[str]:
        """Return the planted secrets that are visible or stored anywhere, with their places."""
        places = {"private notes": self.private, **self.elsewhere, **self.kept}
        return [
            f"{where}: in {place}" for where, secret in planted.items() for place, t in places.items() if secret in t
        ]


def send(relay: Embedded, kind: str, body: bytes) -> httpx.Response:
    code, now = connector(kind), datetime.now(UTC)
    if kind == "discord":
        at = str(int(now.timestamp()))
        headers = {"X-Signature-Timestamp": at, "X-Signature-Ed25519": DISCORD_KEY.sign(at.encode() + body).hex()}
    else:
        headers = code.sign(body, code.settings.model_validate({"secret": SECRETS[kind]}), now)
    return relay.site.http.post(f"{relay.site.intake}/in/{kind}", content=body, headers=headers)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder, planted = tmp_path_factory.mktemp("leaks") / "var", plant()
    with slack() as web:
        config = tmp_path_factory.mktemp("leaks") / "ticketrelay.yaml"
        config.write_text(ROUTES)
        control = f"127.0.0.1:{kept_port()}"
        environment = QUICK | settings(web.url, SECRETS) | secret_settings(control)
        environment |= {"TICKETRELAY_CONFIG": str(config)}
        relay = Embedded(folder, environment, more=["--log-level", "debug"])
        relay.start()
        try:
            found = look(relay, planted, web, folder)
            look_for_secrets(found, relay, folder, control)
            yield found
        finally:
            relay.stop()


def look(relay: Embedded, planted: Planted, web: Slack, folder: Path) -> Seen:
    """Send everything, in order; then collect all output."""
    found = Seen(planted)
    refused = planted.nowhere("a note that the Tickets API refuses")
    relay.site.add_fault(action="status", status=422, body=refused, path="/notes")
    relay.site.add_fault(action="status", status=500, path="/notes", times=2)
    relay.site.add_fault(action="reset", path="/tickets", times=1)
    web.ahead.append((200, {}, b'{"ok": false, "error": "internal_error"}', False))
    thread = planted.deliveries[1]
    planted.deliveries.insert(2, (thread[0], _said(thread[1], refused)))
    answers = [send(relay, kind, body) for kind, body in planted.deliveries]
    assert {each.status_code for each in answers} == {200, 202}
    hidden = planted.nowhere("a delivery with a wrong signature")
    body = json.dumps({"text": hidden}).encode()
    denied = relay.site.http.post(f"{relay.site.intake}/in/slack", content=body, headers={"X-Slack-Signature": "v0=00"})
    assert denied.status_code == 401
    relay.wait_until_idle()
    wait_until(lambda: len(web.calls) >= 3, "receipts")
    public = [json.dumps(each) for each in relay.site.tickets()]
    for each in relay.site.effects():
        if each["kind"] == "add_note" and json.loads(each["body"])["private"]:
            found.private += each["body"]
        else:
            public.append(json.dumps(each))
    found.elsewhere |= {
        "what the tickets show": "\n".join(public),
        "receipts": json.dumps(web.messages),
        "answers": "\n".join(each.text for each in answers),
        "metrics": relay.site.http.get(f"{relay.site.intake}/metrics").text,
    }
    for command in COMMANDS:
        told = relay.ticketrelay(*command)
        assert told.stdout, told.stderr
        found.elsewhere[" ".join(command)] = told.stdout + told.stderr
    shown = [relay.ticketrelay("events", "show", f"in-{number}").stdout for number in range(1, 4)]
    found.elsewhere["events show"] = "\n".join(shown)
    found.elsewhere["logs"] = (folder / "output.txt").read_text()
    return found


def look_for_secrets(found: Seen, relay: Embedded, folder: Path, control: str) -> None:
    """Send what has its proof in an unusual place; then collect what is stored, and what shows settings."""
    for path, headers, body in secret_requests("2026-03-14T02:00:00Z"):
        answer = relay.site.http.post(f"{relay.site.intake}{path}", content=body, headers=headers)
        assert answer.status_code == 200, (path, answer.text)
        found.elsewhere[f"the answer to {path.partition('?')[0]}"] = answer.text
    wrong = {"Authorization": f"Bearer {SECRETS['bearer']}-and-more"}
    assert relay.site.http.post(f"{relay.site.intake}/in/prom", content=b"{}", headers=wrong).status_code == 401
    relay.wait_until_idle()
    config = relay.site.http.get(f"http://{control}/config", headers={"Authorization": f"Bearer {SECRETS['control']}"})
    assert config.status_code == 200
    found.elsewhere["the page of the settings"] = config.text
    found.kept["the ledger"] = dumped(folder / "ledger.db")
    last = int(relay.ticketrelay("events", "list", "-o", "jsonl", "--limit", "1").stdout.split('"in-')[1].split('"')[0])
    for number in (1, last - 3, last - 2, last - 1, last):
        name = f"in-{number}"
        for told in (("export", name), ("export", name, "--redact"), ("show", name)):
            found.kept[" ".join(told)] = relay.ticketrelay("events", *told).stdout
    bundle = folder.parent / "doctor.tar.gz"
    said = relay.ticketrelay("doctor", "--to", str(bundle)).stdout
    with tarfile.open(bundle) as parts:
        found.kept["doctor"] = said + "".join(_read(parts, each) for each in parts.getmembers())
    for arguments in (("config", "show"), ("config", "show", "-o", "json", "--origin"), ("sources", "list")):
        shown = relay.ticketrelay(*arguments)
        assert shown.stdout, shown.stderr
        found.kept[" ".join(arguments)] = shown.stdout + shown.stderr
    found.elsewhere["logs"] = (folder / "output.txt").read_text()


def _read(parts: tarfile.TarFile, each: tarfile.TarInfo) -> str:
    opened = parts.extractfile(each)
    return opened.read().decode() if opened is not None else ""


def dumped(file: Path) -> str:
    """Return every value of every table, with the compressed ones unpacked."""
    found = []
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
        tables = [name for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        reads = (f'SELECT * FROM "{name}"' for name in tables)  # noqa: S608 — the names of our tables
        for row in itertools.chain.from_iterable(map(ledger.execute, reads)):
            for value in row:
                with suppress(zlib.error):
                    value = zlib.decompress(value) if isinstance(value, bytes) else value
                found.append(value.decode("latin-1") if isinstance(value, bytes) else str(value))
    return "\n".join(found)


@pytest.fixture(scope="module")
def of_a_fleet(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The output of the processes and commands of a fleet whose servers are all away."""
    found = Seen(Planted())
    environment = secret_settings("127.0.0.1:1") | fleet_settings()
    environment["TICKETRELAY_SOURCES__TELEGRAM__SECRET"] = SECRETS["telegram"]
    for arguments in FLEET_COMMANDS:
        told = ticketrelay(*arguments, environment=environment)
        assert told.stdout + told.stderr
        found.elsewhere[" ".join(arguments)] = told.stdout + told.stderr
    for role in ROLES:  # they wait for the database
        waiting = Process(role, environment, tmp_path_factory.mktemp("role") / "output.txt")
        wait_until(lambda waiting=waiting: waiting.has_logged("ledger.waited_for"), f"{role[0]} waits")  # type: ignore[misc]
        waiting.stop()
        found.elsewhere[role[0]] = waiting.log()
    by_setting = environment | {"TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1/0"}
    by_setting["TICKETRELAY_BROKER__PASSWORD"] = OF_A_FLEET["broker"]
    for arguments in (("config", "show"), ("check", "--connect")):
        told = ticketrelay(*arguments, environment=by_setting)
        found.elsewhere[f"{' '.join(arguments)}, with a password of the broker"] = told.stdout + told.stderr
    return found


def _said(body: bytes, text: str) -> bytes:
    """Return the reply as another message with other words."""
    payload = json.loads(body)
    payload["event"] |= {"text": text, "ts": "1773453600.999999", "event_ts": "1773453600.999999"}
    return json.dumps(payload).encode()


def test_what_is_said_in_private_is_in_private_notes(seen: Seen) -> None:
    assert [where for word, where in seen.planted.noted.items() if word not in seen.private] == []


def test_what_is_said_in_private_is_nowhere_else(seen: Seen) -> None:
    assert seen.leaks(seen.planted.noted) == []


def test_what_is_not_even_noted_is_nowhere(seen: Seen) -> None:
    assert seen.leaks(seen.planted.unnoted) == []
    assert [where for word, where in seen.planted.unnoted.items() if word in seen.private] == []


def test_the_check_finds_what_is_public(seen: Seen) -> None:
    found = {each.partition(":")[0] for each in seen.leaks(seen.planted.public)}
    assert found == set(seen.planted.public.values())
    assert "as a route says" in seen.elsewhere["what the tickets show"]
    assert not any(word in seen.private for word in seen.planted.public)


def test_no_secret_is_anywhere(seen: Seen) -> None:
    public = {"discord"}  # the application's Public Key
    assert seen.secrets({name: each for name, each in SECRETS.items() if name not in public}) == []


def test_no_header_or_parameter_with_a_proof_is_stored(seen: Seen) -> None:
    token = "x-telegram-bot-api-secret-token"
    for name in ("authorization", ODD_HEADER, ODD_COPY, "x-slack-signature", "x-signature-ed25519", token):
        assert f'"{name.lower()}"' not in seen.kept["the ledger"].lower()
    assert '"x-signature-timestamp"' in seen.kept["the ledger"]
    assert "a=1" in seen.kept["the ledger"]


def test_a_fleet_shows_no_secret_while_its_servers_are_away(of_a_fleet: Seen) -> None:
    assert of_a_fleet.secrets(OF_A_FLEET | {name: each for name, each in SECRETS.items() if name != "discord"}) == []
    assert "127.0.0.1:1" in of_a_fleet.elsewhere["check --connect"]


def test_logs_and_lists_are_not_empty(seen: Seen) -> None:
    for place, word in (
        ("logs", "settled"),
        ("dead list", "422"),
        ("events list", "in quarantine"),
        ("receipts", "is open"),
    ):
        assert word in seen.elsewhere[place]
