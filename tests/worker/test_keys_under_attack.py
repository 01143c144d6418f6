"""Strangers who name ever new certificates hold up nobody: neither probes, nor who fetches a certificate of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import httpx
import pytest

from connectors import connector
from connectors.cloudwatch import Settings
from tests.connectors.sealing import CERTIFICATE_URL, ENVELOPE, KEYS, TOPIC, sealed
from tests.worker.http_edge import Served, serving
from worker.intake.keys import AT_ONCE, AT_ONCE_ON_A_HOST, FAILED_S, MAX_REMEMBERED, NEW, Keyring
from worker.ledger import Ledger
from worker.settings import Source

MANY = 60  # more than the threads that a process has for all its requests
KEPT_S = 3600.0


class Amazon:
    """Holds the answer to every URL until it is let go on, but for the URLs in `quick`."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.quick: set[str] = set()
        self.asked: list[str] = []
        self.is_asked = threading.Event()
        self.now = 1000.0
        self.ring = Keyring(httpx.MockTransport(self._take), lambda: self.now, deadline_s=60)

    def _take(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append(url)
        self.is_asked.set()
        if url not in self.quick:
            self.goes_on.wait(60)
        return httpx.Response(200, content=KEYS[url]) if url in KEYS else httpx.Response(404)


@pytest.fixture
def amazon() -> Iterator[Amazon]:
    made = Amazon()
    yield made
    made.goes_on.set()


def source() -> Source:
    return Source("aws", connector("cloudwatch"), Settings.model_validate({"topics": TOPIC}))


def forged(number: int, region: str = "eu-central-1") -> str:
    return f"https://sns.{region}.amazonaws.com/SimpleNotificationService-{number}.pem"


def posted(served: Served, url: str = CERTIFICATE_URL) -> httpx.Response:
    body = sealed("cloudwatch", json.dumps(ENVELOPE).encode())
    return served.http.post("/in/aws", content=body.replace(CERTIFICATE_URL.encode(), url.encode()))


def attack(served: Served, pool: ThreadPoolExecutor, amazon: Amazon, urls: list[str], held: int) -> None:
    """Post a message with each URL. Return when all are answered but those that a fetch is under way for."""
    answers = [pool.submit(posted, served, each) for each in urls]
    over = [each.result() for each in islice(as_completed(answers), len(urls) - held)]
    assert {each.status_code for each in over} == {503}
    assert all("retry-after" in each.headers for each in over)


def test_who_names_one_certificate_too_many_is_answered_503_at_once_and_probes_are_answered(
    sqlite_ledger: Ledger, amazon: Amazon
) -> None:
    with serving(sqlite_ledger, source(), keyring=amazon.ring) as served, ThreadPoolExecutor(MANY) as pool:
        attack(served, pool, amazon, [forged(each) for each in range(MANY)], AT_ONCE_ON_A_HOST)
        assert [served.http.get(path).status_code for path in ("/livez", "/readyz", "/metrics")] == [200] * 3
        assert len(amazon.asked) == AT_ONCE_ON_A_HOST
        amazon.goes_on.set()
    assert served.stored() == []


def test_hosts_that_are_ever_new_have_few_places_together(sqlite_ledger: Ledger, amazon: Amazon) -> None:
    with serving(sqlite_ledger, source(), keyring=amazon.ring) as served, ThreadPoolExecutor(MANY) as pool:
        attack(served, pool, amazon, [forged(1, f"region-{each}") for each in range(MANY)], AT_ONCE[NEW])
        assert served.http.get("/livez").status_code == 200
        assert len(amazon.asked) == AT_ONCE[NEW]
        amazon.goes_on.set()


def test_a_certificate_that_was_good_is_fetched_again_in_the_middle_of_that(
    sqlite_ledger: Ledger, amazon: Amazon
) -> None:
    amazon.quick.add(CERTIFICATE_URL)
    with serving(sqlite_ledger, source(), keyring=amazon.ring) as served, ThreadPoolExecutor(MANY) as pool:
        assert posted(served).status_code == 200
        amazon.now += KEPT_S
        attack(served, pool, amazon, [forged(each) for each in range(MANY)], AT_ONCE_ON_A_HOST)
        assert posted(served).status_code == 200
        assert amazon.asked.count(CERTIFICATE_URL) == 2
        amazon.goes_on.set()


def test_messages_that_need_one_certificate_at_once_share_its_fetch(sqlite_ledger: Ledger, amazon: Amazon) -> None:
    with serving(sqlite_ledger, source(), keyring=amazon.ring) as served, ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(posted, served) for _ in range(20)]
        assert amazon.is_asked.wait(60)
        amazon.goes_on.set()
        assert {each.result().status_code for each in answers} == {200}
    assert amazon.asked == [CERTIFICATE_URL]


def test_missing_certificates_drive_out_none_that_was_found(sqlite_ledger: Ledger, amazon: Amazon) -> None:
    amazon.goes_on.set()
    with serving(sqlite_ledger, source(), keyring=amazon.ring) as served:
        assert posted(served).status_code == 200
        for each in range(100):
            assert posted(served, forged(each)).status_code == 401
            assert posted(served, forged(each)).status_code == 401
        assert posted(served).status_code == 200
    assert len(amazon.asked) == 101


def test_what_is_remembered_of_missing_certificates_has_an_end(amazon: Amazon) -> None:
    for each in range(MAX_REMEMBERED + 10):
        amazon.ring._missing.add(forged(each), KEPT_S)
    assert len(amazon.ring._missing._until) == MAX_REMEMBERED
    assert forged(0) not in amazon.ring._missing
    assert forged(MAX_REMEMBERED) in amazon.ring._missing


def test_a_host_that_failed_is_left_alone_for_a_moment_but_for_a_certificate_that_was_good(
    sqlite_ledger: Ledger,
) -> None:
    fails, asked, now = [False], [], [1000.0]

    def take(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if fails[0]:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, content=KEYS[CERTIFICATE_URL])

    ring = Keyring(httpx.MockTransport(take), lambda: now[0])
    with serving(sqlite_ledger, source(), keyring=ring) as served:
        assert posted(served).status_code == 200
        fails[0], now[0] = True, now[0] + KEPT_S
        assert {posted(served, forged(each)).status_code for each in range(20)} == {503}
        assert asked == [CERTIFICATE_URL, forged(0)]
        fails[0] = False
        assert posted(served).status_code == 200
        now[0] += FAILED_S
        assert posted(served, forged(21)).status_code == 200


def test_strangers_write_a_line_a_minute(sqlite_ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    now = [1000.0]
    ring = Keyring(httpx.MockTransport(lambda _: httpx.Response(500)), lambda: now[0])
    with serving(sqlite_ledger, source(), keyring=ring) as served:
        for each in range(20):
            posted(served, forged(each))
        assert capsys.readouterr().out.count("keys.unreachable") == 1
        now[0] += 60
        posted(served, forged(20))
        assert '"requests": 20' in capsys.readouterr().out


def test_a_host_that_says_nothing_is_given_up_and_its_thread_keeps_its_place(
    sqlite_ledger: Ledger, amazon: Amazon
) -> None:
    ring = Keyring(httpx.MockTransport(amazon._take), lambda: amazon.now, deadline_s=0.05)
    with serving(sqlite_ledger, source(), keyring=ring) as served:
        for each in range(5):
            assert posted(served, forged(each)).status_code == 503
            amazon.now += FAILED_S
        assert len(amazon.asked) == AT_ONCE_ON_A_HOST
        amazon.goes_on.set()
