"""The three kinds of secret, and what each must be. A field of the settings has exactly one of them, as its mark.

    secret: Annotated[Secret, Issued(re.compile("[0-9a-f]{32}"), "32 hex digits, the app's Signing Secret")]

kind        who made it                          what is required
chosen      we did, and gave it to the sender    at least 16 bytes, every character visible
issued      a platform, for this one purpose     the platform's form
password    a server, or the person who runs it  not blank; the server decides about the rest

The rules are applied where a process starts, and by `check`. A model itself takes any secret that is not blank.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

SHORTEST = 16
"""Bytes of a chosen secret: 128 bits, if it is random."""
_VISIBLE_BY_CATEGORY_ONLY = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that show nothing, although their category is that of a letter, a mark or a symbol."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A secret that we choose and give to a sender."""

    allowed: re.Pattern[str] | None = None
    """A pattern for the secrets that the sender's platform takes, matched against the whole secret. None: all."""
    wanted: str = ""
    """`allowed` in words."""
    key: Callable[[str], bytes] = str.encode
    """Returns the bytes that prove the sender, where they are not the text itself."""

    def fault(self, secret: str) -> str | None:
        """Return what is wrong with a secret, without a part of it; None for a good one."""
        hidden = next((each for each in secret if is_invisible(each)), None)
        if hidden is not None:
            return f"holds an invisible character (U+{ord(hidden):04X}): expected visible ones only"
        size = len(self.key(secret))
        if size < SHORTEST:
            return f"has {size} byte{'' if size == 1 else 's'}: expected at least {SHORTEST}"
        if self.allowed is not None and not self.allowed.fullmatch(secret):
            return f"has characters that the sender's platform refuses: expected {self.wanted}"
        return None


@dataclass(frozen=True, slots=True)
class Issued:
    """A secret that a platform issues, in a form of its own."""

    form: re.Pattern[str]
    """Matched against the whole secret."""
    wanted: str
    """The form in words, with the platform's name for the secret."""
    more: Callable[[str], str | None] = lambda _secret: None
    """Returns what is wrong with a secret of the right form; None for a good one."""

    def fault(self, secret: str) -> str | None:
        """Return what is wrong with a secret, without a part of it; None for a good one."""
        return self.more(secret) if self.form.fullmatch(secret) else f"is malformed: expected {self.wanted}"


@dataclass(frozen=True, slots=True)
class Password:
    """A password or key of a server that we log in to. Google's app passwords hold blanks, for example."""

    def fault(self, secret: str) -> str | None:
        """Return what is wrong with a secret; None for a good one."""
        return None if secret.strip() else "is blank"


SecretKind = Chosen | Issued | Password


def is_invisible(character: str) -> bool:
    """Return True for a control, a blank, a zero-width or bidirectional character, and what else shows nothing."""
    if unicodedata.category(character)[0] in "CZ" or character in _VISIBLE_BY_CATEGORY_ONLY:
        return True
    return "\ufe00" <= character <= "\ufe0f" or "\u180b" <= character <= "\u180f" or character >= "\U000e0100"
