"""Tests of Slack's signature over version, timestamp and body, with both headers in every wrong form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.contract.messages import Denied, Inbound, Verified
from connectors.slack import Settings, sign, verify

from .builders import NOW, configured

# The example in Slack's documentation of request signing.
DOCUMENTED_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
DOCUMENTED_TIME = 1531420618
DOCUMENTED_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
DOCUMENTED_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
BODY = b'{"type": "event_callback"}'


def verdict(
    timestamp: str | None,
    signature: str | None,
    body: bytes = BODY,
    settings: Settings | None = None,
    now: datetime = NOW,
) -> Verified | Denied:
    headers = (("x-slack-request-timestamp", timestamp), ("x-slack-signature", signature))
    given = tuple((name, value) for name, value in headers if value is not None)
    return verify(Inbound("chat", now, body, given), settings or configured(), now, {})


def signed(body: bytes = BODY, at: datetime = NOW, **settings: str) -> tuple[str, str]:
    headers = sign(body, configured(**settings), at)
    return headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]


def test_the_documented_example_is_verified() -> None:
    settings, now = configured(secret=DOCUMENTED_SECRET), datetime.fromtimestamp(DOCUMENTED_TIME, UTC)
    outcome = verdict(str(DOCUMENTED_TIME), DOCUMENTED_SIGNATURE, DOCUMENTED_BODY, settings, now)
    assert isinstance(outcome, Verified)


def test_the_documented_example_is_signed_as_documented() -> None:
    settings, now = configured(secret=DOCUMENTED_SECRET), datetime.fromtimestamp(DOCUMENTED_TIME, UTC)
    assert sign(DOCUMENTED_BODY, settings, now) == {
        "X-Slack-Request-Timestamp": str(DOCUMENTED_TIME),
        "X-Slack-Signature": DOCUMENTED_SIGNATURE,
    }


def test_both_secrets_of_a_rotation_are_accepted() -> None:
    both = configured(secret="new", previous_secret="old")
    outcomes = [verdict(*signed(secret=each), settings=both) for each in ("new", "old", "older")]
    assert [type(each) for each in outcomes] == [Verified, Verified, Denied]


@pytest.mark.parametrize(("seconds", "outcome"), [(-301, Denied), (-300, Verified), (300, Verified), (301, Denied)])
def test_a_delivery_counts_for_five_minutes_both_ways(seconds: int, outcome: type) -> None:
    assert type(verdict(*signed(at=NOW + timedelta(seconds=seconds)))) is outcome


def test_the_signature_covers_the_timestamp() -> None:
    timestamp, signature = signed()
    assert isinstance(verdict(str(int(timestamp) + 1), signature), Denied)
    assert isinstance(verdict("0" + timestamp, signature), Denied)


def test_the_signature_covers_every_byte_of_the_body() -> None:
    for body in (BODY + b" ", BODY[:-1], BODY.upper(), b""):
        assert isinstance(verdict(*signed(), body), Denied)


def test_a_body_that_is_no_text_can_be_signed() -> None:
    assert isinstance(verdict(*signed(b"\xff\x00\xfe"), b"\xff\x00\xfe"), Verified)


@pytest.mark.parametrize("missing", [0, 1])
def test_without_one_of_the_headers_it_is_denied_by_name(missing: int) -> None:
    timestamp, signature = (None if index == missing else header for index, header in enumerate(signed()))
    name = ("X-Slack-Request-Timestamp", "X-Slack-Signature")[missing]
    assert verdict(timestamp, signature) == Denied(f"the header {name} is missing or repeated: expected it once")


@pytest.mark.parametrize("repeated", ["X-Slack-Request-Timestamp", "X-Slack-Signature"])
def test_a_header_that_stands_twice_is_denied(repeated: str) -> None:
    headers = tuple((name.lower(), value) for name, value in sign(BODY, configured(), NOW).items())
    again = tuple(each for each in headers if each[0] == repeated.lower())
    outcome = verify(Inbound("chat", NOW, BODY, headers + again), configured(), NOW, {})
    assert outcome == Denied(f"the header {repeated} is missing or repeated: expected it once")


@pytest.mark.parametrize(
    "timestamp",
    ["", "now", "1773457200.5", "-1773457200", "１７７３４５７２００", "²", "nan", "9" * 5000, "\x00", "\ud800"],
)
def test_a_timestamp_that_is_no_number_is_denied(timestamp: str) -> None:
    assert isinstance(verdict(timestamp, signed()[1]), Denied)


def test_a_signature_in_another_form_is_denied() -> None:
    timestamp, genuine = signed()
    forms = (
        "",
        "v0",
        "v0=",
        genuine.removeprefix("v0="),
        genuine.replace("v0", "v1"),
        genuine.upper(),
        genuine.replace("v0=", "v0=="),
        genuine + "0",
        genuine[:-1],
        f" {genuine}",
        f"{genuine},{genuine}",
        "v0=" + "é" * 64,
        "v0=" + "鍵" * 64,
        "v0=" + "\ud800" * 64,
        "v0=" + "٣" * 64,
        "v0=" + "0" * 1_000_000,
    )
    assert {type(verdict(timestamp, form)) for form in forms} == {Denied}


def test_no_reason_repeats_what_was_offered() -> None:
    timestamp, signature = signed(secret="another")
    denied = verdict(timestamp, signature)
    assert isinstance(denied, Denied)
    assert signature[3:] not in denied.reason


@hypothesis.settings(deadline=None)
@hypothesis.given(timestamp=st.text() | st.integers().map(str), signature=st.text() | st.binary().map(bytes.hex))
def test_any_pair_of_headers_is_denied(timestamp: str, signature: str) -> None:
    assert isinstance(verdict(timestamp, signature), Denied)
    assert isinstance(verdict(timestamp, f"v0={signature}"), Denied)
    assert isinstance(verdict(signed()[0], f"v0={signature}"), Denied)
