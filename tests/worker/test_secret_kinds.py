"""Every secret of the settings has one of three kinds, and each kind its rule."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connectors import connector, kinds
from connectors.contract.secrets import SHORTEST, Chosen, Issued, Password, SecretKind
from connectors.discord.keys import SMALL_ORDER, P
from worker.settings.fields import keeps_out, secret_kinds, sections_in
from worker.settings.models import Settings

CHOSEN, ISSUED, PASSWORD = "chosen", "issued", "password"
NAMES: dict[type[object], str] = {Chosen: CHOSEN, Issued: ISSUED, Password: PASSWORD}
ISSUES = {
    "discord": ["bot_token", "previous_secret", "secret"],
    "mailgun": ["signing_key"],
    "pagerduty": ["previous_secret", "secret"],
    "sentry": ["previous_secret", "secret"],
    "slack": ["app_token", "bot_token", "previous_secret", "secret", "workspaces.bot_token"],
    "teams": ["previous_secret", "secret"],
    "teams_bot": ["previous_secret", "secret"],
    "telegram": ["bot_token"],
}
"""The secrets that a platform issues, by kind of source. OAuth's client secret of a mailbox is one too."""
OF_A_MAILBOX = {"imap.oauth.client_secret": ISSUED, "imap.password": PASSWORD, "receipts_password": PASSWORD}
OF_A_PRODUCT = {"api_password": PASSWORD, "api_token": PASSWORD}
OF_EVERY_SOURCE = {"previous_secret": CHOSEN, "secret": CHOSEN}
MORE = {
    **dict.fromkeys(("email", "mailgun", "postmark", "ses"), OF_A_MAILBOX),
    **dict.fromkeys(("alertmanager", "grafana"), OF_A_PRODUCT),
}
OF_THE_WORKER = {
    "alarms.mail_password": PASSWORD,
    "alarms.notify.url": PASSWORD,
    "alarms.ping_url": PASSWORD,
    "api.key": PASSWORD,
    "broker.password": PASSWORD,
    "broker.sentinel_password": PASSWORD,
    "broker.url": PASSWORD,
    "ledger.url": PASSWORD,
    "server.control_token": CHOSEN,
}


def secrets_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if keeps_out(field):
            yield path + name, field
        for inner in sections_in(field):
            yield from secrets_of(inner, f"{path}{name}.")


def table_of(model: type[BaseModel]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, field in secrets_of(model):
        marks = secret_kinds(field)
        assert len(marks) == 1, f"{path} of {model.__module__} has {len(marks)} of the three kinds of secret"
        found[path] = NAMES[type(marks[0])]
    return found


@pytest.mark.parametrize("kind", kinds())
def test_every_secret_of_a_source_has_the_kind_that_the_table_says(kind: str) -> None:
    issued = dict.fromkeys(ISSUES.get(kind, ()), ISSUED)
    assert table_of(connector(kind).settings) == OF_EVERY_SOURCE | MORE.get(kind, {}) | issued


def test_every_secret_of_the_worker_has_the_kind_that_the_table_says() -> None:
    assert table_of(Settings) == OF_THE_WORKER


def mark(kind: str, name: str = "secret") -> SecretKind:
    (found,) = secret_kinds(connector(kind).settings.model_fields[name])
    return found


@pytest.mark.parametrize("kind", [each for each in kinds() if "secret" not in ISSUES.get(each, ())])
def test_a_chosen_secret_has_at_least_sixteen_bytes(kind: str) -> None:
    assert mark(kind).fault(secrets.token_urlsafe(32)) is None
    assert mark(kind).fault("x" * SHORTEST) is None
    assert mark(kind).fault("x" * (SHORTEST - 1)) == "has 15 bytes: expected at least 16"


INVISIBLE = "\x00\x1f\t\n \x7f\x85\xa0\xad\u034f\u115f\u180e\u2003\u200b\u200e\u2028\u202e\u2060\u2066\u2800\u3000\u3164\ufe0f\ufeff\uffa0\U000e0041"  # noqa: E501


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda each: f"U+{ord(each):04X}")
def test_a_chosen_secret_holds_no_invisible_character(character: str) -> None:
    secret = f"0123456789{character}0123456789"
    fault = Chosen().fault(secret)
    assert fault == f"holds an invisible character (U+{ord(character):04X}): expected visible ones only"


@pytest.mark.parametrize("secret", ["0123456789abcdef", "§§§§§§§§", "pässword-pässword", "!\"#$%&'()*+,-./:;<=>?@"])
def test_every_visible_character_may_be_part_of_a_chosen_secret(secret: str) -> None:
    assert Chosen().fault(secret) is None


def test_a_secret_of_standard_webhooks_is_measured_by_its_key() -> None:
    short, long = (f"whsec_{base64.b64encode(secrets.token_bytes(size)).decode()}" for size in (15, 24))
    assert len(short) > SHORTEST
    assert mark("generic").fault(short) == "has 15 bytes: expected at least 16"
    assert mark("generic").fault(long) is None


def test_a_secret_token_of_telegram_has_only_the_characters_that_telegram_takes() -> None:
    assert mark("telegram").fault("a_b-" * 64) is None
    for wrong in ("a_b-" * 64 + "x", "secret!of!telegram!"):
        assert "platform refuses" in str(mark("telegram").fault(wrong))


@pytest.mark.parametrize("password", ["abcd efgh ijkl mnop", "x", "pass\u200bword", "p\u00e4ss w\u00f6rd"])
def test_a_password_may_hold_blanks_and_be_short(password: str) -> None:
    assert Password().fault(password) is None


def test_a_blank_password_is_no_password() -> None:
    assert Password().fault(" \t") == "is blank"


HEX = "0123456789abcdef"
FORMS: dict[tuple[str, str], tuple[list[str], list[str]]] = {
    ("slack", "secret"): ([HEX * 2], [HEX, HEX.upper() * 2, HEX * 2 + "0", "dev-secret"]),
    ("slack", "bot_token"): (["xoxb-893582989554-899326518131-JRHeVv1o9C"], ["xoxb_key", "xapp-1-A0-1-ab"]),
    ("slack", "app_token"): (["xapp-1-A012345-123456789-abcdef"], ["xoxb-12345678901-abcdef"]),
    ("teams", "secret"): ([base64.b64encode(bytes(32)).decode()], [base64.b64encode(bytes(31)).decode(), "x" * 44]),
    ("teams_bot", "secret"): (["abc8Q~" + "x" * 34], ["short", "with a blank in it, it is none", f"{HEX[:8]}-{HEX[:4]}-{HEX[:4]}-{HEX[:4]}-{HEX[:12]}"]),  # noqa: E501
    ("pagerduty", "secret"): (["Ab3+/" * 12 + "=="], ["x" * 31, "not the secret of a subscription!"]),
    ("sentry", "secret"): ([HEX * 4], [HEX * 2, "x" * 64]),
    ("telegram", "bot_token"): (["123456789:" + "AAF_x-y" * 5], ["123456789", "123:ABC"]),
    ("mailgun", "signing_key"): ([HEX * 2, f"key-{HEX * 2}"], [HEX, f"pub-{HEX * 2}"]),
    ("discord", "bot_token"): (["MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"], ["MTk4.Cl2FMQ"]),
    ("discord", "secret"): (["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"], [HEX * 2, "x" * 64]),
}  # fmt: skip


@pytest.mark.parametrize("field", FORMS, ids=lambda each: ".".join(each))
def test_an_issued_secret_has_the_form_of_its_platform(field: tuple[str, str]) -> None:
    good, bad = FORMS[field]
    assert [mark(*field).fault(each) for each in good] == [None] * len(good)
    for each in bad:
        fault = mark(*field).fault(each)
        assert fault is not None
        assert each not in fault


def encodings() -> list[int]:
    """Return every encoding of a point of small order: with either sign, and beyond the prime where that fits."""
    bare = [*SMALL_ORDER, *(y + P for y in SMALL_ORDER if y + P < 2**255)]
    return [each | sign << 255 for each in bare for sign in (0, 1)]


@pytest.mark.parametrize("encoding", encodings(), ids=hex)
def test_a_public_key_of_small_order_is_refused_wherever_it_is_given(encoding: int) -> None:
    key = encoding.to_bytes(32, "little").hex()
    assert "small order" in str(mark("discord").fault(key))
    wrong: dict[str, Any] = {"secret": key}
    with pytest.raises(ValueError, match="small order"):
        connector("discord").settings.model_validate(wrong)


def test_digits_that_are_no_point_of_the_curve_are_no_public_key() -> None:
    wrong = (2).to_bytes(32, "little").hex()
    assert "not a public key" in str(mark("discord").fault(wrong))
