"""Gets access tokens, and saves a changed refresh token before the new access token is used.

A replaced refresh token may be void from that moment on. A new one that is only in memory would be lost at the next
start, and with it the access to the mailbox. So the file is replaced as a whole. While one process requests a token,
others wait.

Source: RFC 6749, sections 4.4, 5.1, 5.2 and 6.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.contract.mailbox import ImapMailbox
from tickets.private_files import make_file
from worker.intake.imap.server import LoginRefused, ServerAway

EARLY_S = 60.0  # seconds before its end from which a token is not used any more
TIMEOUT_S = 20.0
DEFAULT_LIFE_S = 600.0
TOO_MANY, SERVER_ERROR = 429, 500


class _TokenResponse(BaseModel):
    """The fields that we read of a token endpoint's answer."""

    model_config = ConfigDict(extra="ignore")

    access_token: str = Field(default="", repr=False)
    refresh_token: str = Field(default="", repr=False)
    expires_in: float = DEFAULT_LIFE_S
    refresh_token_expires_in: float | None = None
    """Google's, for a consent with a time limit."""
    error: str = ""
    error_description: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The granted tokens."""

    access: str = field(repr=False)
    life_s: float
    refresh: str | None = field(repr=False)
    """The refresh token, if it has changed."""
    refresh_ends_at: datetime | None


def form(settings: ImapMailbox, refresh: str | None) -> dict[str, str]:
    """Return the fields of a token request."""
    assert settings.oauth is not None  # noqa: S101 — checked by the caller
    fields = {"client_id": settings.oauth.client_id}
    if settings.oauth.client_secret is not None:
        fields["client_secret"] = settings.oauth.client_secret.get_secret_value()
    if settings.scope:
        fields["scope"] = settings.scope
    if refresh is None:
        return fields | {"grant_type": "client_credentials"}
    return fields | {"grant_type": "refresh_token", "refresh_token": refresh}


def granted(status: int, content: bytes, refresh: str | None, now: datetime) -> Tokens:
    """Return the tokens in an answer. Raises LoginRefused, and ServerAway for an error that may be temporary."""
    if status >= SERVER_ERROR or status == TOO_MANY:
        raise ServerAway(f"the token endpoint answered {status}")
    try:
        answer = _TokenResponse.model_validate_json(content)
    except ValidationError:
        raise ServerAway(f"the token endpoint answered {status} without a token") from None
    if answer.error or not answer.access_token:
        said = " ".join(f"{answer.error or status} {answer.error_description}".split())[:200]
        raise LoginRefused(f"the token endpoint refused a token: {said}")
    ends = answer.refresh_token_expires_in
    return Tokens(
        access=answer.access_token,
        life_s=answer.expires_in,
        refresh=answer.refresh_token if answer.refresh_token not in ("", refresh) else None,
        refresh_ends_at=None if ends is None else now + timedelta(seconds=ends),
    )


class TokenSource:
    """The access tokens of one mailbox. `tell` gets the end of the refresh token, or None when it is unknown."""

    def __init__(
        self,
        settings: ImapMailbox,
        tell: Callable[[datetime | None], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._tell = tell
        self._clock = clock
        self._access: str | None = None
        self._good_until = 0.0
        self._unsaved: str | None = None
        self.was_used = False
        """True when the last token was given out before."""

    def access(self) -> str:
        """Return a token that is valid for a while. Raises LoginRefused, ServerAway."""
        self.was_used = self._access is not None and self._clock() < self._good_until
        if not self.was_used:
            self._get()
        assert self._access is not None  # noqa: S101 — `_get` sets it or raises
        return self._access

    def drop(self) -> None:
        """Forget the token that the server refused, so that the next call gets another one."""
        self._access = None

    def _get(self) -> None:
        oauth = self._settings.oauth
        assert oauth is not None  # noqa: S101 — only made for mailboxes that have it
        if oauth.token_store is None:
            self._use(self._ask(None))
            return
        store = Path(oauth.token_store)
        with _one_at_a_time(store):
            self._save(store, self._unsaved)  # a token that could not be saved the last time comes first
            refresh = _stored(store)
            tokens = self._ask(refresh)
            self._unsaved = tokens.refresh
            self._save(store, self._unsaved)
        self._use(tokens)
        self._tell(tokens.refresh_ends_at)

    def _ask(self, refresh: str | None) -> Tokens:
        try:
            answer = httpx.post(self._settings.token_url, data=form(self._settings, refresh), timeout=TIMEOUT_S)
        except httpx.HTTPError as error:
            raise ServerAway(f"the token endpoint cannot be reached: {type(error).__name__}") from error
        return granted(answer.status_code, answer.content, refresh, datetime.now(UTC))

    def _save(self, store: Path, refresh: str | None) -> None:
        if refresh is not None:
            try:
                save(store, refresh)
            except OSError as error:
                raise LoginRefused(f"the new refresh token cannot be saved to {store}: {error.strerror}") from error
            self._unsaved = None

    def _use(self, tokens: Tokens) -> None:
        self._access = tokens.access
        self._good_until = self._clock() + max(tokens.life_s - EARLY_S, tokens.life_s / 2)


def save(store: Path, refresh: str) -> None:
    """Replace the file atomically; only its owner may read it. Raises OSError."""
    beside = store.with_name(f".{store.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(refresh + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(store)
    folder = os.open(store.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _stored(store: Path) -> str:
    try:
        found = store.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LoginRefused(f"the refresh token in {store} cannot be read: {error}") from error
    if not found:
        raise LoginRefused(f"the file {store} holds no refresh token")
    return found


@contextmanager
def _one_at_a_time(store: Path) -> Iterator[None]:
    """Hold a lock among the processes of this machine: `mail audit` may run beside the reading process."""
    import fcntl

    try:
        beside = store.with_name(f".{store.name}.lock")
        make_file(beside)
        with beside.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise LoginRefused(f"the folder {store.parent} cannot be written to: {error.strerror}") from error
