"""Tests of Bearer and Basic authorization, whose secrets are compared byte for byte."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from connectors.contract.messages import Denied, Inbound
from connectors.toolbox.signatures import MAX_HEADER, authorize, basic, bearer, is_one_of

SECRETS = (b"new secret", b"old secret")


def check(value: str, username: str | None = None, secrets: tuple[bytes, ...] = SECRETS) -> Denied | None:
    headers = (("authorization", value),)
    inbound = Inbound("prod", datetime(2026, 1, 1, tzinfo=UTC), b"", headers)
    return authorize(inbound, secrets, username)


def encoded(pair: bytes) -> str:
    return base64.b64encode(pair).decode()


@pytest.mark.parametrize(
    "value", ["Bearer new secret", "bearer old secret", "BEARER   new secret", " Bearer new secret\t"]
)
def test_a_bearer_of_either_secret_is_admitted(value: str) -> None:
    assert check(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearernew secret",
        "new secret",
        "Bearer new secre",
        "Bearer new secret2",
        "Bearer NEW SECRET",
        "Bearer Bearer new secret",
        "Bearer new secret, Bearer new secret",
        "Token new secret",
        "Bearer sécret",
        "Bearer 鍵",
        "Bearer \ud800",
        "Bearer \x00",
    ],
)
def test_every_other_header_is_denied(value: str) -> None:
    assert isinstance(check(value), Denied)


def test_a_secret_beyond_ascii_is_compared_as_utf_8_bytes() -> None:
    secret = "Schlüssel 鍵".encode()
    assert check(f"Bearer {secret.decode('latin-1')}", secrets=(secret,)) is None
    assert check(bearer(secret)["Authorization"], secrets=(secret,)) is None
    assert check(basic("zoë", secret)["Authorization"], "zoë", (secret,)) is None


def test_basic_is_admitted_where_a_username_is_configured() -> None:
    assert check(f"Basic {encoded(b'relay:old secret')}", "relay") is None
    assert check(f"basic {encoded(b'relay:old secret')}", "relay") is None
    assert isinstance(check(f"Basic {encoded(b'relay:old secret')}"), Denied)
    assert isinstance(check(f"Basic {encoded(b':old secret')}"), Denied)


def test_a_bearer_is_admitted_beside_a_username() -> None:
    assert check("Bearer new secret", "relay") is None


@pytest.mark.parametrize(
    "credentials",
    [
        "",
        "=",
        "%%%",
        "cmVsYXk6bmV3IHNlY3JldA",
        "cmVsYXk6 bmV3IHNlY3JldA==",
        encoded(b""),
        encoded(b"relay"),
        encoded(b"relay:"),
        encoded(b"relay:wrong"),
        encoded(b"other:new secret"),
        encoded(b"relay:new secret:"),
        encoded(b"RELAY:new secret"),
        encoded(b"\xff\xfe:\xff"),
    ],
)
def test_basic_credentials_that_are_malformed_or_wrong_are_denied(credentials: str) -> None:
    assert isinstance(check(f"Basic {credentials}", "relay"), Denied)


@pytest.mark.parametrize("blank", [b"", b" ", b"\t\n"])
def test_a_blank_secret_admits_nobody(blank: bytes) -> None:
    assert not is_one_of(blank, [blank])
    assert isinstance(check(f"Bearer {blank.decode()}", secrets=(blank,)), Denied)
    assert isinstance(check(f"Basic {encoded(b'relay:' + blank)}", "relay", (blank,)), Denied)


def test_a_header_up_to_the_limit_is_read() -> None:
    secret = b"x" * (MAX_HEADER - len("Bearer "))
    assert check(f"Bearer {secret.decode()}", secrets=(secret,)) is None
    denied = check(f"Bearer {secret.decode()}x", secrets=(secret + b"x",))
    assert denied == Denied("the header Authorization is too long: expected at most 8192 characters")


def test_an_inbound_does_not_show_its_headers_query_or_body() -> None:
    inbound = Inbound("prod", datetime(2026, 1, 1, tzinfo=UTC), b"words", (("authorization", "Bearer x1"),), "token=y2")
    assert not any(each in repr(inbound) for each in ("words", "x1", "y2"))


def test_a_header_is_found_in_any_case_and_only_where_it_stands_once() -> None:
    headers = (("x-a", "1"), ("x-b", "2"), ("x-b", "2"))
    inbound = Inbound("prod", datetime(2026, 1, 1, tzinfo=UTC), b"", headers)
    assert [inbound.header(name) for name in ("X-A", "x-b", "x-c")] == ["1", None, None]
