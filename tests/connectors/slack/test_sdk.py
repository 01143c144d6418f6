"""Tests our signatures against Slack's own SDK, both ways."""

from __future__ import annotations

import json

import pytest
from slack_sdk.signature import Clock, SignatureVerifier

from connectors.contract.messages import Denied, Inbound, Verified
from connectors.slack import SIGNATURE, TIMESTAMP, sign, verify

from .builders import NOW, configured, envelope, mention

BODIES = [json.dumps(envelope(mention("Köln 🎫"))).encode(), b"", b"payload=%7B%7D&x=1"]


class At(Clock):
    def now(self) -> float:
        return NOW.timestamp()


@pytest.mark.parametrize("body", BODIES)
def test_what_we_sign_slack_s_sdk_takes_and_what_it_signs_we_take(body: bytes) -> None:
    settings = configured()
    sdk = SignatureVerifier("s3cret", At())
    assert sdk.is_valid_request(body, sign(body, settings, NOW))

    stamp = str(int(NOW.timestamp()))
    signature = sdk.generate_signature(timestamp=stamp, body=body)
    assert signature is not None
    arrived = Inbound("chat", NOW, body, ((TIMESTAMP.lower(), stamp), (SIGNATURE.lower(), signature)))
    assert isinstance(verify(arrived, settings, NOW, {}), Verified)


def test_both_refuse_another_secret() -> None:
    body = BODIES[0]
    signed = sign(body, configured(secret="another"), NOW)
    assert not SignatureVerifier("s3cret", At()).is_valid_request(body, signed)
    headers = tuple((name.lower(), value) for name, value in signed.items())
    assert isinstance(verify(Inbound("chat", NOW, body, headers), configured(), NOW, {}), Denied)
