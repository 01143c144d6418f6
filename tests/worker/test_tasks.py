"""One Celery task for each kind of operation; each makes the call that it is named after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.contract.events import Changed, Event, Opened, Resolved, digest
from connectors.contract.messages import Inbound, Parsed
from tests.acceptance.processes import wait_until
from tickets.server import Limit, LocalTicketsApi, Options
from tickets.server.testing import running
from worker.broker.relay import Relay
from worker.broker.worker import WorkerThread
from worker.ledger import Delivery
from worker.planning.model import KINDS, Kind
from worker.settings import Settings, load

BEGAN = datetime(2026, 3, 1, 10, tzinfo=UTC)


def settings_for(folder: Path, api_url: str, broker_url: str = "memory://") -> Settings:
    return load(
        {},
        defaults={
            "ledger": {"url": f"sqlite:///{folder / 'ledger.db'}"},
            "broker": {"url": broker_url},
            "api": {"url": api_url, "key": "ak_test_local", "per_minute": None, "per_second": None},
            # So long that only a wake-up of the test can cause a call, never dispatch.
            "timing": {"dispatch_interval": 3600},
            "sources": {"alertmanager": {"secret": "a-secret"}},
        },
    )


@pytest.fixture
def api(tmp_path: Path) -> Iterator[LocalTicketsApi]:
    with LocalTicketsApi(Options(f"sqlite:///{tmp_path / 'tickets.db'}", limit=Limit.named("none"))) as local:
        yield local


@pytest.fixture
def relay(tmp_path: Path, api: LocalTicketsApi) -> Iterator[Relay]:
    with running(api) as served:
        relay = Relay(settings_for(tmp_path, served.base_url))
        relay.ledger.upgrade()
        worker = WorkerThread(relay)
        worker.start()
        wait_until(lambda: relay.node is not None, "started")
        yield relay
        worker.stop()
        relay.publisher.close()
        relay.ledger.close()


def opened(**changes: object) -> Event:
    event = Opened(
        case_key="case-1",
        source_message_id="opened-1",
        occurred_at=BEGAN,
        started_at=BEGAN,
        subject="Disk full",
        text="The disk of db1 is full.",
        content_digest=digest("full"),
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def as_kind(kind: type[Event], event: Event, **changes: object) -> Event:
    fields = {name: getattr(event, name) for name in event.__dataclass_fields__ if name in kind.__dataclass_fields__}
    return kind(**{**fields, **changes})


def record(relay: Relay, event: Event) -> frozenset[Kind]:
    arrived = Inbound("alertmanager", BEGAN, b"{}")
    _, due = relay.ledger.record([Delivery(arrived, Parsed((event,)))])
    return due


def wait_for_effects(api: LocalTicketsApi, number: int) -> None:
    wait_until(lambda: len(api.effects()) == number, f"{number} effects", patience=20)


def test_there_is_a_task_for_each_kind_of_operation_and_no_other(relay: Relay) -> None:
    ours = {name for name in relay.tasks if not name.startswith("celery.")}
    assert ours == {"create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket"} == set(KINDS)


def test_each_task_makes_the_call_that_it_is_named_after(relay: Relay, api: LocalTicketsApi) -> None:
    life: list[tuple[Event, list[Kind]]] = [
        (opened(), ["create_ticket"]),
        (
            as_kind(Changed, opened(), source_message_id="changed-1", priority="urgent", text="Worse."),
            ["update_ticket", "add_note"],
        ),
        (as_kind(Changed, opened(), source_message_id="changed-2", priority="urgent", text="Worst."), ["add_note"]),
        (
            as_kind(Resolved, opened(), source_message_id="resolved-1", occurred_at=BEGAN + timedelta(minutes=5)),
            ["close_ticket"],
        ),
        (
            opened(source_message_id="opened-2", started_at=BEGAN + timedelta(minutes=9)),
            ["reopen_ticket", "add_note"],
        ),
    ]
    expected: list[str] = []
    for event, kinds in life:
        assert record(relay, event) == {kinds[0]}
        for other in sorted(set(KINDS) - {kinds[0]}):  # a wake-up for another kind makes no call of this kind
            assert relay.node is not None
            assert relay.node.deliver(other) == 0
        relay.tasks[kinds[0]].apply_async()
        expected = [*expected, *kinds]  # settling a call wakes up for the next operation of its case
        wait_for_effects(api, len(expected))
        assert [each.kind for each in api.effects()] == expected
        wait_until(lambda: relay.ledger.overview().cases == {"idle": 1}, "settled", patience=20)


def test_a_wake_up_for_nothing_does_nothing(relay: Relay, api: LocalTicketsApi) -> None:
    for kind in KINDS:
        assert relay.node is not None
        assert relay.node.deliver(kind) == 0
    assert api.effects() == []


def test_wake_ups_carry_json_expire_and_are_not_stored_or_repeated(relay: Relay) -> None:
    assert relay.conf.accept_content == ["json"]
    assert relay.conf.task_ignore_result is True
    assert relay.conf.task_acks_late is False
    assert relay.conf.task_publish_retry is False
    assert relay.conf.result_backend is None
