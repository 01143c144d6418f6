"""Did the program prove itself: by its secret, an HMAC of the body, or as Standard Webhooks has it?

Source: github.com/standard-webhooks/standard-webhooks, "Webhook signatures" (symmetric, `v1`).
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime

from connectors.contract.events import digest
from connectors.contract.messages import Denied, Inbound, Keys, Verified
from connectors.generic.settings import Settings
from connectors.toolbox.signatures import MAX_HEADER, authorize_by_url, hmac_sha256, is_hmac, proof, read_hex, stale

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
LEEWAY = 300  # seconds, both ways
MOST_SIGNATURES = 20
_ID = re.compile(r"[!-~]{1,200}")
_SIGNATURE = re.compile(r"v[0-9]{1,2}[a-z]?,[A-Za-z0-9+/=]{16,512}")


def verify(inbound: Inbound, settings: Settings, now: datetime, _keys: Keys) -> Verified | Denied:
    """As `settings.proof` says; a secret in the URL is not kept."""
    match settings.proof:
        case "secret":
            outcome = authorize_by_url(inbound, settings.secrets, settings.username)
            return outcome if isinstance(outcome, Denied) else Verified(outcome)
        case "hmac":
            return _hmac(inbound, settings) or Verified(inbound)
        case "standard":
            return _standard(inbound, settings, now) or Verified(inbound)


def sign(body: bytes, settings: Settings, now: datetime) -> dict[str, str]:
    """The headers with which a program proves itself."""
    match settings.proof:
        case "secret":
            return proof(settings.secrets[0], settings.username)
        case "hmac":
            return {settings.signature_header: f"sha256={hmac_sha256(settings.keys[0], body).hex()}"}
        case "standard":
            name, timestamp = f"msg_{digest(body.decode('latin-1'))[:24]}", str(int(now.timestamp()))
            made = hmac_sha256(settings.keys[0], f"{name}.{timestamp}.".encode(), body)
            return {ID: name, TIMESTAMP: timestamp, SIGNATURE: f"v1,{base64.b64encode(made).decode()}"}


def _hmac(inbound: Inbound, settings: Settings) -> Denied | None:
    header = inbound.header(settings.signature_header)
    if header is None:
        return Denied(f"{settings.signature_header} is missing or repeated")
    offered = read_hex(header.removeprefix("sha256="))
    if offered is None:
        return Denied(f"{settings.signature_header} is no HMAC-SHA256 in hex")
    return None if is_hmac(offered, settings.keys, inbound.body) else Denied("the signature is wrong")


def _standard(inbound: Inbound, settings: Settings, now: datetime) -> Denied | None:
    """Several signatures stand with spaces between them, while secrets rotate."""
    name, timestamp, signature = (inbound.header(each) for each in (ID, TIMESTAMP, SIGNATURE))
    if name is None or timestamp is None or signature is None:
        return Denied(f"{ID}, {TIMESTAMP} or {SIGNATURE} is missing or repeated")
    if denied := stale(timestamp, now, LEEWAY):
        return denied
    listed = signature.split(" ") if len(signature) <= MAX_HEADER else []
    well_formed = 0 < len(listed) <= MOST_SIGNATURES and all(map(_SIGNATURE.fullmatch, listed))
    if not well_formed or not _ID.fullmatch(name):
        return Denied(f"{ID} is no id, or {SIGNATURE} no list of at most {MOST_SIGNATURES} signatures")
    for each in listed:
        version, _, text = each.partition(",")
        try:
            offered = base64.b64decode(text, validate=True)
        except binascii.Error:
            continue
        if version == "v1" and is_hmac(offered, settings.keys, f"{name}.{timestamp}.".encode(), inbound.body):
            return None
    return Denied("the signature is wrong")
