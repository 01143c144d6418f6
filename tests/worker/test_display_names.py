"""Display names in place of ids, once Slack has sent them; against a stand-in of its Web API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from connectors import connector
from connectors.contract.directory import DISPLAY_NAMES
from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Verified
from tests.connectors.slack.builders import ADA, BOB, BOT, CHANNEL, TEAM, envelope, message, reaction
from worker.intake.display_names import with_display_names
from worker.intake.reading import read, read_verified
from worker.jobs import display_names as job
from worker.jobs.runner import Runner
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import directory, operations
from worker.ledger.schema.tables import jobs as jobs_table
from worker.settings import Source

from .builders import NOON, ManualClock, rows
from .http_edge import serving
from .slack_stand_in import TOKEN, Slack, slack

SECRET = "C0SECRET1"


@pytest.fixture
def web(clock: ManualClock) -> Iterator[Slack]:
    with slack(lambda: clock().timestamp()) as made:
        made.channel(CHANNEL, name="help")
        made.channel(SECRET, name="layoffs", is_private=True)
        for id_, name in ((ADA, "ada"), (BOB, "bob\n<!channel>")):
            made.users.append({"id": id_, "team_id": TEAM, "profile": {"display_name": "", "real_name": name}})
        yield made


def of_slack(web: Slack, **settings: Any) -> Source:
    made = connector("slack")
    own = {"secret": "s3cret", "bot_token": TOKEN, "api_url": web.url, "resolve_names": True, "private": False}
    return Source("chat", made, made.settings.model_validate(own | settings))


def ask(ledger: Ledger, clock: ManualClock, source: Source, *, runs: int = 1) -> None:
    made = {each.name: each for each in job.jobs_of(source)}
    for _ in range(runs):
        Runner(ledger, lambda: made, lambda _: None, "one", 1.0).once()
        clock.advance(seconds=job.PAUSE.total_seconds())


def arrived(ledger: Ledger, clock: ManualClock, source: Source, event: dict[str, Any], **headers: str) -> Delivery:
    """Read a signed delivery as intake does, with display names."""
    body = json.dumps(envelope(event)).encode()
    signed = source.connector.sign(body, source.settings, clock()) | headers
    lower = tuple((name.lower(), value) for name, value in signed.items())
    whole = Inbound(source.id, clock(), body, lower)
    delivery = read(source, whole, clock(), named=partial(with_display_names, ledger, source))
    assert isinstance(delivery, Delivery)
    return delivery


def event_of(delivery: Delivery) -> Event:
    (event,) = delivery.parsed.events
    return event


ASKED = f"<@{BOT}> <@{BOB}> says that <#{CHANNEL}> is down, and <#{SECRET}> too (@{ADA})"


def test_ids_are_readable_until_names_are_known_and_names_from_then_on(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    before = event_of(arrived(ledger, clock, source, message(ASKED)))
    assert before.subject == f"@{BOB} says that #{CHANNEL} is down, and #{SECRET} too (@{ADA})"
    ask(ledger, clock, source)
    after = event_of(arrived(ledger, clock, source, message(ASKED)))
    assert after.subject == f"@bob <!channel> says that #help is down, and #{SECRET} too (@{ADA})"
    assert "Slack: @ada in #help" in after.text
    assert replace(after, subject=before.subject, text=before.text) == before

    marked = event_of(arrived(ledger, clock, source, reaction("ticket")))
    assert marked.subject == "Message in #help marked by @ada"


def test_the_name_of_a_private_channel_is_neither_asked_for_nor_stored(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    ask(ledger, clock, of_slack(web))
    assert {each["id"]: each["name"] for each in rows(ledger, directory)} == {
        ADA: "ada", BOB: "bob <!channel>", CHANNEL: "help",
    }  # fmt: skip


def test_a_delivery_is_read_again_with_the_names_that_it_came_with(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    ask(ledger, clock, source)
    delivery = arrived(ledger, clock, source, message(ASKED))
    ((recorded,), _) = ledger.record([delivery])
    web.users[0]["profile"]["real_name"] = "Ada Lovelace"
    clock.advance(hours=24)
    ask(ledger, clock, source)

    (stored,) = ledger.reading.stored(f"in-{recorded.inbound_id}")
    again = Inbound("chat", stored.received_at, stored.body or b"", stored.headers)
    assert read_verified(source, Verified(again)).parsed == delivery.parsed
    assert "@Ada Lovelace in #help" in event_of(arrived(ledger, clock, source, message(ASKED))).text


def test_a_sender_cannot_say_what_somebody_is_called(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    forged = {DISPLAY_NAMES: json.dumps({BOB: "the boss"})}
    event = event_of(arrived(ledger, clock, of_slack(web), message(ASKED), **forged))
    assert "boss" not in event.subject + event.text


def test_without_the_ledger_ids_stay(sqlite_ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    ask(sqlite_ledger, clock, source)
    with sqlite_ledger.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE directory RENAME TO away")
    assert f"@{BOB}" in event_of(arrived(sqlite_ledger, clock, source, message(ASKED))).subject


def test_over_http_people_read_the_names_that_the_ledger_knows(
    sqlite_ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    sqlite_ledger.job_store.keep_display_names("chat", {BOB: "bob"})
    body = json.dumps(envelope(message(ASKED))).encode()
    with serving(sqlite_ledger, source) as served:
        answer = served.http.post("/in/chat", content=body, headers=source.connector.sign(body, source.settings, NOON))
    assert answer.status_code == 200
    (operation,) = rows(sqlite_ledger, operations)
    assert json.loads(operation["request"])["subject"].startswith("@bob says that")


def test_at_slack_s_limit_it_goes_on_where_it_stopped_and_asks_again_the_next_day(
    ledger: Ledger, clock: ManualClock, web: Slack
) -> None:
    source = of_slack(web)
    web.most, web.limits["users.list"] = 1, 1
    ask(ledger, clock, source)
    assert web.calls == ["users.list", "users.list"]
    clock.advance(seconds=60)
    ask(ledger, clock, source)
    assert web.calls == ["users.list", "users.list", "users.list", "conversations.list"]
    assert len(rows(ledger, directory)) == 3
    ask(ledger, clock, source, runs=3)
    assert len(web.calls) == 4
    clock.advance(hours=24)
    ask(ledger, clock, source)
    assert len(web.calls) == 6


def test_a_token_without_the_scope_is_a_failure(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    web.ahead.append((200, {}, b'{"ok": false, "error": "missing_scope", "needed": "users:read"}', False))
    ask(ledger, clock, of_slack(web))
    (row,) = rows(ledger, jobs_table)
    assert row["error"] == f"{web.url}/users.list: Slack said missing_scope, users:read"


def test_where_names_are_not_asked_for_nothing_is_looked_up(ledger: Ledger, clock: ManualClock, web: Slack) -> None:
    source = of_slack(web)
    ask(ledger, clock, source)
    off = of_slack(web, resolve_names=False)
    assert job.jobs_of(off) == []
    assert f"@{BOB}" in event_of(arrived(ledger, clock, off, message(ASKED))).subject
