"""Tests of Discord's signature: Ed25519 over timestamp and body, and both headers in every wrong form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from connectors.contract.messages import Denied, Inbound, Verified
from connectors.discord import SIGNATURE, TIMESTAMP, Settings, sign, verify
from connectors.discord.keys import NoPrivateKey, is_signed

from .builders import NOW, configured

BODY = b'{"type": 1}'
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = PRIVATE_KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

# RFC 8032, section 7.1: tests 1 to 3 (public key, message, signature).
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def verdict(
    timestamp: str | None, signature: str | None, body: bytes = BODY, settings: Settings | None = None
) -> Verified | Denied:
    given = ((TIMESTAMP.lower(), timestamp), (SIGNATURE.lower(), signature))
    headers = tuple((name, value) for name, value in given if value is not None)
    return verify(Inbound("chat", NOW, body, headers), settings or configured(secret=PUBLIC_KEY), NOW, {})


def signed(body: bytes = BODY, seconds: int = 0) -> tuple[str, str]:
    """Return timestamp and signature as Discord makes them; the source does not have the private key."""
    timestamp = str(int((NOW + timedelta(seconds=seconds)).timestamp()))
    return timestamp, PRIVATE_KEY.sign(timestamp.encode() + body).hex()


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc_are_verified_and_nothing_near_them(public: str, message: str, signature: str) -> None:
    key, text, proof = public.encode(), bytes.fromhex(message), bytes.fromhex(signature)
    assert is_signed(proof, [key], text)
    assert not is_signed(proof, [key], text + b"\x00")
    assert not is_signed(bytes([proof[0] ^ 1]) + proof[1:], [key], text)
    assert not is_signed(proof, [PUBLIC_KEY.encode()], text)


def test_what_discord_signs_is_verified_with_the_public_key_in_upper_or_lower_case() -> None:
    assert isinstance(verdict(*signed()), Verified)
    assert isinstance(verdict(*signed(), settings=configured(secret=PUBLIC_KEY.upper())), Verified)
    assert isinstance(verdict(*signed(b"\xff\x00"), b"\xff\x00"), Verified)


def test_both_keys_of_a_rotation_are_accepted() -> None:
    for settings in ({"secret": PUBLIC_KEY, "previous_secret": "old"}, {"secret": "x", "previous_secret": PUBLIC_KEY}):
        assert isinstance(verdict(*signed(), settings=configured(**settings)), Verified)


def test_with_the_public_key_nothing_can_be_signed_and_the_error_says_what_to_do() -> None:
    with pytest.raises(NoPrivateKey, match="on a loopback address, where its secret may be dev-secret"):
        sign(BODY, configured(secret=PUBLIC_KEY), NOW)


def test_who_knows_the_public_key_cannot_sign_with_it_as_a_secret() -> None:
    for guess in (PUBLIC_KEY + " x", PUBLIC_KEY[::-1] + "x", "x" + PUBLIC_KEY):
        headers = sign(BODY, configured(secret=guess), NOW)
        assert isinstance(verdict(headers[TIMESTAMP], headers[SIGNATURE]), Denied)


def test_the_signature_covers_timestamp_and_body_and_where_one_ends() -> None:
    timestamp, signature = signed()
    assert isinstance(verdict(str(int(timestamp) + 1), signature), Denied)
    assert isinstance(verdict(timestamp, signature, BODY + b" "), Denied)
    assert isinstance(verdict(timestamp + "{", signature, BODY[1:]), Denied)
    assert isinstance(verdict(timestamp[:-1], signature, timestamp[-1:].encode() + BODY), Denied)


@pytest.mark.parametrize(("seconds", "outcome"), [(-301, Denied), (-300, Verified), (300, Verified), (301, Denied)])
def test_a_delivery_counts_for_five_minutes_both_ways(seconds: int, outcome: type) -> None:
    assert type(verdict(*signed(seconds=seconds))) is outcome


def test_a_header_in_another_form_is_denied() -> None:
    timestamp, genuine = signed()
    forms = (None, "", genuine[:-1], genuine + "0", f" {genuine}", "g" * 128, "é" * 128, "\ud800" * 128, "٣" * 128)
    assert {type(verdict(timestamp, form)) for form in forms} == {Denied}
    times = (None, "", "now", timestamp + ".0", "-" + timestamp, "９" * 10, "\ud800", "9" * 5_000)
    assert {type(verdict(each, genuine)) for each in times} == {Denied}


@pytest.mark.parametrize("secret", [PUBLIC_KEY[:-1], PUBLIC_KEY + "0", "ab" * 25])
def test_a_public_key_with_a_digit_too_few_or_too_many_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match=f"secret: has {len(secret)} hex digits"):
        configured(secret=secret)
    with pytest.raises(ValidationError, match="previous_secret"):
        configured(previous_secret=secret)
