"""Tests of the tokens of Microsoft's Bot Connector, signed with the tests' own key pair instead of Microsoft's."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectors import connector, fixtures
from connectors.contract.messages import Denied, Inbound, Keys, Verified
from connectors.teams_bot import CONNECTOR, KEPT_S, Settings
from tests.connectors.sealing import APP_ID, KEY_ID, KEYS, MICROSOFT, NOW, bot_token, key_set, private_key

BODY = fixtures("teams_bot")["mention"].body
TENANT = "00000000-0000-4000-8000-00000000000f"
OTHER = "00000000-0000-4000-8000-0000000000ff"
AT = int(NOW.timestamp())
PUBLIC_PEM = private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def settings(**more: Any) -> Settings:
    return Settings.model_validate({"secret": "s", "app_id": APP_ID} | more)


def verify(header: str | None, body: bytes = BODY, keys: Keys = KEYS, **more: Any) -> Verified | Denied:
    headers = () if header is None else (("authorization", header),)
    return CONNECTOR.verify(Inbound("bot", NOW, body, headers), settings(**more), NOW, keys)


def bearer(body: bytes = BODY, **changes: Any) -> str:
    return f"Bearer {bot_token(body, NOW, **changes)}"


def with_activity(**changes: Any) -> bytes:
    return json.dumps(json.loads(BODY) | changes).encode()


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def by_hand(head: dict[str, Any], signature: str = "AAAA") -> str:
    claims = bot_token(BODY, NOW).split(".")[1]
    return f"Bearer {part(head)}.{claims}.{signature}"


def with_public_key_as_secret() -> str:
    """Sign with HS256 and the public key; a verifier that lets the token choose its algorithm would accept this."""
    import hashlib
    import hmac

    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': KEY_ID})}.{bot_token(BODY, NOW).split('.')[1]}"
    made = hmac.new(PUBLIC_PEM, signed.encode(), hashlib.sha256).digest()
    return f"Bearer {signed}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def moved(which: int) -> str:
    """Change one character in part `which` of a valid token."""
    parts = bot_token(BODY, NOW).split(".")
    changed = "A" if parts[which][10] != "A" else "B"
    parts[which] = parts[which][:10] + changed + parts[which][11:]
    return f"Bearer {'.'.join(parts)}"


def test_a_token_for_this_bot_and_this_activity_is_taken() -> None:
    assert isinstance(verify(bearer()), Verified)
    assert isinstance(verify(bearer(), tenant_id=TENANT), Verified)
    assert isinstance(verify(bearer(serviceurl=None, serviceUrl="https://smba.trafficmanager.net/emea/")), Verified)


@pytest.mark.parametrize(("changes", "is_taken"), [
    ({"exp": AT - 300}, True), ({"exp": AT - 301}, False), ({"nbf": AT + 300}, True), ({"nbf": AT + 301}, False),
    ({"nbf": None}, True),
])  # fmt: skip
def test_clocks_may_differ_by_five_minutes(changes: dict[str, Any], is_taken: bool) -> None:
    assert isinstance(verify(bearer(**changes)), Verified) == is_taken


TAMPERED = {
    "no header": None,
    "empty": "",
    "another scheme": bearer().replace("Bearer", "Basic"),
    "no token": "Bearer ",
    "alg none": by_hand({"alg": "none", "kid": KEY_ID}, ""),
    "alg none, with a signature": by_hand({"alg": "none", "kid": KEY_ID}),
    "HS256 with the public key": with_public_key_as_secret(),
    "RS512": bearer(algorithm="RS512"),
    "alg is a list": by_hand({"alg": ["RS256"], "kid": KEY_ID}),
    "no kid": by_hand({"alg": "RS256"}),
    "kid is a number": by_hand({"alg": "RS256", "kid": 7}),
    "kid unknown": bearer(kid="another"),
    "critical extension": by_hand({"alg": "RS256", "kid": KEY_ID, "crit": ["b64"], "b64": False}),
    "another key": bearer(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    "wrong aud": bearer(aud=OTHER),
    "two audiences": bearer(aud=[APP_ID, OTHER]),
    "no aud": bearer(aud=None),
    "wrong iss": bearer(iss="https://sts.windows.net/x/"),
    "no iss": bearer(iss=None),
    "no exp": bearer(exp=None),
    "exp is a fraction": bearer(exp=AT + 0.5),
    "exp is true": bearer(exp=True),
    "exp is endless": bearer(exp=10**300),
    "wrong serviceurl": bearer(serviceurl="https://smba.trafficmanager.net/amer/"),
    "no serviceurl": bearer(serviceurl=None),
    "header changed": moved(0),
    "claims changed": moved(1),
    "signature changed": moved(2),
    "two dots": "Bearer a.b",
    "four dots": bearer() + ".x.y",
    "only dots": "Bearer ...",
    "non-ASCII": bearer() + "é",
    "beyond Latin-1": bearer() + "鍵",
    "a NUL": bearer() + "\0",
    "header nested deeply": f"Bearer {base64.urlsafe_b64encode(b'[' * 2900).decode().rstrip('=')}.a.b",
    "header not UTF-8": f"Bearer {base64.urlsafe_b64encode(bytes([255] * 30)).decode()}.a.b",
    "not Base64": "Bearer a.a.a",
    "endless": "Bearer " + "a" * 100_000,
}


@pytest.mark.parametrize("name", TAMPERED)
def test_whatever_else_is_offered_is_denied(name: str) -> None:
    outcome = verify(TAMPERED[name])
    assert isinstance(outcome, Denied)
    assert OTHER not in outcome.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"serviceUrl": "https://smba.trafficmanager.net.evil.example/emea/"},
        {"serviceUrl": "https://smba.trafficmanager.net@evil.example/"},
        {"serviceUrl": "https://evil.example/smba.trafficmanager.net"},
        {"serviceUrl": "https://evilbotframework.com/"},
        {"serviceUrl": "http://smba.trafficmanager.net/emea/"},
        {"serviceUrl": "https://smba.trafficmanager.net:8443/emea/"},
        {"serviceUrl": "https://smba.infra.gov.teams.microsoft.us/teams"},
        {"serviceUrl": None},
        {"channelId": "webchat"},
        {"channelId": None},
    ],
)
def test_what_does_not_come_from_teams_is_denied_even_with_a_token(changes: dict[str, Any]) -> None:
    body = with_activity(**changes)
    assert isinstance(verify(bearer(body), body), Denied)


@pytest.mark.parametrize(
    "url", ["https://smba.infra.gcc.teams.microsoft.com/teams", "https://europe.botframework.com/"]
)
def test_other_addresses_of_the_bot_connector_are_known(url: str) -> None:
    body = with_activity(serviceUrl=url)
    assert isinstance(verify(bearer(body), body), Verified)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 10_000, b"\xff"])
def test_a_body_that_is_no_activity_is_denied(body: bytes) -> None:
    assert isinstance(verify(bearer(body, serviceurl=""), body), Denied)


@pytest.mark.parametrize(
    ("conversation", "data"),
    [
        ({"tenantId": OTHER}, {"tenant": {"id": OTHER}}),
        ({"tenantId": TENANT}, {"tenant": {"id": OTHER}}),
        ({}, {}),
        (None, None),
        ({"tenantId": [TENANT]}, {"tenant": TENANT}),
    ],
)
def test_a_bot_of_one_organization_takes_nothing_of_others(conversation: Any, data: Any) -> None:
    body = with_activity(conversation=conversation, channelData=data)
    assert isinstance(verify(bearer(body), body, tenant_id=TENANT), Denied)
    assert isinstance(verify(bearer(body), body), Verified)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {MICROSOFT.keys: b""},
        {MICROSOFT.keys: b"{}"},
        {MICROSOFT.keys: b'{"keys": 7}'},
        {MICROSOFT.keys: b'{"keys": [7, {"kid": 7}]}'},
        {MICROSOFT.keys: key_set(n="!")},
        {MICROSOFT.keys: key_set(e=7)},
        {MICROSOFT.keys: key_set(kty="oct", k="c2VjcmV0")},
        {MICROSOFT.keys: key_set(endorsements=["webchat"])},
        {"https://elsewhere.example/keys": key_set()},
    ],
)
def test_without_a_key_for_teams_nothing_is_taken(keys: Keys) -> None:
    assert isinstance(verify(bearer(), keys=keys), Denied)


def test_a_key_without_endorsements_is_good_for_teams() -> None:
    assert isinstance(verify(bearer(), keys={MICROSOFT.keys: key_set(endorsements=None)}), Verified)


def test_without_an_app_id_nothing_is_taken_or_fetched() -> None:
    inbound = Inbound("bot", NOW, BODY, (("authorization", bearer()),))
    assert isinstance(verify(bearer(), app_id=None), Denied)
    assert CONNECTOR.outside is not None
    assert CONNECTOR.outside.keys(inbound, settings(app_id=None)) == ()


def test_keys_are_asked_for_only_for_what_could_be_a_token() -> None:
    outside = CONNECTOR.outside
    assert outside is not None
    assert (outside.kept_s, KEPT_S) == (86_400, 86_400)
    assert outside.hosts.fullmatch(MICROSOFT.keys.split("/")[2])
    for header, wanted in ((bearer(), (MICROSOFT.keys,)), ("Bearer x", ()), (TAMPERED["alg none"] or "", ())):
        inbound = Inbound("bot", NOW, BODY, (("authorization", header),))
        assert outside.keys(inbound, settings()) == wanted


def test_the_government_s_cloud_has_its_own_keys_and_addresses() -> None:
    body = with_activity(serviceUrl="https://smba.infra.gov.teams.microsoft.us/teams")
    token = bearer(body, iss="https://api.botframework.us")
    theirs = {"https://login.botframework.azure.us/v1/.well-known/keys": key_set()}
    assert isinstance(verify(token, body, theirs, cloud="us_government"), Verified)
    assert isinstance(verify(token, body, theirs), Denied)
    assert isinstance(verify(bearer(), BODY, theirs, cloud="us_government"), Denied)


def test_the_reference_library_s_own_reading_agrees() -> None:
    claims = jwt.decode(
        bot_token(BODY, NOW), private_key().public_key(), ["RS256"], {"verify_exp": False, "verify_aud": False}
    )
    assert claims["exp"] > (NOW + timedelta(minutes=5)).timestamp()
    assert connector("teams_bot").sign(BODY, settings(), NOW) == {}
