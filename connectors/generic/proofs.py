"""The proofs of a generic source: the secret itself, an HMAC of the body, or Standard Webhooks.

Source: github.com/standard-webhooks/standard-webhooks, "Webhook signatures" (symmetric, `v1`).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime

from connectors.contract.events import digest
from connectors.contract.messages import Denied, Inbound, Keys, Verified
from connectors.generic.settings import Settings
from connectors.toolbox.proofs import LEEWAY_S, Basic, Chosen, Hmac
from connectors.toolbox.signatures import MAX_HEADER, hmac_sha256, is_hmac, mismatch, stale

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
MOST_SIGNATURES = 20
_ID = re.compile(r"[!-~]{1,200}")
_SIGNATURE = re.compile(r"v[0-9]{1,2}[a-z]?,[A-Za-z0-9+/=]{16,512}")


@dataclass(frozen=True, slots=True)
class Standard:
    """Standard Webhooks: an HMAC of id, time and body; while secrets rotate, several signatures separated by spaces."""

    def verify(self, inbound: Inbound, settings: Settings, now: datetime, _keys: Keys) -> Verified | Denied:
        name, timestamp, signature = (inbound.header(each) for each in (ID, TIMESTAMP, SIGNATURE))
        if name is None or timestamp is None or signature is None:
            return Denied(f"the header {ID}, {TIMESTAMP} or {SIGNATURE} is missing or repeated: expected each once")
        if denied := stale(timestamp, now, LEEWAY_S):
            return denied
        listed = signature.split(" ") if len(signature) <= MAX_HEADER else []
        well_formed = 0 < len(listed) <= MOST_SIGNATURES and all(map(_SIGNATURE.fullmatch, listed))
        if not well_formed or not _ID.fullmatch(name):
            return Denied(
                f"the header {ID} or {SIGNATURE} is malformed: "
                f"expected an id, and at most {MOST_SIGNATURES} signatures, v1,BASE64"
            )
        for each in listed:
            version, _, text = each.partition(",")
            try:
                offered = base64.b64decode(text, validate=True)
            except binascii.Error:
                continue
            if version == "v1" and is_hmac(offered, settings.keys, f"{name}.{timestamp}.".encode(), inbound.body):
                return Verified(inbound)
        return mismatch(f"the signature in the header {SIGNATURE}")

    def sign(self, body: bytes, settings: Settings, now: datetime) -> dict[str, str]:
        name, timestamp = f"msg_{digest(body.decode('latin-1'))[:24]}", str(int(now.timestamp()))
        made = hmac_sha256(settings.keys[0], f"{name}.{timestamp}.".encode(), body)
        return {ID: name, TIMESTAMP: timestamp, SIGNATURE: f"v1,{base64.b64encode(made).decode()}"}

    def credentials(self, _settings: Settings) -> tuple[str, ...]:
        return (SIGNATURE,)


OF_THE_BODY: Hmac[Settings] = Hmac(
    header=lambda settings: settings.signature_header,
    prefix="sha256=",
    prefix_optional=True,
    keys=lambda settings: settings.keys,
)
PROOF: Chosen[Settings, str] = Chosen(
    lambda settings: settings.proof, {"secret": Basic(in_url=True), "hmac": OF_THE_BODY, "standard": Standard()}
)
"""The proof that the setting `proof` selects."""
