"""Redaction removes personal data and secrets wherever they occur, and equal values stay equal."""

from __future__ import annotations

import base64
import json
from email import message_from_bytes
from urllib.parse import parse_qs, quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors import connector, fixtures, kinds
from worker.actions.redact import SECRET, Redactor, known_secrets
from worker.settings import Settings, load
from worker.settings.loader import STAND_IN_KEY

ADDRESS, NUMBER, HOST = "ada@customer.example", "+49 30 1234567", "10.1.2.3"


def redacted(body: bytes | str, *secrets: str) -> str:
    given = body if isinstance(body, bytes) else body.encode()
    return Redactor(secrets).body(given).decode("utf-8", "replace")


@pytest.mark.parametrize(
    "text",
    [
        "ada@customer.example", "ADA@Customer.Example", "ada%40customer.example", "<ada+tag@customer.example>",
        "ada&#64;customer.example", "10.1.2.3", "10.1.2.3.", "[10.1.2.3]:80", "2001:db9::1", "fe80::1%eth0",
        "::ffff:10.1.2.3", "+49 30 1234567", "+4930 1234567", "0049 30 1234567", "(030) 1234567", "030/1234567",
        "555-123-4567", "(555) 123-4567", "+1 (555) 123-4567",
    ],
)  # fmt: skip
def test_addresses_and_numbers_are_replaced(text: str) -> None:
    shown = Redactor().text(f"see {text} now")
    assert shown.startswith("see ")
    assert shown.endswith(" now")
    for private in ("customer", "10.1.2.3", "db9", "fe80", "1234567", "123-4567"):
        assert private not in shown.lower()


@pytest.mark.parametrize(
    "text",
    ["2026-02-20T12:00:00Z", "2026-02-20 12:00:00", "at 12:30:45", "1708430400.123456", "std::vector",
     "3% free of 100000000", "fingerprint 0123456789abcdef", "version 1.2.3", "user @ host", "999.999.999.999",
     "a:b:c", "on 20/02/2026 09:30", "12:00:00 2026-02-20"],
)  # fmt: skip
def test_what_names_nobody_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_the_same_gives_the_same_and_another_gives_another() -> None:
    redactor = Redactor()
    first, second, third = (redactor.text(each) for each in (ADDRESS, ADDRESS.upper(), "bob@customer.example"))
    assert first == second
    assert first != third
    assert redactor.body(json.dumps({"from": ADDRESS}).encode()) == json.dumps({"from": first}).encode()


def test_many_addresses_stay_different() -> None:
    redactor = Redactor()
    hosts = [f"10.0.{number // 250}.{number % 250 + 1}" for number in range(2000)]
    assert len({redactor.text(each) for each in hosts}) == len(hosts)


def test_json_is_searched_behind_its_escapes_in_keys_and_in_texts_that_are_json() -> None:
    inner = json.dumps(json.dumps({"token": "abc"})).encode()
    body = b'{"who": "ada\\u0040customer.example", "ada@customer.example": 1, "n": 10, "inner": %b}' % inner
    shown = json.loads(redacted(body))
    assert "customer" not in str(shown)
    assert shown["who"] in shown
    assert json.loads(shown["inner"]) == {"token": SECRET}
    assert shown["n"] == 10


def test_broken_json_is_searched_as_text() -> None:
    assert "customer" not in redacted('{"who": "ada\\u0040customer.example')


@pytest.mark.parametrize(
    "name", ["token", "X-Slack-Signature", "Authorization", "api_key", "client_secret", "Set-Cookie", "response_url"]
)
def test_what_is_called_a_secret_is_replaced_as_a_whole(name: str) -> None:
    redactor = Redactor()
    assert redactor.headers([(name, "abc def")]) == ((name, SECRET),)
    assert json.loads(redactor.body(json.dumps({name: "abc def"}).encode())) == {name: SECRET}
    assert parse_qs(redactor.query(f"{name}=abc&a=1")) == {name: [SECRET], "a": ["1"]}


def test_a_form_is_searched_behind_its_escapes() -> None:
    payload = quote(json.dumps({"user": ADDRESS, "token": "abc"}))
    shown = parse_qs(redacted(f"payload={payload}&ip=10%2E1%2E2%2E3"))
    assert "customer" not in str(shown)
    assert "10.1.2.3" not in str(shown)
    assert json.loads(shown["payload"][0])["token"] == SECRET


def test_a_secret_of_the_settings_is_replaced_wherever_it_stands() -> None:
    for body in (
        b"it is correct horse.",
        b'{"a": ["correct horse"]}',
        b"a: correct horse\n\nhi",
        b"\xff correct horse",
    ):
        assert "correct horse" not in redacted(body, "correct horse")


def mail(text: bytes, encoding: str, charset: str = "utf-8") -> bytes:
    return (
        f"From: a <{ADDRESS}>\nSubject: =?utf-8?b?{base64.b64encode(NUMBER.encode()).decode()}?=\n"
        f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    ).encode() + text


@pytest.mark.parametrize(
    "body",
    [
        mail(base64.b64encode(ADDRESS.encode()), "base64"),
        mail(b"ada=40customer.example and =\n10.1.2.3", "quoted-printable"),
        mail(ADDRESS.encode("utf-16"), "8bit", "utf-16"),
        mail(ADDRESS.encode(), "8bit", "no-such-charset"),
        b"Content-Type: message/rfc822\n\n" + mail(base64.b64encode(ADDRESS.encode()), "base64"),
        b"From: =?utf-8?q?ada=40customer.example?=\n\n",
        b"From: =?no-such?q?ada=40customer.example?= <ada@customer.example>\n\n",
        b"Content-Type: multipart/mixed; boundary=b\n\nada@customer.example\n"
        b"--b\n\nada@customer.example\n--b--\nada@customer.example",
    ],
)  # fmt: skip
def test_a_mail_is_searched_behind_its_encodings(body: bytes) -> None:
    shown = Redactor().body(body)
    parts = [part.get_payload(decode=True) for part in message_from_bytes(shown).walk() if not part.is_multipart()]
    decoded = b"".join(each for each in parts if isinstance(each, bytes))
    for private in (b"customer", b"10.1.2.3", b"1234567", base64.b64encode(ADDRESS.encode())[:12]):
        assert private not in shown
        assert private not in decoded


@pytest.mark.parametrize("kind", kinds())
def test_what_a_connector_reads_it_still_reads_when_it_is_redacted(kind: str) -> None:
    code = connector(kind)
    for fixture in fixtures(kind).values():
        if "error" in fixture.expected or not fixture.body.startswith((b"{", b"[")):  # a mail, a form, or an empty body
            continue
        redacted = Redactor(["dev-secret"]).body(fixture.body)
        assert isinstance(json.loads(redacted), dict)
    assert code.kind == kind


@given(st.binary(max_size=300))
def test_whatever_arrived_can_be_redacted(body: bytes) -> None:
    Redactor(["x"]).body(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"[" * 100_000, b"a" * 1_000_000, b"@" * 100_000, b"1" * 100_000, b"1." * 50_000, b":" * 100_000,
     b"+1" * 50_000, b"0 " * 50_000, b"(" * 100_000,
     b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 10_000],
)  # fmt: skip
def test_what_is_huge_or_hostile_is_redacted_in_time(body: bytes) -> None:
    Redactor(["secret"]).body(body)


def test_every_secret_of_the_settings_is_known() -> None:
    settings: Settings = load(
        {
            "TICKETRELAY_API__URL": "https://api.example/v1",
            "TICKETRELAY_API__KEY": "ak_live_1",
            "TICKETRELAY_LEDGER__URL": "postgresql://relay:db-password@db/relay",
            "TICKETRELAY_BROKER__URL": "amqp://relay:broker-password@mq//",
            "TICKETRELAY_SOURCES__PROM__KIND": "alertmanager",
            "TICKETRELAY_SOURCES__PROM__SECRET": "correct horse",
            "TICKETRELAY_SOURCES__PROM__PREVIOUS_SECRET": "battery staple",
        }
    )
    wanted = {"ak_live_1", "db-password", "broker-password", "correct horse", "battery staple"}
    assert known_secrets(settings) == wanted
    assert known_secrets(SecretStr("x")) == {"x"}


def test_the_stand_in_for_the_api_key_is_no_secret() -> None:
    assert known_secrets(SecretStr(STAND_IN_KEY)) == set()
