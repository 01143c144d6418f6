"""Slash commands, shortcuts and modals of Slack: one ticket each, whatever else was done with the message.

The deliveries come over HTTP, signed. The modal is opened at a stand-in for Slack, tickets in a local Tickets API.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from connectors import connector
from connectors.contract.calls import HttpCall
from tests.connectors.slack.builders import (
    ADA,
    BOB,
    LATER,
    TRIGGER,
    acted,
    envelope,
    form,
    interaction,
    mention,
    message,
    reaction,
    reply,
    shortcut,
    slash,
    submission,
)
from worker.intake import prompting
from worker.intake.prompting import ask
from worker.ledger import Ledger
from worker.settings import Source

from .builders import NOON, ManualClock
from .http_edge import Served, serving
from .relay import Relay, relaying
from .slack_stand_in import PATIENCE_S, TOKEN, Slack, slack

Post = Callable[[bytes], httpx.Response]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the deadline of prompts: a test holds a call back, and the machine may be busy."""
    monkeypatch.setattr(prompting, "DEADLINE_S", PATIENCE_S)


@pytest.fixture
def web() -> Iterator[Slack]:
    with slack() as made:
        made.may_open.set()
        yield made


@pytest.fixture
def source(web: Slack) -> Source:
    made = connector("slack")
    own = {"secret": "s3cret", "bot_token": TOKEN, "api_url": web.url}
    return Source("chat", made, made.settings.model_validate(own))


@pytest.fixture
def served(sqlite_ledger: Ledger, source: Source) -> Iterator[Served]:
    with serving(sqlite_ledger, source) as made:
        yield made


@pytest.fixture
def post(served: Served, source: Source) -> Post:
    def send(body: bytes) -> httpx.Response:
        return served.http.post("/in/chat", content=body, headers=source.connector.sign(body, source.settings, NOON))

    return send


@pytest.fixture
def relay(sqlite_ledger: Ledger, clock: ManualClock, tmp_path: Path) -> Iterator[Relay]:
    with relaying(sqlite_ledger, clock, tmp_path) as made:
        yield made


def event(of: dict[str, Any]) -> bytes:
    return json.dumps(envelope(of)).encode()


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def made(relay: Relay) -> list[str]:
    """Return the kinds of all effects at the Tickets API, in order."""
    relay.run()
    return [kind for kind, _ in relay.did()]


def test_the_modal_is_opened_after_the_answer_and_what_is_sent_of_it_is_one_ticket(
    post: Post, web: Slack, relay: Relay
) -> None:
    web.may_open.clear()
    answer = post(form(slash("")))
    assert (answer.status_code, answer.content, web.views) == (200, b"", {})  # the answer does not wait for the modal
    web.may_open.set()
    eventually(lambda: TRIGGER in web.views)
    view = web.views[TRIGGER]
    fields = {"subject": "VPN is down", "text": "Nobody can work.", "priority": ["urgent"]}
    body = acted(submission(fields, {each: view[each] for each in ("id", "callback_id", "private_metadata")}))
    for _ in range(3):
        answer = post(body)
        assert (answer.status_code, answer.json()) == (200, {"response_action": "clear"})
    assert made(relay) == ["create_ticket", "add_note"]
    ticket = relay.ticket(relay.effects()[0].ticket or "")
    assert (ticket["priority"], "VPN" in ticket["subject"] + ticket["description"]) == ("urgent", False)
    assert relay.effects()[1].text.startswith("VPN is down\n\nNobody can work.")


def test_what_is_wrong_in_a_modal_opens_nothing_and_counts_once_it_is_right(post: Post, relay: Relay) -> None:
    assert post(acted(submission({"subject": " "}))).json()["response_action"] == "errors"
    assert made(relay) == []
    assert post(acted(submission({"subject": "A chair"}))).json() == {"response_action": "clear"}
    assert made(relay) == ["create_ticket", "add_note"]


def test_a_slash_command_that_comes_three_times_is_one_ticket(post: Post, relay: Relay) -> None:
    for _ in range(3):
        assert post(form(slash("VPN is down"))).json()["response_type"] == "ephemeral"
    assert made(relay) == ["create_ticket", "add_note"]


@pytest.mark.parametrize("first", ["mention", "shortcut", "reaction"])
def test_a_message_is_one_ticket_by_whomever_and_however_it_is_opened(first: str, post: Post, relay: Relay) -> None:
    ways = {
        "mention": event(mention()),
        "shortcut": acted(shortcut(mention())),
        "reaction": event(reaction("ticket")),
        "another": acted(shortcut(mention(), user={"id": ADA}, trigger_id="1.2.other")),
    }
    for body in (ways.pop(first), *ways.values()):
        assert post(body).status_code == 200
    assert made(relay).count("create_ticket") == 1


def test_a_reply_that_waited_for_its_case_is_said_once_when_a_shortcut_opens_it(post: Post, relay: Relay) -> None:
    post(event(reply("It works from the office")))
    post(acted(shortcut(reply("It works from the office"))))
    post(event(reply("It works from the office")))
    assert made(relay) == ["create_ticket", "add_note"]
    assert relay.effects()[1].text.count("It works from the office") == 2  # as subject, and as text


def test_what_a_shortcut_opened_its_opener_closes_by_another_and_others_do_not(post: Post, relay: Relay) -> None:
    post(acted(shortcut(message())))
    post(acted(shortcut(message(), "close_ticket", user={"id": ADA}, action_ts="1773454000.000100")))
    assert "close_ticket" not in made(relay)
    again = shortcut(message(), "close_ticket", user={"id": BOB}, trigger_id="1.2.x", action_ts="1773454000.000200")
    for _ in range(2):
        post(acted(again))
    assert made(relay) == ["create_ticket", "add_note", "close_ticket"]


def test_what_cannot_be_read_opens_no_modal(post: Post, web: Slack) -> None:
    assert post(form(slash("", trigger_id="no id: " + TOKEN))).status_code == 202
    assert post(acted(interaction("shortcut", callback_id="new_ticket", action_ts=LATER))).status_code == 200
    eventually(lambda: TRIGGER in web.views)
    assert list(web.views) == [TRIGGER]


def test_what_was_said_in_private_is_in_no_subject_description_category_public_note_answer_or_log(
    post: Post, relay: Relay
) -> None:
    token = "zq7planted"
    metadata = {"private_metadata": json.dumps({"channel": "C0BOARD01", "type": "group"})}
    fields = {"subject": f"a {token}", "text": f"b {token}", "category": f"c {token}"}
    with capture_logs() as logs:
        answers = [
            post(form(slash(f"d {token}", channel_id="C0BOARD01", channel_name="privategroup"))),
            post(acted(submission(fields, metadata))),
            post(acted(shortcut(message(f"e {token}"), channel={"id": "C0BOARD01", "name": "privategroup"}))),
        ]
        assert made(relay).count("create_ticket") == len(answers)
    done = relay.api.effects(limit=100)
    told = [each.body for each in done if each.kind != "add_note" or not json.loads(each.body)["private"]]
    assert token not in "".join([*told, *(each.text for each in answers), str(logs)])
    assert sum(each.body.count(token) for each in done if each.kind == "add_note") >= 5


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"ssl_check=1&token=not-used", 200),
        (b"ssl_check=1", 200),
        (b"ssl_check=0&token=not-used", 401),
        (b"ssl_check=1&token=" + b"x" * 500, 401),
        (b"ssl_check=1&command=%2Fticket&text=x", 401),
        (b"ssl_check=1&payload=%7B%7D", 401),
    ],
)
def test_a_test_of_the_connection_comes_unsigned_and_is_answered_and_not_stored(
    body: bytes, status: int, served: Served
) -> None:
    answer = served.http.post("/in/chat", content=body)
    assert (answer.status_code, served.stored()) == (status, [])
    assert answer.status_code == 401 or answer.content == b""


def prompt(web: Slack, trigger: str = TRIGGER) -> HttpCall:
    body = json.dumps({"trigger_id": trigger, "view": {}}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    return HttpCall(f"{web.url}/views.open", body, headers)


def test_a_trigger_that_is_too_old_is_logged_and_not_tried_again(web: Slack) -> None:
    web.expired.add(TRIGGER)
    with capture_logs() as logs:
        ask("chat", prompt(web))
    assert logs == [{"event": "prompt.failed", "source": "chat", "error": "expired_trigger_id", "log_level": "warning"}]
    assert web.calls == ["views.open"]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(500, b"oops", "answered 500"), (200, b'{"ok": false, "error": "no token %d"}', "no reason given"),
     (429, b'{"ok": false, "error": "ratelimited"}', "ratelimited")],
)  # fmt: skip
def test_of_a_failure_no_more_is_logged_than_what_is_surely_no_secret(
    status: int, body: bytes, error: str, web: Slack
) -> None:
    web.ahead.append((status, {}, body, False))
    with capture_logs() as logs:
        ask("chat", prompt(web))
    assert [each["error"] for each in logs] == [error]


def test_nobody_is_asked_elsewhere_where_slack_redirects_or_is_away(web: Slack) -> None:
    web.ahead.append((302, {"Location": f"{web.url}/chat.postMessage"}, b"", False))
    gone = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    gone.server_close()
    with capture_logs() as logs:
        ask("chat", prompt(web))
        ask("chat", HttpCall(f"http://127.0.0.1:{gone.server_port}/{TOKEN}", b"", {}))
    redirected, refused = (each["error"] for each in logs)
    assert redirected == "answered 302"
    assert refused.startswith("no connection: ConnectError")
    assert web.calls == ["views.open"]
    assert TOKEN not in str(logs)


def test_who_does_not_answer_is_not_waited_for(web: Slack, monkeypatch: pytest.MonkeyPatch) -> None:
    web.may_open.clear()
    monkeypatch.setattr(prompting, "DEADLINE_S", 0.1)
    with capture_logs() as logs:
        ask("chat", prompt(web))
    web.may_open.set()
    (error,) = (each["error"] for each in logs)
    assert error.startswith(("no answer: ReadTimeout", "no complete answer"))


def test_of_many_at_once_those_that_are_too_many_are_not_made(web: Slack) -> None:
    web.may_open.clear()
    triggers = [f"{number}.1.x" for number in range(8)]
    threads = [threading.Thread(target=ask, args=("chat", prompt(web, each))) for each in triggers]
    for each in threads:
        each.start()
    eventually(lambda: len(web.calls) == len(triggers))
    with capture_logs() as logs:
        ask("chat", prompt(web, "9.1.x"))
    web.may_open.set()
    for each in threads:
        each.join(PATIENCE_S)
    assert [each["error"] for each in logs] == ["8 other prompts are under way"]
    assert "9.1.x" not in web.views
    ask("chat", prompt(web, "9.1.x"))
    assert "9.1.x" in web.views
