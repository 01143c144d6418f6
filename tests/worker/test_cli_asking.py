"""Commands report whether a product can be asked for its open alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from worker.jobs.catalogue import jobs_of
from worker.jobs.runner import Runner
from worker.ledger import Ledger
from worker.settings import load
from worker.settings.lints import warnings
from worker.settings.loader import gather, judge

from .builders import ManualClock
from .commands import command, every_row, said
from .products import Product, plainly, product

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}


@pytest.fixture
def asked() -> Iterator[Product]:
    with product() as made:
        yield made


def prom(**more: str) -> dict[str, str]:
    own = {"KIND": "alertmanager", "SECRET": "secret-of-the-tests", "API_TOKEN": "t0ken"} | more
    return {f"TICKETRELAY_SOURCES__PROM__{name}": value for name, value in own.items()}


def test_a_test_of_a_source_asks_its_product(ledger: Ledger, database_url: str, asked: Product) -> None:
    before = every_row(ledger)
    answered = command(database_url, "sources", "test", "prom", **prom(API_URL=asked.url))
    assert (answered.exit_code, "lists open alerts    yes" in answered.stdout) == (0, True)
    asked.answer = plainly(b"[]", 401)
    refused = command(database_url, "sources", "test", "prom", "-o", "json", **prom(API_URL=asked.url))
    assert refused.exit_code == 1
    assert (said(refused)["asked"], said(refused)["verified"]) == (False, True)
    assert said(refused)["problem"] == (
        f"{asked.url}/api/v2/alerts does not list its open alerts: the product answered 401: check api_token, or "
        "api_username and api_password"
    )
    assert "t0ken" not in refused.output
    assert [headers["authorization"] for _, headers in asked.asked] == ["Bearer t0ken"] * 2
    assert every_row(ledger) == before


def test_a_source_that_is_not_to_be_asked_is_not(ledger: Ledger, database_url: str) -> None:
    tested = command(database_url, "sources", "test", "alertmanager", "-o", "json")
    assert (tested.exit_code, said(tested)["asked"]) == (0, None)


def test_check_asks_the_products_too(ledger: Ledger, database_url: str, asked: Product) -> None:
    def told() -> dict[str, object]:
        checked = command(database_url, "check", "--connect", "-o", "json", **API, **prom(API_URL=asked.url))
        (found,) = [each for each in said(checked)["connections"] if each["what"] == "source prom"]
        return dict(found)

    url = f"{asked.url}/api/v2/alerts"
    assert told() == {"what": "source prom", "ok": True, "said": f"{url}: lists its open alerts"}
    asked.answer = plainly(b"<html>")
    assert (told()["ok"], str(told()["said"])[: len(url)]) == (False, url)


def test_a_source_is_shown_with_its_job_that_fails(
    ledger: Ledger, clock: ManualClock, database_url: str, asked: Product
) -> None:
    clock.now = datetime.now(UTC)  # the command has no clock of the tests, and a job that nobody runs is not shown
    asked.answer = plainly(b"", 500)
    more = prom(API_URL=asked.url) | {"TICKETRELAY_SOURCES__SLACK__SECRET": "another"}
    chosen = load(API | more)
    Runner(ledger, lambda: jobs_of(chosen), lambda _kinds: None, "one", 1.0).once()
    for name, jobs in (("prom", ["confirm:prom"]), ("slack", [])):
        shown = command(database_url, "sources", "show", name, "-o", "json", **more)
        assert [each["name"] for each in said(shown)["failing_jobs"]] == jobs
    told = command(database_url, "sources", "show", "prom", **more)
    assert f"failing     confirm:prom: 1 time since {clock.now:%Y-%m-%d %H:%M:%S} UTC: " in told.stdout


def test_a_grace_within_which_ends_are_still_told_is_warned_of() -> None:
    def warned(grace: str, **more: str) -> list[str]:
        environ = API | prom(CONFIRM_EVERY="30s", CONFIRM_GRACE=grace, **more)
        return [each.message for each in warnings(judge(gather(environ)))]

    assert warned("5m", API_URL="http://127.0.0.1:1") == []
    (found,) = warned("2m", API_URL="http://127.0.0.1:1")
    assert found == "confirm_grace of 'prom' (120 s) is shorter than the usual group_interval, 5 min"
