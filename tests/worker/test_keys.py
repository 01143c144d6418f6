"""Fetching of certificates and keys from senders, through a transport of the test's own."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from connectors import connector
from connectors.alerts.sns import HOST
from connectors.cloudwatch import CONNECTOR, Settings
from connectors.contract.connector import Outside
from connectors.contract.messages import Inbound
from tests.connectors.sealing import CERTIFICATE_URL, ENVELOPE, KEYS, TOPIC, sealed
from tests.worker.builders import kinds_of
from tests.worker.http_edge import Served, serving
from worker.intake.keys import (
    ABSENT_S,
    AGAIN_S,
    DEADLINE_S,
    FAILED_S,
    MAX_BYTES,
    MAX_KEPT,
    Keyring,
    Refused,
    Unreachable,
)
from worker.intake.quarantine import retry
from worker.ledger import Ledger
from worker.settings import Source

NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)
KEPT_S = 3600.0
PEM = KEYS[CERTIFICATE_URL]
SETTINGS = Settings.model_validate({"topics": TOPIC})
CONFIRM = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"


class Amazon:
    """Answers as a test sets it, and stores the requested URLs; the clock moves only when the test moves it."""

    def __init__(self, answer: Callable[[], httpx.Response] = lambda: httpx.Response(200, content=PEM)) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.now = 1000.0
        self.ring = Keyring(httpx.MockTransport(self._take), lambda: self.now)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return self.answer()

    def keys(self, url: str = CERTIFICATE_URL) -> dict[str, bytes]:
        outside: Outside[Settings] = Outside(hosts=HOST, keys=lambda _inbound, _settings: (url,))
        return dict(asyncio.run(self.ring.keys(outside, Inbound("aws", NOW, b"{}"), SETTINGS)))

    def confirm(self, url: str = CONFIRM) -> None:
        assert CONNECTOR.outside is not None
        asyncio.run(self.ring.confirm(CONNECTOR.outside, url))


def test_a_certificate_is_fetched_once_an_hour() -> None:
    amazon = Amazon()
    for _ in range(3):
        assert amazon.keys() == {CERTIFICATE_URL: PEM}
    amazon.now += KEPT_S - 1
    amazon.keys()
    assert amazon.asked == [CERTIFICATE_URL]
    amazon.now += 1
    amazon.keys()
    assert amazon.asked == [CERTIFICATE_URL] * 2


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/a.pem",
        "http://sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/a.pem",
        "https://user@sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/a.pem",
        "https://[::1]/a.pem",
        "https://:0:/",
        "ftp://sns.eu-central-1.amazonaws.com/a",
        "",
    ],
)
def test_a_foreign_url_is_refused_before_any_request(url: str) -> None:
    amazon = Amazon()
    assert amazon.keys(url) == {}
    with pytest.raises(Refused):
        amazon.confirm(url)
    assert amazon.asked == []


def test_a_redirect_is_not_followed() -> None:
    amazon = Amazon(lambda: httpx.Response(302, headers={"Location": CERTIFICATE_URL + "?other"}))
    with pytest.raises(Unreachable, match="302"):
        amazon.keys()
    with pytest.raises(Unreachable, match="302"):
        amazon.confirm()
    assert amazon.asked == [CERTIFICATE_URL, CONFIRM]


def test_an_answer_without_end_is_cut_off() -> None:
    amazon = Amazon(lambda: httpx.Response(200, content=b"x" * (MAX_BYTES + 1)))
    with pytest.raises(Unreachable, match="bytes"):
        amazon.keys()


def test_an_answer_that_would_unfold_is_not_read() -> None:
    packed = gzip.compress(b"x" * 10 * MAX_BYTES)
    amazon = Amazon(lambda: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(packed)))
    with pytest.raises(Unreachable, match="compressed"):
        amazon.keys()


def test_an_answer_that_drips_is_given_up() -> None:
    def drips() -> Iterator[bytes]:
        for _ in range(1000):
            amazon.now += DEADLINE_S / 3
            yield b"x"

    amazon = Amazon(lambda: httpx.Response(200, content=drips()))
    with pytest.raises(Unreachable, match=r"took more than 5 s"):
        amazon.keys()


def test_a_certificate_that_is_not_there_is_asked_for_again_after_a_minute() -> None:
    amazon = Amazon(lambda: httpx.Response(404))
    assert (amazon.keys(), amazon.keys()) == ({}, {})
    assert len(amazon.asked) == 1
    amazon.now += ABSENT_S
    amazon.keys()
    assert len(amazon.asked) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failure_of_today_is_no_denial(status: int) -> None:
    amazon = Amazon(lambda: httpx.Response(status))
    with pytest.raises(Unreachable):
        amazon.keys()
    with pytest.raises(Unreachable, match="a moment ago"):
        amazon.keys()
    assert amazon.asked == [CERTIFICATE_URL]
    amazon.now += FAILED_S
    amazon.answer = lambda: httpx.Response(200, content=PEM)
    assert amazon.keys() == {CERTIFICATE_URL: PEM}


def test_only_so_many_certificates_are_kept() -> None:
    amazon = Amazon()
    urls = [CERTIFICATE_URL.replace("0123", f"{number:04}") for number in range(MAX_KEPT + 1)]
    for url in urls:
        amazon.keys(url)
    amazon.keys(urls[-1])
    amazon.keys(urls[0])
    assert amazon.asked == [*urls, urls[0]]


def test_a_host_that_does_not_answer_is_no_denial() -> None:
    def fails() -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unreachable, match="ConnectError"):
        Amazon(fails).keys()


def posted(served: Served, **changes: str) -> httpx.Response:
    body = sealed("cloudwatch", json.dumps(ENVELOPE | changes).encode())
    return served.http.post("/in/aws", content=body)


def source() -> Source:
    return Source("aws", connector("cloudwatch"), SETTINGS)


def test_a_subscription_is_stored_and_then_confirmed_and_not_taken_where_that_fails(sqlite_ledger: Ledger) -> None:
    amazon = Amazon()
    subscription = {"Type": "SubscriptionConfirmation", "Token": "1", "SubscribeURL": CONFIRM}
    with serving(sqlite_ledger, source(), keyring=amazon.ring) as served:
        answer = posted(served, **subscription)
        assert (answer.status_code, amazon.asked) == (200, [CERTIFICATE_URL, CONFIRM])
        assert [each["source"] for each in served.stored()] == ["aws"]
        amazon.answer = lambda: httpx.Response(500)
        assert posted(served, **subscription).status_code == 503
        assert posted(served, **subscription, TopicArn=TOPIC + "2").status_code == 401
        assert amazon.asked == [CERTIFICATE_URL, CONFIRM, CONFIRM]


def test_while_its_certificate_cannot_be_fetched_a_sender_comes_again(sqlite_ledger: Ledger) -> None:
    amazon = Amazon(lambda: httpx.Response(503))
    with serving(sqlite_ledger, source(), keyring=amazon.ring) as served:
        assert posted(served).status_code == 503
        assert served.stored() == []
        amazon.now += FAILED_S
        amazon.answer = lambda: httpx.Response(200, content=PEM)
        assert posted(served).status_code == 200


def test_a_late_message_is_kept_for_a_person_who_may_take_it_all_the_same(sqlite_ledger: Ledger) -> None:
    alarm = {"AlarmName": "q", "AlarmArn": "arn:q", "NewStateValue": "ALARM", "StateChangeTime": "2026-02-20T08:59:00Z"}
    with serving(sqlite_ledger, source(), keyring=Amazon().ring) as served:
        answer = posted(served, Timestamp="2026-02-20T09:00:00.000Z", Message=json.dumps(alarm))
        assert (answer.status_code, answer.json()["outcome"], answer.json()["planned"]) == (202, "quarantined", 0)
        (kept,) = served.stored()
        assert "sent 3 h ago: expected at most 2 h" in kept["reason"]
    taken = retry(sqlite_ledger, {"aws": source()}, f"in-{kept['id']}")
    assert taken is not None
    assert (taken.outcome, kinds_of(sqlite_ledger)) == ("accepted", ["create_ticket"])


class Microsoft:
    """Serves key sets; a delivery names a key by its body."""

    def __init__(self) -> None:
        self.served = Amazon(lambda: httpx.Response(200, content=b"one"))
        self.outside: Outside[Settings] = Outside(
            hosts=HOST,
            keys=lambda _inbound, _settings: (CERTIFICATE_URL,),
            kept_s=86_400,
            lacks=lambda inbound, found: inbound.body not in found,
        )

    def keys(self, named: bytes) -> dict[str, bytes]:
        return dict(asyncio.run(self.served.ring.keys(self.outside, Inbound("bot", NOW, named), SETTINGS)))

    def after(self, seconds: float) -> None:
        self.served.now += seconds


def test_a_key_set_that_lacks_a_key_is_fetched_again_but_not_for_every_stranger() -> None:
    microsoft = Microsoft()
    assert microsoft.keys(b"one") == {CERTIFICATE_URL: b"one"}
    for _ in range(100):
        microsoft.keys(b"unheard of")
    assert len(microsoft.served.asked) == 1
    microsoft.after(AGAIN_S)
    microsoft.served.answer = lambda: httpx.Response(200, content=b"one two")
    assert microsoft.keys(b"two") == {CERTIFICATE_URL: b"one two"}
    for _ in range(100):
        microsoft.keys(b"unheard of")
    assert len(microsoft.served.asked) == 2
    microsoft.after(86_400)
    microsoft.keys(b"one")
    assert len(microsoft.served.asked) == 3


@pytest.mark.parametrize("status", [404, 500])
def test_the_keys_that_are_there_stay_when_there_are_no_new_ones(status: int) -> None:
    microsoft = Microsoft()
    microsoft.keys(b"one")
    microsoft.after(AGAIN_S)
    microsoft.served.answer = lambda: httpx.Response(status)
    assert microsoft.keys(b"two") == {CERTIFICATE_URL: b"one"}
    assert microsoft.keys(b"one") == {CERTIFICATE_URL: b"one"}
    assert len(microsoft.served.asked) == 2
