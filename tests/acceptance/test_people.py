"""Changes that people make to tickets reach us, by the local Tickets API's webhooks or by polling the ticket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.deployments import API_KEY, QUICK, SECRET, Embedded, alert, body, resolved
from tests.acceptance.processes import wait_until

CONFIG = """\
sources:
  alertmanager:
    secret_file: secret
  aurion:
    secret_file: secret
    wont_fix: [category=wont-fix]
routes:
  - name: all
    on_repeat: check
"""
POLLED = {"TICKETRELAY_SOURCES__AURION__POLL": "1s", "TICKETRELAY_SOURCES__AURION__POLL_PER_MINUTE": "60"}


@contextmanager
def started(folder: Path, more: dict[str, str]) -> Iterator[Embedded]:
    (folder / "secret").write_text(SECRET)
    (folder / "c.yaml").write_text(CONFIG)
    embedded = Embedded(folder / "var", QUICK | {"TICKETRELAY_CONFIG": str(folder / "c.yaml")} | more)
    embedded.start()
    try:
        yield embedded
    finally:
        embedded.stop()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Embedded]:
    with started(tmp_path, {}) as embedded:
        hook(embedded)
        yield embedded


@pytest.fixture
def polled(tmp_path: Path) -> Iterator[Embedded]:
    """A process without a registered webhook."""
    with started(tmp_path, POLLED) as embedded:
        yield embedded


def hook(embedded: Embedded) -> None:
    events = ["ticket.updated", "ticket.closed", "ticket.reopened"]
    call(
        embedded, "POST", "/webhooks", {"url": f"{embedded.site.intake}/in/aurion", "events": events, "secret": SECRET}
    )


def call(run: Embedded, method: str, path: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Make a request as a person would in the ticket system."""
    answer = run.site.http.request(method, f"{run.site.api}{path}", json=sent, headers={"X-API-Key": API_KEY})
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def told(run: Embedded) -> int:
    """The number of accepted webhooks."""
    return run.ticketrelay("events", "list", "--source", "aurion", "--limit", "0", "-o", "jsonl").stdout.count("\n")


def person(run: Embedded, method: str, path: str, sent: dict[str, Any]) -> None:
    """Make a person's request, and wait until its webhook has arrived."""
    before = told(run)
    call(run, method, path, sent)
    wait_until(lambda: told(run) > before, "told of what a person did")


def ticket(run: Embedded) -> dict[str, Any]:
    (found,) = run.site.tickets()
    return found


def test_a_ticket_that_a_person_closed_comes_back_with_the_next_repeat_and_ends_with_its_alert(run: Embedded) -> None:
    one = alert()
    assert run.site.post(body([one])).status_code == 200
    run.wait_until_idle()
    number = ticket(run)["id"]
    person(run, "POST", f"/tickets/{number}/close", {"resolution_notes": "looks fine"})
    assert run.site.post(body([one])).status_code == 200
    run.wait_until_idle()
    assert ticket(run)["status"] == "open"
    assert run.site.post(body([resolved(one)])).status_code == 200
    run.wait_until_idle()
    assert ticket(run)["status"] == "closed"
    kinds = Counter(each["kind"] for each in run.site.effects())
    assert kinds["create_ticket"] == 1


def test_what_a_person_will_not_fix_opens_nothing_any_more(run: Embedded) -> None:
    one = alert()
    assert run.site.post(body([one])).status_code == 200
    run.wait_until_idle()
    number = ticket(run)["id"]
    person(run, "PUT", f"/tickets/{number}", {"category": "wont-fix"})
    person(run, "POST", f"/tickets/{number}/close", {"resolution_notes": "never"})
    later = one | {"startsAt": "2026-03-01T12:00:00Z"}
    for each in (resolved(one), later, resolved(later, "2026-03-01T13:00:00Z")):
        assert run.site.post(body([each])).status_code == 200
    run.wait_until_idle()
    assert (len(run.site.tickets()), ticket(run)["status"]) == (1, "closed")


def test_where_no_webhook_reaches_us_what_a_person_does_is_seen_by_looking(polled: Embedded) -> None:
    one = alert()
    assert polled.site.post(body([one])).status_code == 200
    polled.wait_until_idle()
    number = ticket(polled)["id"]
    person(polled, "POST", f"/tickets/{number}/close", {"resolution_notes": "looks fine"})
    assert polled.site.post(body([one])).status_code == 200
    polled.wait_until_idle()
    assert ticket(polled)["status"] == "open"
    person(polled, "PUT", f"/tickets/{number}", {"category": "wont-fix", "status": "closed"})
    later = one | {"startsAt": "2026-03-01T12:00:00Z"}
    for each in (resolved(one), later):
        assert polled.site.post(body([each])).status_code == 200
    polled.wait_until_idle()
    assert (len(polled.site.tickets()), ticket(polled)["status"]) == (1, "closed")
