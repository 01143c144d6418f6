"""No setting and no text of an alarm ends the loop that tells of alarms: messages are made of anything."""

from __future__ import annotations

import pytest

from worker.jobs.notify import AlarmChange, deliver, message, trial_message
from worker.settings import Settings, SettingsError, load

from .builders import NOON

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
ALARMS = "TICKETRELAY_ALARMS__"
MAIL = {f"{ALARMS}NOTIFY__ONCALL__MAIL": "oncall@example.net", f"{ALARMS}MAIL_BY": "127.0.0.1:1"}
TELEGRAM = {
    "TICKETRELAY_SOURCES__CHAT__KIND": "telegram",
    "TICKETRELAY_SOURCES__CHAT__SECRET": "0" * 32,
    "TICKETRELAY_SOURCES__CHAT__BOT_TOKEN": "123456:abcdefghijklmnopqrstuvwxyzABCDEFGHI",
    "TICKETRELAY_SOURCES__CHAT__RECEIPTS": "true",
    f"{ALARMS}NOTIFY__OPS__SOURCE": "chat",
}


def problems(more: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load(API | more)
    return " ".join(caught.value.problems)


@pytest.mark.parametrize("text", ["production\n", "a\tb", "a\u2028b", "\x07"])
def test_a_name_in_messages_is_one_printable_line(text: str) -> None:
    assert "one line" in problems({f"{ALARMS}DEPLOYMENT": text})
    assert "one line" in problems({f"{ALARMS}NOTIFY__OPS__SOURCE": text, f"{ALARMS}NOTIFY__OPS__CHANNEL": "C1"})
    assert "one line" in problems({f"{ALARMS}NOTIFY__OPS__SOURCE": "chat", f"{ALARMS}NOTIFY__OPS__CHANNEL": text})


@pytest.mark.parametrize("name", ["MAIL_FROM", "MAIL_BY", "MAIL_USERNAME", "NOTIFY__ONCALL__MAIL"])
def test_a_line_feed_at_the_end_is_refused(name: str) -> None:
    given = {**MAIL, f"{ALARMS}MAIL_FROM": "from@example.net", f"{ALARMS}MAIL_USERNAME": "relay"}
    assert "one line" in problems({**given, f"{ALARMS}{name}": given[f"{ALARMS}{name}"] + "\n"})


@pytest.mark.parametrize("address", [":N-;x@a.example", "p{Q.O.:/z@example.net", "a,b@example.net"])
def test_an_address_that_no_mail_can_name_is_refused(address: str) -> None:
    assert "an address" in problems({**MAIL, f"{ALARMS}NOTIFY__ONCALL__MAIL": address})
    assert "an address" in problems({**MAIL, f"{ALARMS}MAIL_FROM": address})


def test_a_channel_that_the_platform_cannot_have_is_refused() -> None:
    assert "alarms.notify.ops: " in problems(TELEGRAM | {f"{ALARMS}NOTIFY__OPS__CHANNEL": "@ops"})
    load(API | TELEGRAM | {f"{ALARMS}NOTIFY__OPS__CHANNEL": "-1001234567890"})


def told(settings: Settings, text: str) -> str | None:
    """Return why the mail about an alarm with this text was not taken."""
    about = message([AlarmChange("stalled", text, NOON)], settings.alarms, NOON)
    problem, _ = deliver(settings.alarms.notify["oncall"], about, settings, NOON)
    return problem


@pytest.mark.parametrize("text", ["a\r\nBcc: x\0", "\ud800 lone", "\x1b[31m" + "x" * 100_000, ""])
def test_a_mail_is_made_of_any_text(text: str) -> None:
    assert told(load(API | MAIL), text) == "the mail server cannot be used: ConnectionRefusedError"


@pytest.mark.parametrize("host", ["a..b", "x" * 70])
def test_a_mail_server_with_an_impossible_name_is_a_failure_of_its_target(host: str) -> None:
    assert told(load(API | MAIL | {f"{ALARMS}MAIL_BY": f"{host}:25"}), "late") == (
        "the mail server cannot be used: UnicodeError"
    )


def test_a_host_with_any_name_can_send_the_test_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "web\n1\ud800")
    settings = load(API | MAIL)
    about = trial_message(settings.alarms, NOON)
    assert about.subject.startswith("[Ticketrelay web 1")
    problem, _ = deliver(settings.alarms.notify["oncall"], about, settings, NOON)
    assert problem == "the mail server cannot be used: ConnectionRefusedError"
