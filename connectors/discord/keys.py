"""Ed25519 signatures over the timestamp and the body, with the application's key.

The secret of a source is the application's Public Key: 64 hex digits. It verifies Discord's signatures and cannot sign.
Any other secret is for development, and taken by `run` on a loopback address only: a key pair is derived from it, with
which `send` signs and `verify` checks.

Source: discord.com/developers/docs, "Interactions: Receiving and Responding"; RFC 8032.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from connectors.contract.messages import ConnectorError

_PUBLIC_KEY = re.compile(r"[0-9a-fA-F]{64}")
_SIGNATURE = re.compile(r"[0-9a-fA-F]{128}")
_MISTYPED = re.compile(r"[0-9a-fA-F]{48,80}")


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
"""The y-coordinate of a point of order 8; that of the other four such points is its negative."""
SMALL_ORDER = frozenset({0, 1, P - 1, _ORDER_8, P - _ORDER_8})
"""The y-coordinates of the eight points of small order. With such a key, everybody can make valid signatures.

Source: RFC 8032, section 5.1; github.com/C2SP/CCTV, ed25519.
"""


class NoPrivateKey(ConnectorError):
    """The source has only the public key, so only Discord can sign for it."""


def is_mistyped(secret: str) -> bool:
    """True for hex digits whose number is close to that of a public key."""
    return bool(_MISTYPED.fullmatch(secret)) and not _PUBLIC_KEY.fullmatch(secret)


def unusable(secret: str) -> str | None:
    """Return what is wrong with 64 hex digits as a public key; None for a good one, and for anything else."""
    if not _PUBLIC_KEY.fullmatch(secret):
        return None
    y = int.from_bytes(bytes.fromhex(secret), "little") % 2**255 % P
    if y in SMALL_ORDER:
        return "is a point of small order, for which everybody can sign: expected the application's Public Key"
    squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    if pow(squared, (P - 1) // 2, P) not in (0, 1):
        return "is not a public key of Ed25519: compare it with the application's Public Key"
    return None


def read_signature(text: str) -> bytes | None:
    """Return the 64 bytes that 128 hex digits stand for; None for anything else."""
    return bytes.fromhex(text) if _SIGNATURE.fullmatch(text) else None


def is_signed(signature: bytes, secrets: Iterable[bytes], message: bytes) -> bool:
    """True if one of the keys signed the message."""
    return any(_verifies(public_key(secret), signature, message) for secret in secrets)


def signature(secret: bytes, message: bytes) -> bytes:
    """Return the signature of a message. Raises NoPrivateKey if the secret is a public key."""
    if _PUBLIC_KEY.fullmatch(secret.decode()):
        raise NoPrivateKey(
            "the source has Discord's public key, with which nothing can be signed: "
            "to send samples, use `ticketrelay run` on a loopback address, where its secret may be dev-secret"
        )
    return _private_key(secret).sign(message)


def public_key(secret: bytes) -> Ed25519PublicKey:
    """Return the secret as a public key, or the public key derived from the secret."""
    text = secret.decode()
    if _PUBLIC_KEY.fullmatch(text):
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    return _private_key(secret).public_key()


def _private_key(secret: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret).digest())


def _verifies(key: Ed25519PublicKey, offered: bytes, message: bytes) -> bool:
    try:
        key.verify(offered, message)
    except InvalidSignature:
        return False
    return True
