"""Decodes bytes of mail to text, whatever charset is declared. An unknown or wrong charset is not an error.

Charsets are tried in order: the declared one, UTF-8, then Windows-1252, which accepts nearly every byte. A multi-byte
text with few broken places keeps its charset: Windows-1252 would lose the rest of the text.
"""

from __future__ import annotations

import binascii
import codecs
import re
from itertools import groupby

ALIASES = {
    "ansi_x3.110-1983": "latin-1",
    "cp-850": "cp850",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gbk": "gb18030",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "unicode-1-1-utf-7": "utf-7",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac-roman",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "x-windows-949": "cp949",
}
"""Names of charsets in mail, in lower case, and a codec that reads all variants of each."""

NOT_CHARSETS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "mbcs", "oem"})
"""Codecs of Python that no mail uses; some warn, some take quadratic time."""

BROKEN_SHARE = 20
"""Bytes above ASCII per broken place: a charset with more broken places is given up."""

MAX_WORDS = 20_000  # characters of a header that are searched for encoded words

_NAME = re.compile(r"[a-z0-9][a-z0-9._:-]{0,39}")
_ENCODED_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_ASCII = bytes(range(128))
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


def decode(data: bytes, charset: str | None = None) -> str:
    """Decode the data with the first charset that fits. Unreadable bytes become U+FFFD."""
    rungs = [name for name in (_codec(charset), "utf-8") if name is not None]
    for name in rungs:
        try:
            return data.decode(name)
        except UnicodeError:
            continue
    above_ascii = len(data.translate(None, _ASCII))
    for name in rungs:
        text = data.decode(name, "replace")
        if text.count("\ufffd") * BROKEN_SHARE <= above_ascii:
            return text
    return data.decode("cp1252", "replace")


def decode_words(text: str) -> str:
    """Decode the encoded words (RFC 2047) of a header. Broken words stay unchanged."""
    pieces: list[str | tuple[str, bytes]] = []
    end = 0
    for match in _ENCODED_WORD.finditer(text[:MAX_WORDS]):
        between = text[end : match.start()]
        if between.strip() or not pieces:
            pieces.append(between)
        pieces.append((match[1], _word(match[2], match[3])))
        end = match.end()
    pieces.append(text[end:])
    return "".join(_joined(pieces))


def unbase64(data: bytes) -> bytes:
    """Decode Base64. Other characters are skipped; an incomplete group at the end is dropped."""
    digits = data.translate(None, _NOT_BASE64)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _joined(pieces: list[str | tuple[str, bytes]]) -> list[str]:
    """Decode the pieces, neighbours of one charset together: some senders split a character between them."""
    texts: list[str] = []
    for charset, run in groupby(pieces, key=lambda piece: None if isinstance(piece, str) else piece[0].lower()):
        if charset is None:
            texts += [piece for piece in run if isinstance(piece, str)]
        else:
            texts.append(decode(b"".join(piece[1] for piece in run if not isinstance(piece, str)), charset))
    return texts


def _word(encoding: str, encoded: str) -> bytes:
    data = encoded.encode("utf-8", "surrogateescape")
    return unbase64(data) if encoding in "bB" else binascii.a2b_qp(data.replace(b" ", b"_"), header=True)


def _codec(charset: str | None) -> str | None:
    """Return the name of Python's codec; None if there is none, or none that mail uses."""
    name = (charset or "").strip().strip("\"'").lower()
    if not _NAME.fullmatch(name):
        return None
    try:
        found = codecs.lookup(ALIASES.get(name, name))
        b"\0\0\0\0".decode(found.name)  # codecs from bytes to bytes (zlib, base64) raise here
    except (LookupError, UnicodeError, ValueError, ImportError):
        return None
    return None if found.name.replace("_", "-") in NOT_CHARSETS else found.name
