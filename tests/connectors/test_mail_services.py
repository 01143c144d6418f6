"""Tests of mail by Mailgun, Postmark and SES: the same mail as by SMTP, accepted only with the service's proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import connector, fixtures
from connectors.contract.messages import Denied, Inbound, UnreadableMessage, Unverified, Verified
from connectors.mailgun import Settings
from connectors.toolbox.forms import read_form
from tests.connectors.sealing import NEEDED, SIGNING_KEY, by_mailgun

NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)
SECRET = "s3cret"
MAIL = fixtures("email")["plain"].body


def settings_of(kind: str) -> Any:
    wanted = {"secret": SECRET, "address": "support@example.net", **NEEDED.get(kind, {})}
    return connector(kind).settings.model_validate(wanted)


def parsed(kind: str, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> Any:
    inbound = Inbound("mail", NOW, body, headers)
    (event,) = connector(kind).parse(Unverified(inbound), settings_of(kind)).events
    return event


def of_mailgun(body: bytes, query: str = f"secret={SECRET}") -> Verified | Denied:
    settings = settings_of("mailgun")
    assert isinstance(settings, Settings)
    return connector("mailgun").verify(Inbound("mail", NOW, body, query=query), settings, NOW, {})


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("mailgun", "plain"),
        ("postmark", "raw"),
        ("postmark", "fields"),
        ("ses", "plain"),
        ("ses", "base64"),
    ],
)
def test_a_mail_is_the_same_by_smtp_and_by_a_service(kind: str, name: str) -> None:
    by_service = parsed(kind, fixtures(kind)[name].body)
    by_smtp = parsed(kind, MAIL, (("x-ticketrelay-envelope-to", "support@example.net"),))
    of_email = parsed("email", MAIL)
    for told in (by_smtp, of_email):
        assert by_service.source_message_id == told.source_message_id
        assert by_service.content_digest == told.content_digest
        assert by_service.case_key == told.case_key
        assert by_service.text == told.text
        assert by_service.aliases == told.aliases
        assert by_service.participants == told.participants


def test_what_ses_found_out_is_an_attribute() -> None:
    attributes = dict(parsed("ses", fixtures("ses")["base64"].body).attributes)
    assert (attributes["spam"], attributes["dmarc"], attributes["dkim"]) == ("fail", "gray", "pass")


def test_a_signature_of_mailgun_is_accepted_with_the_secret_and_denied_without_either() -> None:
    form = fixtures("mailgun")["plain"].body
    signed = by_mailgun(form, NOW)
    verified = of_mailgun(signed)
    assert isinstance(verified, Verified)
    assert verified.inbound.query == ""
    assert isinstance(of_mailgun(signed, query=""), Denied)
    assert isinstance(of_mailgun(form), Denied)
    assert isinstance(of_mailgun(by_mailgun(form, NOW, key="another")), Denied)
    assert isinstance(of_mailgun(signed + b"&token=again"), Denied)


def test_a_signature_of_mailgun_is_for_its_own_token_and_time() -> None:
    signed = by_mailgun(fixtures("mailgun")["plain"].body, NOW)
    assert of_mailgun(signed.replace(b"token=0", b"token=1")) == Denied(
        "signature does not match: compare signing_key with Mailgun's HTTP webhook signing key"
    )


def test_an_old_signature_of_mailgun_is_authentic_and_late() -> None:
    signed = by_mailgun(fixtures("mailgun")["plain"].body, NOW - timedelta(hours=13))
    found = of_mailgun(signed)
    assert isinstance(found, Verified)
    assert found.late is not None
    assert "13 h" in found.late


def test_a_signature_of_mailgun_from_the_future_is_denied_for_its_time() -> None:
    found = of_mailgun(by_mailgun(fixtures("mailgun")["plain"].body, NOW + timedelta(hours=13)))
    assert isinstance(found, Denied)
    assert found.cause == "bad_time"


def test_a_retry_of_mailgun_after_its_eight_hours_is_accepted() -> None:
    signed = by_mailgun(fixtures("mailgun")["plain"].body, NOW - timedelta(hours=8))
    assert isinstance(of_mailgun(signed), Verified)


def test_the_same_token_again_says_the_same_and_so_has_no_second_effect() -> None:
    signed = by_mailgun(fixtures("mailgun")["plain"].body, NOW)
    assert parsed("mailgun", signed) == parsed("mailgun", signed)


def test_a_null_sender_is_a_bounce_whoever_carried_it() -> None:
    form = b"sender=&recipient=support%40example.net&body-mime=From%3A%20x%40y.example%0D%0A%0D%0Atext"
    assert dict(parsed("mailgun", form).attributes)["class"] == "bounce"


def test_both_encodings_of_a_form_give_the_same_bytes() -> None:
    boundary = b"--xyz"
    parts = boundary + b'\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n=41+%\r\n' + boundary + b"--\r\n"
    assert read_form(parts) == {"a": b"\xff\r\n=41+%"}
    assert read_form(b"a=%FF%0d%0A%3D41%2B%25&b=_ x%zz") == {"a": b"\xff\r\n=41+%", "b": b"_ x%zz"}


@pytest.mark.parametrize("body", [b"&" * 2000, b"--x\r\n" * 3, b"a=1&" * 1001], ids=["empty", "no end", "many"])
def test_what_is_no_form_or_too_much_of_one_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        read_form(body)


def test_the_key_of_the_tests_is_not_shown() -> None:
    assert SIGNING_KEY not in repr(settings_of("mailgun"))
