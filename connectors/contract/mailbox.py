"""Settings of a mailbox that is read over IMAP: server, login, folders, and the treatment of mails that were taken in.

Presets are taken from the providers' documentation: Gmail https://developers.google.com/gmail/imap/xoauth2-protocol and
https://developers.google.com/identity/protocols/oauth2/web-server; Microsoft 365
https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FilePath, StringConstraints, model_validator

from connectors.contract.durations import Seconds
from connectors.contract.secrets import Issued
from connectors.contract.settings import PasswordSecret, Secret

DAY_S = 86400.0
PORTS = {"tls": 993, "starttls": 143, "none": 143}

Word = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _listed(value: object) -> object:
    """Split `INBOX, Sent Items` into a list: an environment variable can hold only text."""
    return [each.strip() for each in value.split(",")] if isinstance(value, str) else value


CLIENT_SECRET = Issued(re.compile(r"[!-~]{8,512}"), "the value of the application's secret, visible ASCII characters")
ClientSecret = Annotated[Secret, CLIENT_SECRET]
Folders = Annotated[tuple[Word, ...], BeforeValidator(_listed), Field(min_length=1)]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,255}$")]
MailboxName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]

PRESETS: Mapping[str, Mapping[str, str]] = {
    "gmail": {
        "host": "imap.gmail.com",
        "token_url": "https://oauth2.googleapis.com/token",
        "scope": "",  # Google refuses to widen the scope, and keeps the consented one
    },
    "microsoft365": {
        "host": "outlook.office365.com",
        "token_url": "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        "scope": "https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
    },
}
APP_ONLY_SCOPE = "https://outlook.office365.com/.default"
"""Scope for Microsoft 365 if the application logs in as itself, without a person's consent."""


class ImapOauth(BaseModel):
    """Login with an access token (XOAUTH2), obtained with a refresh token or with the client's secret alone."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    token_url: str | None = None
    """The URL that issues tokens, by HTTPS. A preset provides it."""
    tenant: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,100}$")] = "common"
    """For Microsoft 365: the directory's id or domain."""
    client_id: Word
    """The id of the application that is registered at the provider."""
    client_secret: ClientSecret | None = None
    """The application's secret. A public client has none."""
    scope: str | None = None
    """The scope to request. A preset provides it."""
    token_store: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Path of the file that holds the refresh token. A new refresh token from the provider is written there, so the
    process must be able to replace the file. None: the client logs in as itself (`client_credentials`)."""

    @model_validator(mode="after")
    def _has_what_it_proves_itself_with(self) -> Self:
        if self.token_store is None and self.client_secret is None:
            raise ValueError("token_store: is missing, and so is client_secret: give one of them")
        if self.token_url is not None and not is_private(self.token_url):
            raise ValueError("token_url: must begin with https://, or name this machine")
        return self


class ImapMailbox(BaseModel):
    """One mailbox: an account at a server, and the folders to read."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    preset: Literal["gmail", "microsoft365"] | None = None
    """Server and token URL of a provider."""
    host: Host | None = None
    """The server's name, which its certificate must contain."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """993 with `tls`, 143 otherwise."""
    security: Literal["tls", "starttls", "none"] = "tls"
    """`none` is allowed only for a server on this machine."""
    tls_ca: FilePath | None = None
    """Path of a PEM file with the authorities that may sign the server's certificate. None: the system's
    authorities."""
    user: Word
    """The name to log in with."""
    password: PasswordSecret | None = None
    """The password. `oauth` is the alternative."""
    oauth: ImapOauth | None = None
    """Log in with XOAUTH2."""
    folders: Folders = ("INBOX",)
    """The folders to read; IDLE waits in the first one."""
    begin: Literal["new", "all"] = "new"
    """The mail to take from a folder that is read for the first time: only new mail, or all mail in it."""
    then: Literal["none", "flag", "move"] = "none"
    """The action on a mail once the mail is in the ledger. Mail is never deleted."""
    flag: Annotated[str, StringConstraints(pattern=r"^\\?[A-Za-z0-9$_.-]{1,64}$")] = "$Ticketrelay"
    """The flag or keyword that `then: flag` sets."""
    move_to: Word | None = None
    """The folder that `then: move` moves to. A missing folder is created."""
    max_size: int | None = Field(default=None, ge=1)
    """Maximum bytes of one mail. A larger mail goes into quarantine with its beginning. None: the source's
    `max_body`."""
    poll: Seconds = Field(default=60.0, le=DAY_S)
    """How often the folders are polled."""
    reconcile: Seconds = Field(default=3600.0, le=7 * DAY_S)
    """How often all UIDs of a folder are compared with the ledger."""
    idle: bool = True
    """Use IDLE, if the server supports it, to learn of new mail between polls."""
    timeout: Seconds = Field(default=30.0, le=600.0)
    """How long the server may stay silent."""
    silent_alarm: Seconds | None = None
    """Raise an alarm after this long without a successful poll. None: three polls, at least ten minutes."""

    @model_validator(mode="before")
    @classmethod
    def _preset_first(cls, given: Any) -> Any:
        """Apply the preset beneath the given values."""
        if isinstance(given, dict) and isinstance(given.get("preset"), str) and given["preset"] in PRESETS:
            return {"host": PRESETS[given["preset"]]["host"], **given}
        return given

    @model_validator(mode="after")
    def _settings_fit(self) -> Self:
        if self.host is None:
            raise ValueError("host: is missing; give it, or a preset")
        if self.security == "none" and not is_this_machine(self.host):
            raise ValueError(
                "security: 'none' would send the password in clear; use tls or starttls, or a server on this machine"
            )
        if (self.password is None) == (self.oauth is None):
            raise ValueError("password: give either password or oauth")
        if self.oauth is not None and not self.token_url:
            raise ValueError("oauth: token_url is missing; give it, or a preset")
        if (self.then == "move") != (self.move_to is not None):
            raise ValueError("move_to: is needed with 'then: move', and allowed only there")
        if self.move_to in self.folders:
            raise ValueError("move_to: must not be one of the folders that are read")
        if len(set(self.folders)) < len(self.folders):
            raise ValueError("folders: name each folder once")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host or "", self.port or PORTS[self.security]

    @property
    def token_url(self) -> str:
        """The URL that issues tokens. Empty if neither the settings nor a preset give one."""
        if self.oauth is None:
            return ""
        known = PRESETS[self.preset]["token_url"] if self.preset else ""
        return self.oauth.token_url or known.format(tenant=self.oauth.tenant)

    @property
    def scope(self) -> str:
        """The scope to request. Empty if neither the settings nor a preset give one."""
        if self.oauth is None:
            return ""
        if self.oauth.scope is not None:
            return self.oauth.scope
        if self.preset == "microsoft365" and self.oauth.token_store is None:
            return APP_ONLY_SCOPE
        return PRESETS[self.preset]["scope"] if self.preset else ""

    @property
    def silent_after(self) -> float:
        """Seconds without a successful poll after which an alarm is raised."""
        return self.silent_alarm or max(3 * self.poll, 600.0)


def is_this_machine(host: str) -> bool:
    """True for a loopback address or `localhost`."""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdecimal())


def is_private(url: str) -> bool:
    """True for a URL over which a secret may be sent: HTTPS, or plain HTTP on this machine."""
    return (
        re.match(r"https://[^/@\s]+(/|$)|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?(/|$)", url) is not None
    )
