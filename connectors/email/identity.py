"""Identifies mails and their cases: normalised Message-IDs, and tokens that only we can make.

A token is the case's short name with a proof: `t-REF.PROOF` after the plus of an address, `t-REF.NUMBER.PROOF` in a
Message-ID of ours. The proof is an HMAC under the source's secret, with a domain separator: no other signature of the
secret can serve as a proof, nor a proof as another signature.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator

from connectors.contract.events import MAX_ID_LENGTH, Reference, digest
from connectors.email.mime import Headers
from connectors.email.settings import Settings
from connectors.toolbox.signatures import hmac_sha256

MAX_IDS = 50
"""Maximum Message-IDs followed per mail: the newest of References."""

LOOP_HEADER = "X-Loop"
RECIPIENT_HEADERS = ("x-original-to", "delivered-to", "to", "cc")
"""Headers that may hold a thread address, after the envelope, best first."""

_REF_DIGITS = 20
_ADDRESS_TOKEN = re.compile(r"\+t-([0-9a-f]{20})\.([0-9a-f]{20})@")
_BODY_TOKEN = re.compile(r"\bt-([0-9a-f]{20})\.([0-9a-f]{20})(?![0-9a-f])")
_OWN_ID = re.compile(r"t-([0-9a-f]{20})\.([a-z0-9]{1,40})\.([0-9a-f]{20})@[^@]+")
_BRACKETED = re.compile(r"<([^<>]*)>")
_COMMENT = re.compile(r"\([^()]*\)")
_TAG = re.compile(r"\[#([0-9]{1,19})\]")
_NO_ID = re.compile(r"smtpin_added_(missing|broken)|\*{4}|^x{4,}@", re.IGNORECASE)


def thread_address(settings: Settings, case_key: str) -> str:
    """Return the address whose mail belongs to the case: `support+t-<ref>.<proof>@example.net`."""
    local, _, domain = settings.address.partition("@")
    ref = case_ref(case_key)
    return f"{local}+t-{ref}.{_proof(settings.secrets[0], 'address', ref)}@{domain}"


def own_message_id(settings: Settings, case_key: str, number: str) -> str:
    """Return a Message-ID for a mail of ours about the case, with brackets; `number` distinguishes such mails.

    Raises ValueError for a number that is not 1 to 40 of a–z and 0–9.
    """
    ref = case_ref(case_key)
    written = f"t-{ref}.{number}.{_proof(settings.secrets[0], 'message', ref, number)}@"
    if not _OWN_ID.fullmatch(f"{written}x"):
        raise ValueError("the number of a Message-ID must be 1 to 40 characters of a-z and 0-9")
    return f"<{written}{settings.address.partition('@')[2]}>"


def case_ref(case_key: str) -> str:
    """Return the case's short name (20 hex digits)."""
    return digest(case_key)[:_REF_DIGITS]


def token_alias(ref: str) -> str:
    return f"token:{ref}"


def id_alias(message_id: str, mailbox: str = "") -> str:
    """Return the alias for a normalised Message-ID. An id that is too long or unprintable is replaced by its digest.

    With `mailbox`, the alias is for the mail in this mailbox only.
    """
    prefix = f"id@{mailbox}:" if mailbox else "id:"
    alias = f"{prefix}{message_id}"
    is_usable = len(alias) <= MAX_ID_LENGTH and alias.isprintable()
    return alias if is_usable else f"id:sha256-{digest(mailbox, message_id) if mailbox else digest(message_id)}"


def normalised(message_id: str) -> str | None:
    """Return the id without brackets, comments and white space, its domain in lower case; None if it is unusable."""
    bracketed = _BRACKETED.search(message_id)
    bare = "".join((bracketed[1] if bracketed else _COMMENT.sub("", message_id)).split())
    local, at, domain = bare.rpartition("@")
    if not at or not 8 <= len(bare) <= 998 or _NO_ID.search(bare):
        return None
    return f"{local}@{domain.lower()}"


def message_id(headers: Headers) -> str | None:
    """Return the mail's own id, normalised; None if there is no usable one."""
    return normalised(headers.first("message-id"))


def answered_ids(headers: Headers) -> tuple[str, ...]:
    """Return the normalised ids of the answered mails, nearest first.

    The order is In-Reply-To, then References from right to left.
    """
    found = _ids(headers.all("in-reply-to")) + _ids(headers.all("references", newest=True))[::-1]
    own = message_id(headers)
    return tuple(dict.fromkeys(each for each in found if each != own))[:MAX_IDS]


def is_own(settings: Settings, headers: Headers) -> bool:
    """True for a mail that we sent: its Message-ID proves it, or X-Loop names the source's address."""
    own = message_id(headers)
    if own is not None and _ref_of_own_id(settings, own) is not None:
        return True
    return any(value.strip().lower() == settings.address for value in headers.all(LOOP_HEADER.lower()))


def address_references(settings: Settings, recipients: Iterable[str]) -> Iterator[Reference]:
    """Yield references to the cases whose thread address is a recipient. An address with a wrong proof is ignored."""
    for recipient in recipients:
        yield from _proven(settings, _ADDRESS_TOKEN, recipient.lower())


def body_references(settings: Settings, text: str) -> Iterator[Reference]:
    """Yield references to the cases whose token is in the text, as in a quoted mail of ours."""
    return _proven(settings, _BODY_TOKEN, text)


def id_references(settings: Settings, ids: Iterable[str], mailbox: str = "") -> Iterator[Reference]:
    """Yield a reference for each normalised id; ids that we issued are proven."""
    for each in ids:
        ref = _ref_of_own_id(settings, each)
        yield Reference(id_alias(each, mailbox)) if ref is None else Reference(token_alias(ref), proven=True)


def tag_references(subject: str) -> Iterator[Reference]:
    """Yield references to the tickets that a subject names: `[#1042]`."""
    return (Reference(f"ticket:{match[1]}") for match in _TAG.finditer(subject))


def is_thread_address(settings: Settings, address: str) -> bool:
    """True for the source's own address, with or without a part after a plus."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" == settings.address


def _ids(values: Iterable[str]) -> tuple[str, ...]:
    """Return the usable ids of a header, normalised. Without brackets, each word with an @ is an id."""
    joined = " ".join(values)
    found = _BRACKETED.findall(joined) or [each for each in joined.split() if "@" in each]
    return tuple(each for each in map(normalised, found) if each)


def _proven(settings: Settings, pattern: re.Pattern[str], text: str) -> Iterator[Reference]:
    for match in pattern.finditer(text):
        if _is_proof(settings, match[2], "address", match[1]):
            yield Reference(token_alias(match[1]), proven=True)


def _ref_of_own_id(settings: Settings, message_id: str) -> str | None:
    match = _OWN_ID.fullmatch(message_id.lower())
    return match[1] if match and _is_proof(settings, match[3], "message", match[1], match[2]) else None


def _is_proof(settings: Settings, offered: str, *parts: str) -> bool:
    # A list, not a generator: the time taken must not reveal which secret matched.
    matches = [hmac.compare_digest(offered, _proof(secret, *parts)) for secret in settings.secrets]
    return any(matches)


def _proof(secret: bytes, *parts: str) -> str:
    """Return 80 bits of an HMAC-SHA256, as hex digits."""
    return hmac_sha256(secret, "\0".join(("ticketrelay mail", *parts)).encode()).hex()[:20]
