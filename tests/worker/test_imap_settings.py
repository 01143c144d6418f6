"""Settings of mailboxes, and the messages about wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.contract.mailbox import ImapMailbox, is_private
from worker.intake.imap.supervisor import configured
from worker.ledger import Mailbox
from worker.settings import SettingsError
from worker.settings.loader import gather, judge
from worker.settings.schema import schema
from worker.settings.showing import as_yaml, shown

from .commands import command

SECRETS = {"password": "correct horse", "client_secret": "battery staple"}
API = "api: {url: 'http://127.0.0.1:1/api/v1', key_file: key}\n"
OAUTH = {"client_id": "x", "client_secret": "y", "token_url": "https://example.net/token"}


def mailbox(**changes: Any) -> ImapMailbox:
    given = {"host": "imap.example.net", "user": "support", "password": "secret"} | changes
    return ImapMailbox.model_validate({name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(("security", "port"), [("tls", 993), ("starttls", 143), ("none", 143)])
def test_a_port_follows_from_the_security(security: str, port: int) -> None:
    assert mailbox(host="127.0.0.1", security=security).address == ("127.0.0.1", port)
    assert mailbox(host="127.0.0.1", security=security, port=1993).address == ("127.0.0.1", 1993)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"host": None}, "host: is missing"),
        ({"security": "none"}, "server on this machine"),
        ({"password": None}, "password: give either password or oauth"),
        ({"oauth": OAUTH}, "either password or oauth"),
        ({"password": None, "oauth": OAUTH | {"token_url": None}}, "token_url is missing"),
        ({"password": None, "oauth": OAUTH | {"token_url": "http://example.net/token"}}, "https"),
        ({"password": None, "oauth": OAUTH | {"client_secret": None}}, "token_store"),
        ({"then": "move"}, "move_to"),
        ({"move_to": "Done"}, "move_to"),
        ({"then": "move", "move_to": "INBOX"}, "one of the folders"),
        ({"folders": ["INBOX", "INBOX"]}, "name each folder once"),
        ({"folders": []}, "at least 1"),
        ({"folders": ["a\r\nb"]}, "pattern"),
        ({"user": "a\r\nb"}, "pattern"),
        ({"password": " "}, "blank"),
        ({"poll": 0}, "greater than 0"),
        ({"flag": "two words"}, "pattern"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mailbox(**changes)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://login.example.net/token", True),
        ("http://127.0.0.1:8080/token", True),
        ("http://[::1]/token", True),
        ("http://localhost/token", True),
        ("http://127.0.0.1.example.net/token", False),
        ("http://localhost@example.net/token", False),
        ("ftp://example.net", False),
        ("https:///token", False),
    ],
)
def test_a_token_is_asked_for_by_https_or_on_this_machine(url: str, private: bool) -> None:
    assert is_private(url) is private


def test_an_alarm_comes_after_three_polls_and_ten_minutes_at_least() -> None:
    assert mailbox(poll="1m").silent_after == 600.0
    assert mailbox(poll="5m").silent_after == 900.0
    assert mailbox(silent_alarm="1h").silent_after == 3600.0


def test_mailboxes_stand_in_the_file_with_their_secrets_beside_it(tmp_path: Path) -> None:
    for name, value in {**SECRETS, "key": "k", "source": "s"}.items():
        (tmp_path / name).write_text(value)
    (tmp_path / "relay.yaml").write_text(
        API + "sources:\n  support:\n    kind: email\n    address: a@example.net\n    secret_file: source\n    imap:\n"
        "      main: {host: imap.example.net, user: a, password_file: password, folders: [INBOX, Sent Items]}\n"
        "      cloud: {preset: gmail, user: a@gmail.com, poll: 5m,"
        " oauth: {client_id: x, client_secret_file: client_secret, token_store: /var/lib/x.token}}\n"
    )
    loaded = judge(gather({}, tmp_path / "relay.yaml"))
    found = configured(loaded.settings.sources)
    assert list(found) == [Mailbox("support", "main"), Mailbox("support", "cloud")]
    main_box, cloud = (box for _, box in found.values())
    assert main_box.folders == ("INBOX", "Sent Items")
    assert cloud.address == ("imap.gmail.com", 993)
    text = as_yaml(shown(loaded), origins=True)
    assert "imap.gmail.com" in text
    assert not any(each in text for each in SECRETS.values())


def test_a_password_in_the_file_itself_is_refused_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k")
    (tmp_path / "relay.yaml").write_text(
        API + "sources:\n  support:\n    kind: email\n    secret_file: key\n    imap:\n"
        "      main: {host: imap.example.net, user: a, password: correct horse}\n"
    )
    with pytest.raises(SettingsError) as refused:
        judge(gather({}, tmp_path / "relay.yaml"))
    said = "\n".join(refused.value.problems)
    assert "a secret must not stand in this file" in said
    assert "password_file: PATH" in said
    assert "correct horse" not in said


def test_mailboxes_can_be_environment_variables() -> None:
    prefix = "TICKETRELAY_SOURCES__SUPPORT__"
    given = {"KIND": "email", "SECRET": "s", "IMAP__MAIN__HOST": "imap.example.net", "IMAP__MAIN__USER": "a"}
    given |= {"IMAP__MAIN__PASSWORD": "b", "IMAP__MAIN__FOLDERS": "INBOX, Sent Items", "IMAP__MAIN__IDLE": "false"}
    api = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "k"}
    loaded = judge(gather(api | {prefix + name: value for name, value in given.items()}))
    ((_, box),) = configured(loaded.settings.sources).values()
    assert (box.folders, box.idle) == (("INBOX", "Sent Items"), False)


def test_the_published_schema_takes_files_of_secrets_and_no_secrets() -> None:
    properties = schema()["$defs"]["ImapMailbox"]["properties"]
    assert "password" not in properties
    assert "password_file" in properties
    assert "client_secret_file" in schema()["$defs"]["ImapOauth"]["properties"]


def test_the_configuration_file_of_the_group_is_that_of_its_command(tmp_path: Path) -> None:
    (tmp_path / "relay.yaml").write_text("server: {lisen: x}\n")
    ledger = f"sqlite:///{tmp_path / 'ledger.db'}"
    for arguments in (("mail", "--config", "FILE", "audit"), ("mail", "audit", "--config", "FILE")):
        named = [str(tmp_path / "relay.yaml") if each == "FILE" else each for each in arguments]
        result = command(ledger, *named)
        assert result.exit_code == 2
        assert "relay.yaml:1:10: there is no setting 'lisen'" in result.output
