"""Tests of the parts that signed webhooks share: the HMAC, and the age of its timestamp."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract.messages import Denied
from connectors.toolbox.signatures import hmac_sha256, is_hmac, read_hex, stale

NOW = datetime(2026, 3, 14, 3, 0, 0, 400_000, tzinfo=UTC)
SECONDS = 1_773_457_200  # NOW without its fraction of a second


def test_an_hmac_is_that_of_rfc_4231_however_the_message_is_cut() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex() == expected
    assert hmac_sha256(b"Jefe", b"what do ya ", b"", b"want for nothing?").hex() == expected


def test_an_hmac_with_any_of_the_secrets_counts_and_with_another_does_not() -> None:
    offered = hmac_sha256(b"old", b"message")
    assert is_hmac(offered, [b"new", b"old"], b"mess", b"age")
    assert not is_hmac(offered, [b"new", b"older"], b"message")
    assert not is_hmac(offered, [b"old"], b"message", b"!")
    assert not is_hmac(offered[:-1], [b"old"], b"message")


@pytest.mark.parametrize("blank", [b"", b" ", b"\t\n"])
def test_an_hmac_with_a_blank_secret_never_counts(blank: bytes) -> None:
    assert not is_hmac(hmac_sha256(blank, b"message"), [blank], b"message")


def test_64_hex_digits_in_lower_case_are_32_bytes() -> None:
    assert read_hex("0f" * 32) == b"\x0f" * 32


@pytest.mark.parametrize(
    "text",
    ["", "0f" * 31, "0f" * 33, "0F" * 32, "0g" * 32, " " + "0f" * 31 + "0", "0f" * 32 + "\n", "٣" * 64, "é" * 64],
)
def test_everything_else_is_no_hmac_in_hex(text: str) -> None:
    assert read_hex(text) is None


@pytest.mark.parametrize("away", [-299, -1, 0, 1, 300])
def test_a_time_within_the_leeway_is_taken(away: int) -> None:
    assert stale(str(SECONDS + away), NOW, 300) is None


@pytest.mark.parametrize("away", [-301, -300, 301, -(10**9)])
def test_a_time_beyond_the_leeway_is_denied_and_the_reason_says_how_far(away: int) -> None:
    denied = stale(str(SECONDS + away), NOW, 300)
    assert denied is not None
    assert denied.reason.endswith(f"{'old' if away < 0 else 'ahead'}: expected at most 300 s; compare the clocks")


def test_the_leeway_ends_after_its_last_instant() -> None:
    whole = NOW.replace(microsecond=0)
    assert stale(str(SECONDS), whole + timedelta(seconds=300), 300) is None
    assert isinstance(stale(str(SECONDS), whole + timedelta(seconds=300, microseconds=1), 300), Denied)


@pytest.mark.parametrize(
    "text",
    ["", " ", "soon", "1773457200.0", "+1773457200", "-1", "1e9", " 1773457200", "1773457200\n", "0x10", "١٧٧٣٤٥٧٢٠٠",
     "²", "1_773_457_200", "9" * 12, "9" * 100_000, "\ud800"],
)  # fmt: skip
def test_what_is_no_number_of_seconds_is_denied(text: str) -> None:
    assert stale(text, NOW, 300) == Denied(
        "the signed timestamp is not a number: expected whole seconds since 1970", "bad_time"
    )
