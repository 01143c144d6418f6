"""Alarms reach somebody: each target is told once when an alarm comes up, and once when it is over."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from connectors.contract.calls import CallLater, HttpCall
from connectors.contract.receipts import MailServer, OutgoingMail
from tests.acceptance.processes import kept_port, wait_until
from worker.jobs import alarm_loop
from worker.jobs.alarm_loop import jobs_of
from worker.jobs.notify import EVERY
from worker.jobs.runner import Runner
from worker.ledger import Ledger, LedgerAway
from worker.ledger.upkeep.standing_alarms import HOLD
from worker.receipts.sending import hand_in
from worker.runtime.web import NotReached, fetch
from worker.settings import Settings, SettingsError, load

from .builders import ManualClock, kill_create, opened
from .commands import command
from .receipts.test_by_mail import Postbox
from .test_locked_sqlite import locked
from .web_stand_in import Request, served

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
STALLED = {"stalled": "work has been due for an hour"}


class Hook:
    """A URL that takes messages; a test sets the status of its answers."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.status = 200
        self.url = ""

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(request)
        return self.status, {}, b""

    def told(self) -> list[tuple[list[str], list[str]]]:
        """Return the names of the alarms that came up and are over, message by message."""
        return [
            ([up["alarm"] for up in each.json["raised"]], [over["alarm"] for over in each.json["over"]])
            for each in self.requests
        ]


@contextmanager
def hooked() -> Iterator[Hook]:
    made = Hook()
    with served(made.answer) as url:
        made.url = url
        yield made


@pytest.fixture
def hook() -> Iterator[Hook]:
    with hooked() as made:
        yield made


def notifying(**targets: dict[str, str]) -> Settings:
    """Return settings with these targets."""
    own = {
        f"TICKETRELAY_ALARMS__NOTIFY__{name}__{key}".upper(): value
        for name, target in targets.items()
        for key, value in target.items()
    }
    return load(API | own)


class Teller:
    """The jobs of a process that tells of alarms."""

    def __init__(self, ledger: Ledger, clock: ManualClock, settings: Settings, *, delivers: bool = False) -> None:
        self._ledger = ledger
        self._clock = clock
        self._runner = Runner(ledger, lambda: jobs_of(settings, delivers=delivers), lambda _: None, "one", 1.0)

    def looks(self, up: dict[str, str], after: timedelta = EVERY) -> None:
        """Let time pass, note the alarms that are up, and run the jobs."""
        self._clock.now += after
        self._ledger.note_alarms(up)
        self._runner.once()


def test_a_target_is_told_once_when_an_alarm_comes_up_and_once_when_it_is_over(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook
) -> None:
    teller = Teller(sqlite_ledger, clock, notifying(oncall={"url": f"{hook.url}/hook?token=s3cret"}))
    teller.looks({})
    for _ in range(3):
        teller.looks(STALLED)
    assert hook.told() == [(["stalled"], [])]
    teller.looks({}, HOLD + EVERY)
    teller.looks({})
    assert hook.told() == [(["stalled"], []), ([], ["stalled"])]


def test_the_message_says_what_since_when_where_what_to_do_and_where_to_read(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook
) -> None:
    more = {"TICKETRELAY_ALARMS__DEPLOYMENT": "prod", "TICKETRELAY_ALARMS__RUNBOOK": "https://wiki/{alarm}"}
    settings = load(API | more | {"TICKETRELAY_ALARMS__NOTIFY__A__URL": hook.url})
    Teller(sqlite_ledger, clock, settings).looks(STALLED)
    (request,) = hook.requests
    assert request.method == "POST"
    assert request.json["text"].startswith(
        "[Ticketrelay prod] ACT: stalled\n\nACT: stalled, since 2026-02-20 12:00 UTC\nwork has been due for an hour\n"
        "What to do: If no `worker` runs, start one."
    )
    assert "Runbook: https://wiki/stalled\n" in request.json["text"]
    assert "Deployment: prod (told by " in request.json["text"]
    assert request.json["content"] == request.json["text"][:1900]
    (raised,) = request.json["raised"]
    assert (raised["needs"], raised["is_urgent"], raised["since"]) == ("act", True, "2026-02-20T12:00:05+00:00")


def test_an_alarm_that_flaps_is_told_once(sqlite_ledger: Ledger, clock: ManualClock, hook: Hook) -> None:
    teller = Teller(sqlite_ledger, clock, notifying(oncall={"url": hook.url}))
    for _ in range(5):
        teller.looks(STALLED)
        teller.looks({}, timedelta(seconds=90))
    assert hook.told() == [(["stalled"], [])]


def test_after_a_restart_nothing_is_told_again(sqlite_ledger: Ledger, clock: ManualClock, hook: Hook) -> None:
    settings = notifying(oncall={"url": hook.url})
    Teller(sqlite_ledger, clock, settings).looks(STALLED)
    Teller(sqlite_ledger, clock, settings).looks(STALLED)
    assert hook.told() == [(["stalled"], [])]


def test_a_target_that_fails_is_tried_again_later_and_holds_up_no_other(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook
) -> None:
    with hooked() as other:
        hook.status = 500
        teller = Teller(sqlite_ledger, clock, notifying(broken={"url": hook.url}, fine={"url": other.url}))
        teller.looks(STALLED)
        assert (len(hook.requests), other.told()) == (1, [(["stalled"], [])])
        teller.looks(STALLED, timedelta(seconds=2))
        assert len(hook.requests) == 1  # the pause
        teller.looks(STALLED, timedelta(seconds=10))
        hook.status = 200
        teller.looks(STALLED, timedelta(seconds=30))
        teller.looks(STALLED)
        assert hook.told() == [(["stalled"], [])] * 3
        assert other.told() == [(["stalled"], [])]


def test_an_alarm_that_came_and_went_while_its_target_failed_is_not_told(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook
) -> None:
    teller = Teller(sqlite_ledger, clock, notifying(oncall={"url": hook.url}))
    hook.status = 503
    teller.looks(STALLED)
    hook.status = 200
    teller.looks({}, timedelta(minutes=10))
    teller.looks({})
    assert hook.told() == [(["stalled"], [])]


def test_several_changes_are_one_message(sqlite_ledger: Ledger, clock: ManualClock, hook: Hook) -> None:
    teller = Teller(sqlite_ledger, clock, notifying(oncall={"url": hook.url}))
    teller.looks(STALLED | {"overdue": "late", "disk_full": "no room"})
    teller.looks({"quarantine": "1 delivery"}, HOLD + EVERY)
    assert hook.told() == [
        (["disk_full", "overdue", "stalled"], []),
        (["quarantine"], ["disk_full", "overdue", "stalled"]),
    ]


@pytest.mark.parametrize(
    ("least", "told"),
    [
        ("act", ["stalled"]),
        ("look", ["broker_away", "stalled"]),
        ("nothing to do", ["broker_away", "clock_jumped", "stalled"]),
    ],
)
def test_a_target_hears_of_what_asks_for_enough(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook, least: str, told: list[str]
) -> None:
    teller = Teller(sqlite_ledger, clock, notifying(oncall={"url": hook.url, "least": least}))
    teller.looks(STALLED | {"broker_away": "refused", "clock_jumped": "back"})
    assert hook.told() == [(told, [])]


def test_of_two_processes_one_tells(sqlite_ledger: Ledger, clock: ManualClock, hook: Hook) -> None:
    settings = notifying(oncall={"url": hook.url})
    tellers = [Teller(sqlite_ledger, clock, settings) for _ in range(2)]
    for each in tellers:
        each.looks(STALLED, timedelta(0))
    assert hook.told() == [(["stalled"], [])]


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, str]]:
    made = Postbox()
    controller = Controller(made, hostname="127.0.0.1", port=kept_port())
    controller.start()
    yield made, f"127.0.0.1:{controller.port}"
    controller.stop()


def test_a_target_with_an_address_gets_an_automatic_mail(
    sqlite_ledger: Ledger, clock: ManualClock, postbox: tuple[Postbox, str]
) -> None:
    box, address = postbox
    settings = load(
        API
        | {
            "TICKETRELAY_ALARMS__NOTIFY__ONCALL__MAIL": "oncall@example.net",
            "TICKETRELAY_ALARMS__MAIL_BY": address,
            "TICKETRELAY_ALARMS__MAIL_SECURITY": "none",
            "TICKETRELAY_ALARMS__MAIL_FROM": "ticketrelay@example.net",
            "TICKETRELAY_ALARMS__DEPLOYMENT": "prod",
        }
    )
    teller = Teller(sqlite_ledger, clock, settings)
    box.data = "451 later"
    teller.looks(STALLED)
    box.data = "250 OK"
    teller.looks(STALLED, timedelta(seconds=10))
    ((sender, recipients, content),) = box.mails
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert (sender, recipients) == ("<>", ["oncall@example.net"])
    assert (mail["Subject"], mail["From"]) == ("[Ticketrelay prod] ACT: stalled", "ticketrelay@example.net")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "What to do: If no `worker` runs" in mail.get_content()


def test_a_channel_of_slack_gets_a_post_of_the_bot(sqlite_ledger: Ledger, clock: ManualClock) -> None:
    posts: list[dict[str, Any]] = []

    def answer(request: Request) -> tuple[int, dict[str, str], bytes]:
        assert request.path == "/api/chat.postMessage"
        posts.append(request.json)
        return 200, {}, b'{"ok": true, "channel": "C1", "ts": "1.2"}'

    with served(answer) as url:
        source = {
            "TICKETRELAY_SOURCES__CHAT__KIND": "slack",
            "TICKETRELAY_SOURCES__CHAT__SECRET": "0" * 32,
            "TICKETRELAY_SOURCES__CHAT__BOT_TOKEN": "xoxb-1-2-abcdefgh",
            "TICKETRELAY_SOURCES__CHAT__RECEIPTS": "true",
            "TICKETRELAY_SOURCES__CHAT__API_URL": f"{url}/api",
            "TICKETRELAY_ALARMS__NOTIFY__OPS__SOURCE": "chat",
            "TICKETRELAY_ALARMS__NOTIFY__OPS__CHANNEL": "C1",
        }
        Teller(sqlite_ledger, clock, load(API | source)).looks(STALLED)
    (post,) = posts
    assert post["channel"] == "C1"
    assert "work has been due for an hour" in post["text"]


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ({"URL": "http://chat.example.net/hook"}, "must be an https:// URL; http:// is allowed on a loopback"),
        ({"URL": "ftp://127.0.0.1/x"}, "must be an https:// URL"),
        ({"URL": "https:///x"}, "must be an https:// URL"),
        ({"URL": "https://xn--a-ecp.chat.example.net--/x"}, "must be an https:// URL with the name of a host"),
        ({"URL": f"https://{'a' * 64}.chat.example.net/x"}, "must be an https:// URL with the name of a host"),
        ({"URL": "https://chat.example.net..x/"}, "must be an https:// URL with the name of a host"),
        ({"MAIL": "oncall@example.net"}, "mail_by: is required"),
        ({"MAIL": "nobody"}, "must be an address"),
        ({}, "one of url, mail and source"),
        ({"URL": "https://x.example/", "MAIL": "a@b.example"}, "one of url, mail and source"),
        ({"SOURCE": "chat"}, "source and channel belong together"),
        ({"SOURCE": "chat", "CHANNEL": "C1"}, "there is no 'chat' in sources"),
    ],
)
def test_a_target_that_nobody_could_tell_is_refused(target: dict[str, str], why: str) -> None:
    own = {f"TICKETRELAY_ALARMS__NOTIFY__ONCALL__{name}": value for name, value in target.items()}
    with pytest.raises(SettingsError) as caught:
        load(API | (own or {"TICKETRELAY_ALARMS__NOTIFY__ONCALL__LEAST": "act"}))
    assert any(why in each for each in caught.value.problems), caught.value.problems
    assert "chat.example.net" not in str(caught.value.problems)


@pytest.mark.parametrize(
    "url", ["https://xn--a-ecp.ru--/", f"https://{'a' * 64}.example/", "https://a..b/", "http://[/"]
)
def test_a_url_that_cannot_be_called_is_a_call_that_did_not_leave(url: str) -> None:
    with pytest.raises(NotReached):
        fetch(HttpCall(url, b"", {}, "GET"), max_bytes=1000, deadline_s=5.0)


def test_a_mail_server_that_cannot_be_called_is_tried_later() -> None:
    mail = OutgoingMail(MailServer("a..b", 25, "none", None, None), "oncall@example.net", b"")
    assert isinstance(hand_in(mail), CallLater)


def test_an_address_of_our_own_is_refused_because_no_alarm_may_become_a_ticket() -> None:
    own = {
        "TICKETRELAY_SOURCES__HELP__KIND": "email",
        "TICKETRELAY_SOURCES__HELP__SECRET": "correct-horse-battery",
        "TICKETRELAY_SOURCES__HELP__ADDRESS": "help@example.net",
        "TICKETRELAY_ALARMS__NOTIFY__ONCALL__MAIL": "Help@example.net",
        "TICKETRELAY_ALARMS__MAIL_BY": "127.0.0.1:25",
    }
    with pytest.raises(SettingsError) as caught:
        load(API | own)
    assert "is the address of help" in caught.value.problems[0]


def test_the_test_command_tells_each_target_and_says_which_did_not_take_it(sqlite_ledger: Ledger, hook: Hook) -> None:
    url = str(sqlite_ledger.database.url)
    targets = {
        "TICKETRELAY_ALARMS__NOTIFY__FINE__URL": f"{hook.url}/s3cret",
        "TICKETRELAY_ALARMS__NOTIFY__GONE__URL": "http://127.0.0.1:1/s3cret",
    }
    assert command(url, "alarms", "test").exit_code == 2
    result = command(url, "alarms", "test", **targets)
    assert result.exit_code == 1
    assert [each.split()[:2] for each in result.stdout.splitlines()] == [["fine", "ok"], ["gone", "WRONG"]]
    assert "s3cret" not in result.output
    assert command(url, "alarms", "test", "fine", **targets).exit_code == 0
    assert hook.requests[0].json["is_test"] is True
    assert "TEST" in hook.requests[0].json["text"]


def test_the_test_command_asks_the_ping_too_and_says_when_its_service_does_not_answer(
    sqlite_ledger: Ledger, hook: Hook
) -> None:
    url = str(sqlite_ledger.database.url)
    pinged = {"TICKETRELAY_ALARMS__PING_URL": f"{hook.url}/s3cret"}
    both = pinged | {"TICKETRELAY_ALARMS__NOTIFY__ONCALL__URL": hook.url}
    assert command(url, "alarms", "test", **both).stdout.split()[:2] == ["oncall", "ok"]
    assert [each.method for each in hook.requests] == ["POST", "GET"]
    hook.status = 404
    result = command(url, "alarms", "test", "ping", **pinged)
    assert (result.exit_code, result.stdout.split()[:2]) == (1, ["ping", "WRONG"])
    assert "the service of alarms.ping_url answered 404" in result.stdout
    assert "s3cret" not in result.output
    refused = command(url, "alarms", "test", "pong", **pinged)
    assert (refused.exit_code, "there are: ping" in refused.output) == (2, True)


def test_the_loop_of_a_process_finds_an_alarm_and_tells_it_and_a_locked_ledger_does_not_end_it(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_loop, "TURN_S", 0.01)
    monkeypatch.setattr(alarm_loop, "LOOK_S", 0.01)

    def is_told() -> bool:
        clock.now += EVERY
        return bool(hook.requests)

    settings = notifying(oncall={"url": hook.url})
    kill_create(sqlite_ledger, opened())
    loop = alarm_loop.AlarmLoop(sqlite_ledger, lambda: settings, delivers=False)
    with locked(sqlite_ledger):
        loop.start()
        with pytest.raises(LedgerAway):  # as long as the loop has to wait
            sqlite_ledger.note_alarms(STALLED)
    try:
        wait_until(is_told, "told")
    finally:
        loop.stop()
    assert hook.told() == [(["dead_letters"], [])]


def test_a_ping_is_sent_by_a_process_that_delivers_while_the_ledger_takes_writes(
    sqlite_ledger: Ledger, clock: ManualClock, hook: Hook
) -> None:
    settings = load(API | {"TICKETRELAY_ALARMS__PING_URL": f"{hook.url}/ping", "TICKETRELAY_ALARMS__PING_EVERY": "1m"})
    Teller(sqlite_ledger, clock, settings).looks({})
    assert hook.requests == []
    teller = Teller(sqlite_ledger, clock, settings, delivers=True)
    teller.looks({})
    teller.looks({}, timedelta(seconds=50))
    teller.looks({}, timedelta(seconds=10))
    assert [(each.method, each.path) for each in hook.requests] == [("GET", "/ping")] * 2


def test_a_target_that_stays_broken_is_an_alarm_and_no_url_is_in_the_ledger(
    sqlite_ledger: Ledger, clock: ManualClock
) -> None:
    teller = Teller(sqlite_ledger, clock, notifying(gone={"url": "http://127.0.0.1:1/s3cret"}))
    for _ in range(3):
        teller.looks(STALLED, timedelta(minutes=1))
    (failing,) = sqlite_ledger.overview().failing_jobs
    assert (failing.name, failing.failures) == ("notify:gone", 3)
    assert "s3cret" not in failing.error
