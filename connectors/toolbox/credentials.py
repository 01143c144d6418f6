"""Cuts credentials out of a body: the texts of certain fields, wherever they stand in its JSON or form.

The rest of the body stays as it is, byte for byte, since its bytes are what a replay reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from connectors.toolbox.forms import escaped_bytes, unescaped

CUT = b"***"
"""Takes the place of a credential."""
NESTED = b"payload"
"""The field of a form that holds JSON."""
_FORM = re.compile(rb"[!-~]+=[!-~]*")


def without_credentials(body: bytes, names: Sequence[str]) -> bytes:
    """Return the body with `***` in place of the texts of these fields; a text that holds JSON is not searched."""
    if not names:
        return body
    if _FORM.fullmatch(body.strip()) and not body.lstrip().startswith((b"{", b"[", b'"')):
        return b"&".join(_of_form(each, names) for each in body.split(b"&"))
    return _in_json(tuple(names)).sub(rb'\1"' + CUT + b'"', body)


def _of_form(field: bytes, names: Sequence[str]) -> bytes:
    name, equals, value = field.partition(b"=")
    if unescaped(name).decode("latin-1").strip() in names:
        return name + equals + CUT
    if name.strip() != NESTED:
        return field
    document = unescaped(value)
    cut = without_credentials(document, names)
    return field if cut == document else name + equals + escaped_bytes(cut)


@lru_cache(maxsize=32)
def _in_json(names: tuple[str, ...]) -> re.Pattern[bytes]:
    r"""Return a pattern for the fields with these names, however they are spelled: `"key"`, or `"\u006bey"`."""
    spelled = "|".join("".join(_spellings(each) for each in name) for name in names)
    # A quote inside of a text has a backslash before it, so that a field inside of a text is not found.
    return re.compile(rf'(?<!\\)("(?:{spelled})"[ \t\r\n]*:[ \t\r\n]*)"(?:[^"\\]+|\\.)*"'.encode(), re.DOTALL)


def _spellings(character: str) -> str:
    return rf"(?:{re.escape(character)}|\\u(?i:{ord(character):04x}))"
