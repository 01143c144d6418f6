"""Login with OAuth tokens, and no loss of a replaced refresh token; on a Dovecot that takes XOAUTH2."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract.mailbox import APP_ONLY_SCOPE, ImapMailbox
from tests.acceptance.processes import wait_until
from tests.own_mail import USER, Dovecot, own_dovecot
from tests.tokens import CLIENT, CLIENT_SECRET, Provider, own_provider
from worker.intake.imap.oauth import TokenSource, form, granted, save
from worker.intake.imap.server import LoginRefused, ServerAway
from worker.ledger.reports.alarms import alarms
from worker.settings import TimingSettings

from .builders import NOON
from .mailreading import PATIENCE_S, box, mail, reading


@pytest.fixture
def provider() -> Iterator[Provider]:
    with own_provider(USER) as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "tokens" / "support.token"
    path.parent.mkdir()
    path.write_text("refresh-0\n")
    return path


def oauth(provider: Provider, store: Path | None) -> dict[str, Any]:
    own = {"token_url": provider.url, "client_id": CLIENT, "client_secret": CLIENT_SECRET}
    return own | ({"token_store": str(store)} if store is not None else {})


def mailbox(provider: Provider, store: Path | None, **changes: Any) -> ImapMailbox:
    given = {"host": "imap.example.net", "user": USER, "oauth": oauth(provider, store), **changes}
    return ImapMailbox.model_validate(given)


class Told:
    """Stores the ends of refresh tokens that a token source reports."""

    def __init__(self) -> None:
        self.ends: list[datetime | None] = []

    def __call__(self, at: datetime | None) -> None:
        self.ends.append(at)


def test_a_token_is_used_until_shortly_before_its_end(provider: Provider, store: Path) -> None:
    now = 0.0
    source = TokenSource(mailbox(provider, store), Told(), clock=lambda: now)
    assert source.access() == source.access() == "access-1"
    now = 3539.0
    assert source.access() == "access-1"
    now = 3541.0
    assert source.access() == "access-2"


def test_a_replaced_refresh_token_is_in_its_file_before_the_new_access_token_is_used(
    provider: Provider, store: Path
) -> None:
    TokenSource(mailbox(provider, store), Told()).access()
    assert store.read_text() == "refresh-1\n"
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert TokenSource(mailbox(provider, store), Told()).access() == "access-2"
    assert store.read_text() == "refresh-2\n"
    assert [each["refresh_token"] for each in provider.asked] == ["refresh-0", "refresh-1"]


def test_a_provider_that_replaces_nothing_leaves_the_file_as_it_is(provider: Provider, store: Path) -> None:
    provider.rotates = False
    before = store.stat().st_ino
    TokenSource(mailbox(provider, store), Told()).access()
    assert (store.read_text(), store.stat().st_ino) == ("refresh-0\n", before)


def test_a_token_that_cannot_be_saved_is_not_used_and_saved_later(provider: Provider, store: Path) -> None:
    source = TokenSource(mailbox(provider, store), Told())
    beside = store.with_name(f".{store.name}.new")
    beside.mkdir()  # in the way of the new file
    with pytest.raises(LoginRefused, match="cannot be saved"):
        source.access()
    assert store.read_text() == "refresh-0\n"
    beside.rmdir()
    assert source.access() == "access-2"
    assert [each["refresh_token"] for each in provider.asked] == ["refresh-0", "refresh-1"]
    assert store.read_text() == "refresh-2\n"


def test_saving_keeps_the_old_token_until_the_new_one_is_whole(tmp_path: Path) -> None:
    store = tmp_path / "token"
    store.write_text("old")
    kept = tmp_path / "kept"
    kept.hardlink_to(store)
    save(store, "new")
    assert (store.read_text(), kept.read_text()) == ("new\n", "old")


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_refresh_token_that_is_not_there_is_a_login_that_is_refused(
    provider: Provider, store: Path, content: str | None
) -> None:
    store.unlink()
    if content is not None:
        store.write_text(content)
    with pytest.raises(LoginRefused, match=r"support\.token"):
        TokenSource(mailbox(provider, store), Told()).access()
    assert provider.asked == []


def test_an_endpoint_that_is_away_is_tried_again(provider: Provider, store: Path) -> None:
    gone = mailbox(provider, store, oauth=oauth(provider, store) | {"token_url": "http://127.0.0.1:9/token"})
    with pytest.raises(ServerAway):
        TokenSource(gone, Told()).access()
    provider.refuses = (503, {"error": "temporarily_unavailable"})
    with pytest.raises(ServerAway):
        TokenSource(mailbox(provider, store), Told()).access()


def test_without_a_refresh_token_the_client_logs_in_as_itself(provider: Provider) -> None:
    settings = mailbox(provider, None, preset="microsoft365")
    assert TokenSource(settings, Told()).access() == "access-1"
    assert provider.asked == [
        {
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "grant_type": "client_credentials",
            "scope": APP_ONLY_SCOPE,
        }
    ]


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (
            400,
            {"error": "invalid_grant", "error_description": "AADSTS700082: The refresh token has expired"},
            LoginRefused,
        ),
        (401, {"error": "invalid_client"}, LoginRefused),
        (200, {"token_type": "Bearer"}, LoginRefused),
        (429, {"error": "slow_down"}, ServerAway),
        (500, {}, ServerAway),
        (200, [], ServerAway),
    ],
)
def test_what_an_endpoint_answers_is_a_refusal_or_passes(status: int, answer: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        granted(status, json.dumps(answer).encode(), None, NOON)


def test_a_refused_refresh_says_why_and_shows_no_secret() -> None:
    answer = json.dumps({"error": "invalid_grant", "error_description": "expired\nTrace ID: 1"}).encode()
    with pytest.raises(LoginRefused, match="invalid_grant expired Trace ID: 1"):
        granted(400, answer, "old", NOON)
    tokens = granted(200, b'{"access_token": "a-secret", "refresh_token": "another"}', "old", NOON)
    assert "secret" not in repr(tokens)
    assert "another" not in repr(tokens)


def test_the_end_of_a_refresh_token_is_told_where_the_provider_says_it() -> None:
    answer = json.dumps({"access_token": "a", "refresh_token_expires_in": 86400}).encode()
    assert granted(200, answer, "old", NOON).refresh_ends_at == NOON + timedelta(days=1)
    assert granted(200, b'{"access_token": "a"}', "old", NOON).refresh_ends_at is None


@pytest.mark.parametrize(
    ("preset", "url", "host", "scope"),
    [
        ("gmail", "https://oauth2.googleapis.com/token", "imap.gmail.com", None),
        (
            "microsoft365",
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            "outlook.office365.com",
            "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        ),
    ],
)
def test_a_preset_knows_server_token_url_and_scope(preset: str, url: str, host: str, scope: str | None) -> None:
    given = {"preset": preset, "user": "a@example.net", "oauth": {"client_id": "x", "token_store": "token"}}
    settings = ImapMailbox.model_validate(given)
    assert (settings.token_url, settings.address) == (url, (host, 993))
    assert form(settings, "old").get("scope") == scope


# With a server


@pytest.fixture
def dovecot(provider: Provider) -> Iterator[Dovecot]:
    with own_dovecot(introspection=provider.settings_of_dovecot) as server:
        yield server


@pytest.mark.own_dovecot
def test_mail_is_read_with_tokens_and_every_replaced_one_is_saved(
    provider: Provider, dovecot: Dovecot, store: Path, tmp_path: Path
) -> None:
    provider.life_s = 0.2  # so that every poll needs another one
    settings = box(dovecot, password=None, oauth=oauth(provider, store), idle=False)
    dovecot.deliver(mail())
    with reading(tmp_path, main=settings) as found:
        with found.going():
            found.wait_for(1)
            wait_until(lambda: len(provider.asked) >= 3, "three refreshes", PATIENCE_S)
        assert store.read_text().strip() == provider.refresh
        with found.going():  # another process continues with the token in the file
            dovecot.deliver(mail())
            found.wait_for(2)
        assert store.read_text().strip() == provider.refresh
        assert len({each["refresh_token"] for each in provider.asked}) == len(provider.asked)


@pytest.mark.own_dovecot
def test_a_token_that_was_taken_back_before_its_end_is_replaced_at_once(
    provider: Provider, dovecot: Dovecot, store: Path, tmp_path: Path
) -> None:
    settings = box(dovecot, password=None, oauth=oauth(provider, store), idle=False)
    with reading(tmp_path, main=settings) as found, found.going():
        found.wait_for_polls()
        provider.good.clear()
        dovecot.deliver(mail())
        found.wait_for(1)
        assert found.state().login_error is None


@pytest.mark.own_dovecot
def test_a_refresh_that_fails_is_an_alarm_and_ends_with_a_new_consent(
    provider: Provider, dovecot: Dovecot, store: Path, tmp_path: Path
) -> None:
    store.write_text("an old one\n")
    dovecot.deliver(mail())
    settings = box(dovecot, password=None, oauth=oauth(provider, store))
    with reading(tmp_path, main=settings) as found, found.going():

        def up() -> list[str]:
            up_now = alarms(found.ledger.overview(), TimingSettings())
            return [each.text for each in up_now if each.name == "mailbox_login"]

        wait_until(lambda: bool(up()), "an alarm", PATIENCE_S)
        assert "invalid_grant" in up()[0]
        assert found.uids() == []
        store.write_text(f"{provider.refresh}\n")  # somebody consented anew
        found.wait_for(1)
        wait_until(lambda: up() == [], "no alarm", PATIENCE_S)


@pytest.mark.own_dovecot
def test_a_refresh_token_that_ends_soon_is_told_before(
    provider: Provider, dovecot: Dovecot, store: Path, tmp_path: Path
) -> None:
    provider.refresh_life_s = 86400.0
    settings = box(dovecot, password=None, oauth=oauth(provider, store))
    with reading(tmp_path, main=settings) as found, found.going():
        wait_until(lambda: found.state().token_ends_at is not None, "an end that is known", PATIENCE_S)
        (alarm,) = alarms(found.ledger.overview(), TimingSettings())
        assert "get a new one before then" in alarm.text
