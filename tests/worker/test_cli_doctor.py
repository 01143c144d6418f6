"""The support bundle holds what helps, and no secret and no text of a message."""

from __future__ import annotations

import json
import stat
import tarfile
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from worker.actions.doctor import shown
from worker.ledger import Delivery, Ledger
from worker.settings.loader import STAND_IN_KEY

from .builders import again, claim_one, deliver_all, delivery, inbound, kill_create, minute, opened
from .commands import command, said

SECRETS = {
    "TICKETRELAY_API__URL": "https://apiuser:api-url-password@api.example/v1",
    "TICKETRELAY_API__KEY": "ak_live_0123456789",
    "TICKETRELAY_BROKER__URL": "amqp://relay:broker-url-password@mq.example//",
    "TICKETRELAY_SOURCES__PROM__KIND": "alertmanager",
    "TICKETRELAY_SOURCES__PROM__SECRET": "correct-horse-battery",
    "TICKETRELAY_SOURCES__PROM__PREVIOUS_SECRET": "previous-staple",
    "TICKETRELAY_SOURCES__CHAT__KIND": "slack",
    "TICKETRELAY_SOURCES__CHAT__SECRET": "chat-signing-key",
}
WORDS = (
    "Payload",
    "Subjectword",
    "Quarantineword",
    "Reasonword",
    "Pauseword",
    "Casekeyword",
    "Errorword",
    "Headerword",
)


def bundled(file: Path) -> dict[str, Any]:
    with tarfile.open(file) as bundle:
        return {Path(each.name).name: json.loads(bundle.extractfile(each).read()) for each in bundle}  # type: ignore[union-attr]


def eventful(ledger: Ledger) -> None:
    """Put a word of a sender or a person into every place of the ledger that stores such words."""
    arrived = inbound(b"Payload", headers=(("x-words", "Headerword"),))
    ledger.record([delivery(opened("Casekeyword", text="Payload", subject="Subjectword"), inbound=arrived)])
    ledger.settle([(claim_one(ledger), again(minute(1), unknown=True, status=503))])
    ledger.record([Delivery(inbound(b"Quarantineword"), unreadable="Reasonword")])
    ledger.skip(kill_create(ledger, opened("other", text="Payload")), "Reasonword Errorword", by="ada")
    ledger.record([delivery(opened("third"))])
    deliver_all(ledger, "T-7")
    ledger.pause("prom", "Pauseword", by="ada")


def test_the_bundle_holds_no_secret_and_no_word_of_a_message(ledger: Ledger, database_url: str, tmp_path: Path) -> None:
    eventful(ledger)
    file = tmp_path / "bundle.tar.gz"
    result = command(database_url, "doctor", "--to", str(file), "-o", "json", **SECRETS)
    assert (result.exit_code, said(result)["problems"]) == (1, []), result.stderr  # an alarm is up
    with tarfile.open(file) as bundle:
        text = "".join(bundle.extractfile(each).read().decode() for each in bundle)  # type: ignore[union-attr]
    secrets = ("api-url-password", "ak_live_0123456789", "broker-url-password", "correct-horse-battery",
               "previous-staple", "chat-signing-key")  # fmt: skip
    password = ledger.database.url.password
    assert [word for word in (*WORDS, *secrets, str(password or secrets[0])) if word in text] == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_bundle_tells_versions_settings_states_and_sizes(ledger: Ledger, database_url: str, tmp_path: Path) -> None:
    eventful(ledger)
    file = tmp_path / "bundle.tar.gz"
    command(database_url, "doctor", "--to", str(file), **SECRETS)
    found = bundled(file)
    assert set(found) == {f"{name}.json" for name in (
        "versions", "settings", "environment", "disk", "schema", "status", "counts", "attempts"
    )}  # fmt: skip
    assert found["versions.json"]["versions"]["packages"]["sqlalchemy"]
    assert found["settings.json"]["settings"]["api"]["key"] == "(set)"
    assert found["settings.json"]["settings"]["sources"]["prom"]["kind"] == "alertmanager"
    assert "TICKETRELAY_API__KEY" in found["environment.json"]["environment"]
    assert found["schema.json"]["schema"]["tables"] == found["schema.json"]["schema"]["this_version"]
    assert [each["name"] for each in found["status.json"]["status"]["alarms"]][:1] == ["quarantine"]
    assert {each["table"]: each["rows"] for each in found["counts.json"]["counts"]}["inbound"] == 4
    assert found["attempts.json"]["attempts"]
    assert found["disk.json"]["disk"]


def test_a_bundle_is_made_although_the_ledger_cannot_be_used(tmp_path: Path) -> None:
    file = tmp_path / "bundle.tar.gz"
    result = command("postgresql://nobody:hidden@127.0.0.1:1/nothing", "doctor", "--to", str(file))
    assert result.exit_code == 1
    assert "Error: left out of the bundle: status: OperationalError" in result.stderr
    assert "versions.json" in bundled(file)
    assert "hidden" not in result.output


def test_a_bundle_is_made_before_there_are_tables(tmp_path: Path) -> None:
    file = tmp_path / "bundle.tar.gz"
    result = command(f"sqlite:///{tmp_path / 'none' / 'ledger.db'}", "doctor", "--to", str(file))
    assert result.exit_code == 1
    assert bundled(file)["schema.json"]["schema"]["tables"] is None


def test_a_bundle_takes_no_other_files_place(ledger: Ledger, database_url: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("precious")
    result = command(database_url, "doctor", "--to", str(there))
    assert result.exit_code == 2
    assert there.read_text() == "precious"


def test_of_a_setting_that_is_called_a_secret_is_said_only_that_it_is_set() -> None:
    told = shown(
        {"webhook_token": "abc", "token_file": "/etc/token", "signing_secret": None, "port": 1, "url": "x://u:p@h"}
    )
    assert told == {
        "webhook_token": "(set)", "token_file": "/etc/token", "signing_secret": None, "port": 1, "url": "x://…@h",
    }  # fmt: skip


def test_an_api_key_that_is_not_set_is_shown_as_not_set() -> None:
    assert shown(SecretStr(STAND_IN_KEY), "key") == "(not set)"
