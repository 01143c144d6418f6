"""Checks that Microsoft's Bot Connector sent an activity to our bot, by its signed token.

The token names the bot (`aud`), the issuer (`iss`), and the service URL, which the activity must repeat. The token's
unverified header is used only to choose one of Microsoft's keys, never the algorithm. Times are compared with the given
`now`, not with a clock.

Source: learn.microsoft.com/azure/bot-service, "Authentication with the Bot Connector API"; RFC 7519.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt

from connectors.contract.messages import Denied, Inbound, Keys, UnreadableMessage
from connectors.teams_bot.settings import CLOUDS, Settings
from connectors.toolbox.signatures import MAX_HEADER, absent, too_long
from connectors.toolbox.strict_json import object_at, objects_in, read_object, text_at

AUTHORIZATION = "Authorization"
TOKEN = f"the token in the header {AUTHORIZATION}"
ALGORITHM = "RS256"
LEEWAY = 300  # seconds
CHANNEL_ID = "msteams"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,8000}\.[A-Za-z0-9_-]{1,2000}")
_SERVICE = re.compile(r"https://([a-z0-9.-]{1,250})(?:/[A-Za-z0-9/._~-]{0,200})?")


def key_sets(inbound: Inbound, settings: Settings) -> tuple[str, ...]:
    """Return the URL of Microsoft's keys; empty for a request without a token that these keys could have signed."""
    return () if settings.app_id is None or isinstance(_offered(inbound), Denied) else (CLOUDS[settings.cloud].keys,)


def lacks(inbound: Inbound, key_set: bytes) -> bool:
    """True if the token was signed with a key that is missing from the key set."""
    offered = _offered(inbound)
    return not isinstance(offered, Denied) and _key(key_set, offered[1]) is None


def check(inbound: Inbound, settings: Settings, now: datetime, keys: Keys) -> Denied | None:
    """Return None if the token is Microsoft's, for our bot, valid at `now` and for this activity, else the denial."""
    if settings.app_id is None:
        return Denied("the setting app_id is missing: without it, no message is taken")
    offered = _offered(inbound)
    if isinstance(offered, Denied):
        return offered
    token, key_id = offered
    cloud = CLOUDS[settings.cloud]
    key = _key(keys.get(cloud.keys, b"{}"), key_id)
    if key is None:
        return Denied(f"{TOKEN} is signed with an unknown key: expected one of Microsoft's")
    claims = _claims(token, key, settings.app_id, cloud.issuer)
    if isinstance(claims, Denied):
        return claims
    return _when(claims, now) or _what(inbound.body, claims, key, settings)


def is_service(url: str, settings: Settings) -> bool:
    """True if the URL is the address of a Bot Connector in our cloud."""
    match = _SERVICE.fullmatch(url)
    return match is not None and CLOUDS[settings.cloud].hosts.fullmatch(match[1]) is not None


def _offered(inbound: Inbound) -> tuple[str, str] | Denied:
    """Return the token and its key id, both unverified."""
    header = inbound.header(AUTHORIZATION)
    if header is None:
        return absent(AUTHORIZATION)
    if len(header) > MAX_HEADER:
        return too_long(AUTHORIZATION)
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not _TOKEN.fullmatch(token):
        return Denied(f"the header {AUTHORIZATION} holds no signed token: expected Bearer and a token")
    try:
        head = read_object(_decoded(token.partition(".")[0]))
    except (UnreadableMessage, binascii.Error):
        return Denied(f"{TOKEN} has a head that cannot be read: expected JSON in Base64url")
    if head.get("alg") != ALGORITHM:
        return Denied(f"{TOKEN} is signed with another algorithm: expected {ALGORITHM}")
    key_id = text_at(head, "kid")
    return (token, key_id) if key_id else Denied(f"{TOKEN} names no key: expected kid in its head")


def _decoded(text: str) -> bytes:
    """Decode Base64url without padding. Raises binascii.Error."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _key(key_set: bytes, key_id: str) -> Mapping[str, Any] | None:
    """Return the RSA key with this id from a key set (RFC 7517, section 5); None if it is missing."""
    try:
        found = objects_in(read_object(key_set).get("keys"))
    except UnreadableMessage:
        return None
    return next((each for each in found if each.get("kid") == key_id and each.get("kty") == "RSA"), None)


def _claims(token: str, key: Mapping[str, Any], audience: str, issuer: str) -> Mapping[str, Any] | Denied:
    asked: Any = {
        "require": ["exp", "iss", "aud"], "strict_aud": True, "verify_exp": False, "verify_nbf": False,
        "verify_iat": False,
    }  # fmt: skip
    try:
        with_key = jwt.PyJWK(dict(key), algorithm=ALGORITHM)
        claims: Mapping[str, Any] = jwt.decode(
            token, with_key, algorithms=[ALGORITHM], audience=audience, issuer=issuer, options=asked
        )
    except jwt.PyJWTError as error:
        return Denied(f"{TOKEN} is refused: {type(error).__name__}")
    except (ValueError, RecursionError):
        return Denied(f"{TOKEN}, or the key that signed it, cannot be read")
    return claims


def _when(claims: Mapping[str, Any], now: datetime) -> Denied | None:
    at = now.timestamp()
    ends, begins = _time(claims.get("exp")), _time(claims.get("nbf", 0))
    if ends is None or begins is None:
        return Denied(f"{TOKEN} has a malformed exp or nbf: expected whole seconds since 1970")
    if at > ends + LEEWAY:
        return Denied(f"{TOKEN} has expired: compare the clocks")
    return Denied(f"{TOKEN} is not valid yet: compare the clocks") if at < begins - LEEWAY else None


def _time(value: object) -> int | None:
    """Return the value as seconds since 1970; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12 else None


def _what(body: bytes, claims: Mapping[str, Any], key: Mapping[str, Any], settings: Settings) -> Denied | None:
    """Check that the activity matches the token."""
    try:
        activity = read_object(body)
    except UnreadableMessage:
        return Denied("the body is not an activity: expected a JSON object")
    service = text_at(activity, "serviceUrl")
    if claims.get("serviceurl", claims.get("serviceUrl")) != service:
        return Denied(f"{TOKEN} is for another serviceUrl: expected that of the activity")
    if not is_service(service, settings):
        return Denied("serviceUrl is not an address of the Bot Connector in this cloud: compare the setting cloud")
    endorsed = key.get("endorsements")
    if text_at(activity, "channelId") != CHANNEL_ID or (isinstance(endorsed, list) and CHANNEL_ID not in endorsed):
        return Denied(f"channelId, or the key that signed the token, is not for Teams: expected {CHANNEL_ID}")
    if settings.tenant_id is not None and settings.tenant_id not in _tenants(activity):
        return Denied("the activity's tenant is another one, or missing: expected the setting tenant_id")
    return None


def _tenants(activity: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the activity's tenant, which is named in two places; empty if these differ or both are missing."""
    tenant = object_at(object_at(activity, "channelData"), "tenant")
    named = (text_at(tenant, "id"), text_at(object_at(activity, "conversation"), "tenantId"))
    found = {each.lower() for each in named if each}
    return tuple(found) if len(found) == 1 else ()
