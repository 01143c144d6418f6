"""Makes the proofs of senders that a connector's `sign` cannot make, with a key and a certificate of the tests.

`sign` returns headers only. A signature inside the body, or one by the sender's own key, can be made only by the
product; here the tests take its place.
"""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from connectors import connector, kinds
from connectors.alerts.sns import DIGESTS, SIGNED, Envelope
from connectors.contract.messages import Keys
from connectors.teams_bot.settings import CLOUDS

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SIGNING_KEY = "key of the account"
APP_ID = "00000000-0000-4000-8000-0000000000a1"
KEY_ID = "key-of-the-tests"
MICROSOFT = CLOUDS["public"]
SEALED = ("cloudwatch", "mailgun", "ses")
"""Kinds whose proof is part of the body."""
BY_KEYS_ALONE = ("teams_bot",)
"""Kinds whose sender does not know the source's secret."""
NEEDED: dict[str, dict[str, Any]] = {
    "cloudwatch": {"topics": TOPIC},
    "mailgun": {"signing_key": SIGNING_KEY},
    "ses": {"topics": TOPIC},
    "teams_bot": {"app_id": APP_ID},
}
"""Settings that a kind needs to accept any delivery."""

SAYS_NOTHING = tuple(each for each in kinds() if connector(each).says_nothing)
"""Kinds whose bodies are not read: every delivery is a ping and makes no event."""

ENVELOPE = {
    "Type": "Notification",
    "MessageId": "11111111-2222-4333-8444-555555555555",
    "TopicArn": TOPIC,
    "Message": "{}",
    "Timestamp": "2026-03-14T02:59:58.000Z",
    "SignatureVersion": "2",
    "SigningCertURL": CERTIFICATE_URL,
}


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(first: datetime, last: datetime) -> bytes:
    """Return a self-signed certificate (PEM) of the tests' key, valid from `first` to `last`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = x509.CertificateBuilder(name, name, private_key().public_key(), 1, first, last)
    return builder.sign(private_key(), SHA256()).public_bytes(Encoding.PEM)


def key_set(key_id: str = KEY_ID, **more: Any) -> bytes:
    """Return a key set with the tests' key (RFC 7517)."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private_key().public_key(), as_dict=True)
    return json.dumps({"keys": [public | {"kid": key_id, "use": "sig", "endorsements": ["msteams"]} | more]}).encode()


KEYS: Keys = {
    CERTIFICATE_URL: certificate(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    MICROSOFT.keys: key_set(),
}


NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)


def by_mailgun(form: bytes, at: datetime, token: str = "0" * 50, key: str = SIGNING_KEY) -> bytes:
    """Return the form with Mailgun's proof added."""
    timestamp = str(int(at.timestamp()))
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), "sha256").hexdigest()
    proof = {"timestamp": timestamp, "token": token, "signature": signature}
    if not form.startswith(b"--"):
        return b"&".join([form, *(f"{name}={value}".encode() for name, value in proof.items())])
    boundary = form.partition(b"\r\n")[0]
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in proof.items()]
    return b"".join(boundary + b"\r\n" + part + b"\r\n" for part in parts) + form


ACTIVITY = {"serviceUrl": "https://smba.trafficmanager.net/emea/", "channelId": "msteams"}


def bot_token(body: bytes, at: datetime, *, key: Any = None, algorithm: str = "RS256", **changes: Any) -> str:
    """Return the Bot Connector's token for this activity; `changes` are claims, except `kid`, a header of the token."""
    try:
        activity = json.loads(body)
    except (ValueError, RecursionError):
        activity = None
    service = activity.get("serviceUrl") if isinstance(activity, dict) else None
    ends, kid = int(at.timestamp()) + 3600, changes.pop("kid", KEY_ID)
    claims = {
        "iss": MICROSOFT.issuer, "aud": APP_ID, "serviceurl": service, "nbf": ends - 3900, "exp": ends,
    } | changes  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, private_key() if key is None else key, algorithm, headers={"kid": kid})


def proof(kind: str, body: bytes, settings: Any, at: datetime) -> dict[str, str]:
    """Return the headers that the sender of a sealed body adds as its proof."""
    if kind == "teams_bot":
        return {"Authorization": f"Bearer {bot_token(body, at)}"}
    return connector(kind).sign(body, settings, at)


def sealed(kind: str, body: bytes) -> bytes:
    """Return the body with its proof; unchanged if the kind's proof is a header, or if the body cannot be signed."""
    if kind == "mailgun":
        return by_mailgun(body, NOW)
    if kind not in ("cloudwatch", "ses", "teams_bot"):
        return body
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    if not isinstance(document, dict):
        return body
    if kind == "teams_bot":
        return body if document.keys() & ACTIVITY.keys() else json.dumps(ACTIVITY | document).encode()
    whole = {**(ENVELOPE if document.keys().isdisjoint(ENVELOPE) else {}), **document}
    envelope = Envelope(whole)
    digest = DIGESTS.get(str(whole.get("SignatureVersion")))
    signed = envelope.signed() if envelope.type in SIGNED else None
    if signed is None or digest is None:
        return body
    signature = private_key().sign(signed, padding.PKCS1v15(), digest)
    return json.dumps(whole | {"Signature": base64.b64encode(signature).decode()}).encode()
