"""Settings of a generic source: its proof, and expressions that locate the fields in its JSON.

Expressions are JMESPath (jmespath.org) and are compiled when settings are read. The defaults fit PagerDuty's Events API
v2: programs that send there can send here.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Annotated, Literal, Self

import jmespath
from jmespath.parser import ParsedResult
from pydantic import AfterValidator, BeforeValidator, StringConstraints, model_validator

from connectors.contract.secrets import Chosen
from connectors.contract.settings import Secret, SourceSettings
from connectors.toolbox.signatures import HeaderName, Username

STANDARD_PREFIX = "whsec_"
KEY_FIELDS = ("routing_key", "service_key", "integration_key")
"""Fields of a body with which programs prove themselves to PagerDuty: its Events API v2 and v1."""
EXPRESSIONS = ("items", "action", "case", "subject", "text", "severity", "time", "message_id", "labels")


@lru_cache(maxsize=256)
def compiled(expression: str) -> ParsedResult:
    """Return the compiled expression. Raises ValueError."""
    return jmespath.compile(expression)


def _compiles(expression: str) -> str:
    try:
        compiled(expression)
    except ValueError as error:
        said = " ".join(str(error).split())
        raise ValueError(f"{expression!r} cannot be read as JMESPath: {said}") from None
    return expression


def _words(value: object) -> object:
    """Split `a, b` into a list: an environment variable can hold only text."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


Expression = Annotated[str, StringConstraints(min_length=1, max_length=2_000), AfterValidator(_compiles)]
Words = Annotated[tuple[Annotated[str, StringConstraints(to_lower=True)], ...], BeforeValidator(_words)]


def standard_key(secret: str) -> bytes:
    """Return the key in a secret of Standard Webhooks; empty if the value is not such a secret."""
    try:
        key = base64.b64decode(secret.removeprefix(STANDARD_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return key if secret.startswith(STANDARD_PREFIX) else b""


SECRET = Chosen(key=lambda secret: standard_key(secret) or secret.encode())


class Settings(SourceSettings):
    """A source of kind `generic`."""

    secret: Annotated[Secret, SECRET]
    """The secret with which the sender proves itself; for `standard`, `whsec_` and Base64."""
    previous_secret: Annotated[Secret, SECRET] | None = None
    """Accepted too, while senders are moved to the new secret."""
    proof: Literal["secret", "hmac", "standard"] = "secret"
    """`secret`: as Bearer, as Basic password, or `?secret=` in the URL; `hmac`: HMAC-SHA256 of the body in hex;
    `standard`: Standard Webhooks, with a secret that begins with `whsec_`."""
    username: Username | None = None
    """For `secret`: accept `Basic` with this name and the secret as password too."""
    signature_header: HeaderName = "X-Signature"
    """For `hmac`: the header with the signature. Its value may begin with `sha256=`."""

    items: Expression | None = None
    """A list whose items are read one by one. None: the document is the only item."""
    action: Expression = "event_action"
    """The word for the action, which one of `opened`, `noted`, `changed` and `resolved` lists."""
    case: Expression = "dedup_key"
    """The name of the case. It has no other name."""
    subject: Expression = "payload.summary"
    """The subject, in one line."""
    text: Expression = "payload.custom_details"
    """A text, or an object whose fields are listed."""
    severity: Expression = "payload.severity"
    """The source's own word."""
    time: Expression = "payload.timestamp"
    """RFC 3339, or seconds or milliseconds since 1970. If it is missing: the time of arrival."""
    message_id: Expression = "message_id"
    """The id of the message within its case. If it is missing: the delivery's id, else the item's time."""
    labels: Expression = "payload.{source: source, component: component, group: group, class: class}"
    """An object of texts."""

    opened: Words = ("trigger",)
    """Actions that open a case; in lower case, as all of these."""
    noted: Words = ("acknowledge",)
    """Actions that add a note."""
    changed: Words = ("change",)
    """Actions that change a case: a note, and its priority."""
    resolved: Words = ("resolve",)
    """Actions that end a case."""

    @model_validator(mode="after")
    def _secrets_fit_their_proof(self) -> Self:
        if self.proof == "standard":
            for name, secret in (("secret", self.secret), ("previous_secret", self.previous_secret)):
                if secret is not None and not standard_key(secret.get_secret_value()):
                    raise ValueError(f"{name}: with proof=standard it must be {STANDARD_PREFIX} followed by Base64")
        if self.username is not None and self.proof != "secret":
            raise ValueError("username: is used only with proof=secret")
        return self

    @model_validator(mode="after")
    def _one_meaning_each(self) -> Self:
        words = [*self.opened, *self.noted, *self.changed, *self.resolved]
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            raise ValueError(f"opened, noted, changed, resolved: list {twice[0]!r} only once")
        return self

    @property
    def body_credentials(self) -> tuple[str, ...]:
        """The fields that hold a key of PagerDuty's, unless an expression reads them."""
        expressions = " ".join(getattr(self, name) or "" for name in EXPRESSIONS)
        return tuple(name for name in KEY_FIELDS if name not in expressions)

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys for signatures."""
        if self.proof != "standard":
            return self.secrets
        return tuple(standard_key(each.decode()) for each in self.secrets)
