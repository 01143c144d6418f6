"""Settings and requests for products that list their open alerts by Alertmanager's API v2.

Source: Alertmanager, api/v2/openapi.yaml, `getAlerts`: active, silenced, inhibited and unprocessed alerts are listed by
default; ended alerts are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr, model_validator

from connectors.contract.connector import Ask
from connectors.contract.durations import Seconds
from connectors.contract.settings import PasswordSecret, SourceSettings
from connectors.toolbox.signatures import Username, basic, bearer

_TOKEN = re.compile(r"[!-~]+")


def _base(url: AnyHttpUrl) -> AnyHttpUrl:
    if url.username is not None or url.password is not None:
        raise ValueError("must hold no name or password: set api_username and api_password")
    if url.query is not None or url.fragment is not None:
        raise ValueError("must end before ? and #: /api/v2/alerts is added to it")
    return url


def _sendable(token: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("must be visible ASCII characters, since it is sent in a header")
    return token


class AskedSettings(SourceSettings):
    """Settings of a source whose product can be asked for its open alerts."""

    api_url: Annotated[AnyHttpUrl, AfterValidator(_base)] | None = None
    """The product's own address. It is asked for its open alerts, and alerts missing from its list are closed. None:
    the product is not asked."""
    api_token: Annotated[PasswordSecret, AfterValidator(_sendable)] | None = None
    """Sent to `api_url` as `Bearer`."""
    api_username: Username | None = None
    """Sent to `api_url` as `Basic`, with `api_password`."""
    api_password: PasswordSecret | None = None
    """The password of `api_username`."""
    confirm_every: Seconds = Field(default=60.0, ge=1)
    """How often the product is asked."""
    confirm_grace: Seconds = 900.0
    """How long an alert must be missing from every answer before it is closed. Must be longer than the product takes to
    recover all alerts after a restart, and to report an end itself."""

    @model_validator(mode="after")
    def _asking_holds_together(self) -> Self:
        if (self.api_username is None) != (self.api_password is None):
            raise ValueError("api_username, api_password: give both or neither")
        if self.api_token is not None and self.api_username is not None:
            raise ValueError("api_token: give either api_token or api_username")
        if self.api_url is None and (self.api_token is not None or self.api_username is not None):
            raise ValueError("api_url: is missing; api_token and api_username are sent there")
        if self.confirm_grace < 2 * self.confirm_every:
            raise ValueError(
                f"confirm_grace ({self.confirm_grace:g}) must be at least twice confirm_every "
                f"({self.confirm_every:g}), since one answer does not prove an end"
            )
        return self


def ask(settings: AskedSettings, path: str, more: Mapping[str, str] | None = None) -> Ask | None:
    """Return the request for the alerts at a path below `api_url`, with `more` headers; None without an `api_url`."""
    if settings.api_url is None:
        return None
    proof: dict[str, str] = {}
    if settings.api_token is not None:
        proof = bearer(settings.api_token.get_secret_value().encode())
    elif settings.api_username is not None and settings.api_password is not None:
        proof = basic(settings.api_username, settings.api_password.get_secret_value().encode())
    url = f"{str(settings.api_url).rstrip('/')}{path}"
    return Ask(url, {**proof, **(more or {})}, settings.confirm_every, settings.confirm_grace)
