"""How is a mailbox read over IMAP? Where it is, how we log in, which folders, and what is done with a mail afterwards.

Presets are what the providers document: Gmail https://developers.google.com/gmail/imap/xoauth2-protocol and
https://developers.google.com/identity/protocols/oauth2/web-server; Microsoft 365
https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FilePath, StringConstraints, model_validator

from connectors.contract.durations import Seconds
from connectors.contract.settings import Secret

DAY_S = 86400.0
PORTS = {"tls": 993, "starttls": 143, "none": 143}

Word = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _listed(value: object) -> object:
    """`INBOX, Sent Items` as a list: an environment variable holds nothing but text."""
    return [each.strip() for each in value.split(",")] if isinstance(value, str) else value


Folders = Annotated[tuple[Word, ...], BeforeValidator(_listed), Field(min_length=1)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,255}$")]
MailboxName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]

PRESETS: Mapping[str, Mapping[str, str]] = {
    "gmail": {
        "host": "imap.gmail.com",
        "token_url": "https://oauth2.googleapis.com/token",
        "scope": "",  # Google refuses to widen, and keeps what was consented
    },
    "microsoft365": {
        "host": "outlook.office365.com",
        "token_url": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        "scope": "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
    },
}
APP_ONLY_SCOPE = "https://outlook.office365.com/.default"
"""Of Microsoft 365, where a program logs in as itself and nobody consented for a person."""


class ImapOauth(BaseModel):
    """Logging in with an access token (XOAUTH2), got with a refresh token or with the client's secret alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    token_url: str | None = None
    """Where tokens are got, by HTTPS; a preset knows it."""
    tenant: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,100}$")] = "common"
    """Of Microsoft 365: the directory's id or domain."""
    client_id: Word
    """The id of the application that is registered at the provider."""
    client_secret: Secret | None = None
    """Its secret; a public client has none."""
    scope: str | None = None
    """What is asked for; a preset knows it."""
    token_store: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Path of the file that holds the refresh token. A new one that the provider gives is written there, so the process
    must be able to replace the file. None: the client logs in as itself (`client_credentials`)."""

    @model_validator(mode="after")
    def _has_what_it_proves_itself_with(self) -> Self:
        if self.token_store is None and self.client_secret is None:
            raise ValueError("token_store: the file of a refresh token, or a client_secret, is needed")
        if self.token_url is not None and not is_private(self.token_url):
            raise ValueError("token_url: must begin with https://, or be on this machine")
        return self


class ImapMailbox(BaseModel):
    """One mailbox: an account at a server, and the folders of it that are read."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: Literal["gmail", "microsoft365"] | None = None
    """Server and token URL of a provider."""
    host: Host | None = None
    """The server's name; its certificate must be for it."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """993 with `tls`, 143 otherwise."""
    security: Literal["tls", "starttls", "none"] = "tls"
    """`none` is for a server on this machine only."""
    tls_ca: FilePath | None = None
    """Path of a PEM file with the authorities that may sign the server's certificate; None: the system's."""
    user: Word
    """The name to log in with."""
    password: Secret | None = None
    """The password; or `oauth` instead."""
    oauth: ImapOauth | None = None
    """Log in with XOAUTH2."""
    folders: Folders = ("INBOX",)
    """The folders to read; IDLE waits in the first one."""
    begin: Literal["new", "all"] = "new"
    """What is taken of a folder that is read for the first time: what comes from now on, or all that is there."""
    then: Literal["none", "flag", "move"] = "none"
    """What is done with a mail once it is in the ledger. Nothing is ever deleted."""
    flag: Annotated[str, StringConstraints(pattern=r"^\\?[A-Za-z0-9$_.-]{1,64}$")] = "$Ticketrelay"
    """The flag or keyword that `then: flag` sets."""
    move_to: Word | None = None
    """The folder that `then: move` moves to; it is made where it is missing."""
    max_size: int | None = Field(default=None, ge=1)
    """Bytes of one mail; a larger one goes into quarantine with its beginning. None: as `max_body` of the source."""
    poll: Seconds = Field(default=60.0, le=DAY_S)
    """How often the folders are looked at."""
    reconcile: Seconds = Field(default=3600.0, le=7 * DAY_S)
    """How often all UIDs of a folder are compared with the ledger."""
    idle: bool = True
    """Let the server tell of new mail between polls, where it can."""
    timeout: Seconds = Field(default=30.0, le=600.0)
    """For how long the server may stay silent."""
    silent_alarm: Seconds | None = None
    """So long without a successful poll is an alarm. None: three polls, ten minutes at least."""

    @model_validator(mode="before")
    @classmethod
    def _preset_first(cls, given: Any) -> Any:
        """A preset stands below what is given."""
        if isinstance(given, dict) and isinstance(given.get("preset"), str) and given["preset"] in PRESETS:
            return {"host": PRESETS[given["preset"]]["host"], **given}
        return given

    @model_validator(mode="after")
    def _settings_fit(self) -> Self:
        if self.host is None:
            raise ValueError("host: is required without a preset")
        if self.security == "none" and not is_this_machine(self.host):
            raise ValueError("security: 'none' sends the password in clear, so it is for a server on this machine only")
        if (self.password is None) == (self.oauth is None):
            raise ValueError("password: give it, or oauth; one of them")
        if self.oauth is not None and not self.token_url:
            raise ValueError("oauth: token_url is required without a preset")
        if (self.then == "move") != (self.move_to is not None):
            raise ValueError("move_to: is the folder of 'then: move', and of nothing else")
        if self.move_to in self.folders:
            raise ValueError("move_to: is one of the folders that are read")
        if len(set(self.folders)) < len(self.folders):
            raise ValueError("folders: one of them is named twice")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host or "", self.port or PORTS[self.security]

    @property
    def token_url(self) -> str:
        """Where tokens are got; empty where nothing says so."""
        if self.oauth is None:
            return ""
        known = PRESETS[self.preset]["token_url"] if self.preset else ""
        return self.oauth.token_url or known.format(tenant=self.oauth.tenant)

    @property
    def scope(self) -> str:
        """What a token is asked for; empty where nothing is said."""
        if self.oauth is None:
            return ""
        if self.oauth.scope is not None:
            return self.oauth.scope
        if self.preset == "microsoft365" and self.oauth.token_store is None:
            return APP_ONLY_SCOPE
        return PRESETS[self.preset]["scope"] if self.preset else ""

    @property
    def silent_after(self) -> float:
        """Seconds without a successful poll after which somebody should look."""
        return self.silent_alarm or max(3 * self.poll, 600.0)


def is_this_machine(host: str) -> bool:
    """True for a loopback address, or its usual name."""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdecimal())


def is_private(url: str) -> bool:
    """True for a URL over which a secret may be sent."""
    return (
        re.match(r"https://[^/@\s]+(/|$)|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?(/|$)", url) is not None
    )
