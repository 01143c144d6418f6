"""Checks that Amazon SNS sent a message for one of our topics, and reads its envelope.

The signature covers certain fields, not the body: each as a line with its name and a line with its value, in the order
of their names. The message names its own certificate, so the certificate's URL must be on a host of Amazon. Raw message
delivery omits the envelope and the signature, so it is denied. A topic sends no notifications before its subscription
is confirmed: the worker calls the URL in `Parsed.confirm` for that.

Source: docs.aws.amazon.com/sns, "Verifying the signatures of Amazon SNS messages".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from pydantic import BeforeValidator, StringConstraints

from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Remark, UnreadableMessage, Verified
from connectors.toolbox.reasons import UnreadableItem, found, one_of, path_of, shown, unexpected
from connectors.toolbox.signatures import authorize_by_url, late, proof
from connectors.toolbox.strict_json import object_in, read_object, read_time, text_at

HOST = re.compile(r"sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?")
"""Matched against the whole host. A looser pattern would admit storage buckets, which anybody can create."""

LATE_S = 2 * 3600.0
"""Seconds after which a message is left to a person: SNS delivers again for hours, and the alarm may be long over."""

RAW = "x-amz-sns-rawdelivery"
RAW_OFF = "switch raw message delivery off in the subscription"

Arn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]{0,10}:sns:[a-z0-9-]{3,30}:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$")
]


def _listed(value: object) -> object:
    """Split `A, B` into a list: an environment variable can hold only text."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


Topics = Annotated[tuple[Arn, ...], BeforeValidator(_listed)]


class Subscribed(Protocol):
    """The settings that a source with topics must have."""

    @property
    def secrets(self) -> tuple[bytes, ...]: ...
    @property
    def username(self) -> str | None: ...
    @property
    def topics(self) -> tuple[str, ...]: ...


_CERTIFICATE = re.compile(r"https://(?P<host>[a-z0-9.-]{1,100})/SimpleNotificationService-[A-Za-z0-9]{1,100}\.pem")
_CONFIRMATION = re.compile(r"https://(?P<host>[a-z0-9.-]{1,100})/\?[!-~]{1,4000}")

SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""The signed fields of each type, in this order. A notification without a subject omits it."""

DIGESTS: Mapping[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 — SNS signs with version 1 by default
"""Hash algorithms by `SignatureVersion`."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope that SNS puts around a message; its fields are texts."""

    fields: Mapping[str, Any]

    @property
    def type(self) -> str:
        return text_at(self.fields, "Type")

    @property
    def topic(self) -> str:
        return text_at(self.fields, "TopicArn")

    @property
    def certificate(self) -> str:
        """The URL of the certificate for the signature."""
        return text_at(self.fields, "SigningCertURL")

    def signed(self) -> bytes | None:
        """Return the signed bytes; None if one of the fields is missing or no text."""
        lines = []
        for name in SIGNED[self.type]:
            value = self.fields.get(name)
            if name == "Subject" and value is None:
                continue
            if not isinstance(value, str):
                return None
            lines.append(f"{name}\n{value}\n")
        return "".join(lines).encode("utf-8", "surrogatepass")


def verify(inbound: Inbound, settings: Subscribed, now: datetime, keys: Keys) -> Verified | Denied:
    """Check the secret, if one is set, and the signature of SNS on a message of one of our topics."""
    if (inbound.header(RAW) or "").lower() == "true":
        return Denied(f"the header {RAW} says that raw message delivery is on: switch it off in the subscription")
    passed: Inbound | Denied = inbound
    if settings.secrets:
        passed = authorize_by_url(inbound, settings.secrets, settings.username)
    if isinstance(passed, Denied):
        return passed
    envelope = open_envelope(inbound.body, settings.topics)
    if isinstance(envelope, Denied):
        return envelope
    return check(envelope, keys, now) or Verified(passed, late=_late(envelope, now))


def _late(envelope: Envelope, now: datetime) -> str | None:
    """Return why a person must decide about a genuine message: it is old, or its time cannot be read."""
    sent = _sent(envelope)
    return late(sent, now, LATE_S, "Timestamp") if isinstance(sent, datetime) else sent


def _sent(envelope: Envelope) -> datetime | str:
    """Return the time at which SNS signed the message; the reason if it cannot be read."""
    try:
        return read_time(envelope.fields, "Timestamp").time
    except UnreadableItem as error:
        return str(error)


def sign(_body: bytes, settings: Subscribed, _now: datetime) -> dict[str, str]:
    """Return the header with the secret, if one is set. The signature is in the body, and only Amazon can make it."""
    return proof(settings.secrets[0], settings.username) if settings.secrets else {}


def certificates(inbound: Inbound, settings: Subscribed) -> tuple[str, ...]:
    """Return the URL of the certificate that `verify` needs; empty if `verify` will deny the message anyway."""
    if settings.secrets and isinstance(authorize_by_url(inbound, settings.secrets, settings.username), Denied):
        return ()
    envelope = open_envelope(inbound.body, settings.topics)
    return () if isinstance(envelope, Denied) else (envelope.certificate,)


def read_envelope(envelope: Envelope, notification: Callable[[Mapping[str, Any]], Parsed]) -> Parsed:
    """Read a message of SNS: `notification` reads a notification's document; other types concern the subscription.

    Raises UnreadableItem, and the errors of `notification`.
    """
    match envelope.type:
        case "Notification":
            return notification(_document(envelope))
        case "SubscriptionConfirmation":
            return _subscription(envelope)
        case "UnsubscribeConfirmation":
            return Parsed(ignored=(Remark("Type", f"Amazon ended the subscription to {_topic(envelope)}"),))
    raise unexpected(envelope.fields, "Type", one_of(SIGNED))


def _document(envelope: Envelope) -> Mapping[str, Any]:
    if not isinstance(written := envelope.fields.get("Message"), str):
        raise unexpected(envelope.fields, "Message", "text that holds JSON")
    return object_in(written.encode("utf-8", "replace"), path_of(envelope.fields, "Message"))


def _subscription(envelope: Envelope) -> Parsed:
    url = confirmation(envelope)
    if url is None:
        raise UnreadableItem(
            "is not called: expected an address on a host of Amazon SNS", path_of(envelope.fields, "SubscribeURL")
        )
    return Parsed(ignored=(Remark("Type", f"the subscription to {_topic(envelope)} is being confirmed"),), confirm=url)


def _topic(envelope: Envelope) -> str:
    return shown(envelope.topic, 200) or "a topic without a name"


def open_envelope(body: bytes, topics: tuple[str, ...]) -> Envelope | Denied:
    """Return the envelope if it is for our topics, with a certificate URL of Amazon. The signature is not checked."""
    try:
        envelope = Envelope(read_object(body))
    except UnreadableMessage:
        return Denied(f"the body is not a message of SNS: {RAW_OFF}")
    if envelope.type not in SIGNED:
        return Denied(f"Type is {found(envelope.fields.get('Type'))}: expected {one_of(SIGNED)}; {RAW_OFF}")
    if envelope.topic not in topics:
        return Denied("TopicArn is not a topic of this source: expected one of the setting topics")
    if not is_from_sns(_CERTIFICATE, envelope.certificate):
        return Denied("SigningCertURL is not an address of Amazon SNS: expected its certificate")
    return envelope


def check(envelope: Envelope, keys: Keys, now: datetime) -> Denied | None:
    """Return None if the certificate at the envelope's URL matches its signature, else the denial."""
    version = envelope.fields.get("SignatureVersion")
    digest = DIGESTS.get(version) if isinstance(version, str) else None
    if digest is None:
        return Denied(f"SignatureVersion is {found(version)}: expected {one_of(DIGESTS)}")
    signed, pem = envelope.signed(), keys.get(envelope.certificate)
    if signed is None:
        return Denied(f"a signed field is missing or not text: expected {', '.join(SIGNED[envelope.type])}")
    if pem is None:
        return Denied("the certificate at SigningCertURL could not be fetched")
    try:
        signature = base64.b64decode(text_at(envelope.fields, "Signature"), validate=True)
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return Denied("Signature is not Base64, or the certificate at SigningCertURL cannot be read")
    # A late message is as genuine as on the day when it was signed.
    sent = _sent(envelope)
    then = min(sent, now) if isinstance(sent, datetime) else now
    if not certificate.not_valid_before_utc <= then <= certificate.not_valid_after_utc:
        return Denied("the certificate at SigningCertURL has expired or is not valid yet: compare the clocks")
    if not isinstance(key, rsa.RSAPublicKey):
        return Denied("the certificate at SigningCertURL has another kind of key: expected RSA")
    try:
        key.verify(signature, signed, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return Denied(
            "Signature does not match the message: it was changed on its way, or did not come from Amazon SNS"
        )
    return None


def confirmation(envelope: Envelope) -> str | None:
    """Return the URL that confirms the subscription; None if it is not on a host of Amazon."""
    url = text_at(envelope.fields, "SubscribeURL")
    return url if is_from_sns(_CONFIRMATION, url) else None


def is_from_sns(pattern: re.Pattern[str], url: str) -> bool:
    match = pattern.fullmatch(url)
    return match is not None and HOST.fullmatch(match["host"]) is not None
