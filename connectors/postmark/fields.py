"""Rebuilds a mail from Postmark's fields: original headers, with texts and attachments in new parts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from connectors.contract.messages import OverLimit, Remark
from connectors.toolbox.reasons import TEXT, Located, too_many, unexpected, unexpected_value
from connectors.toolbox.strict_json import text_at

OF_THE_PARTS = ("mime-version", "content-type", "content-transfer-encoding", "content-disposition")
"""Headers of the original parts, which would be wrong for the new parts."""

TAKEN_OUT = {"From": "From", "To": "To", "Cc": "Cc", "Reply-To": "ReplyTo", "Subject": "Subject", "Date": "Date"}
"""Headers that Postmark omits from `Headers`, with the field that holds each."""

BOUNDARY = "ticketrelay-b0f5e9a3c1"
BODIES = (("TextBody", "text/plain"), ("HtmlBody", "text/html"))

Headers = list[tuple[str, str]]


def headers_of(fields: Mapping[str, Any], limit: int) -> tuple[Headers, list[Remark]]:
    """Return the mail's headers in order, and a remark for each malformed item. Raises OverLimit."""
    items = fields.get("Headers")
    if not isinstance(items, list):
        return [], []
    if len(items) > limit:
        raise OverLimit(too_many("Headers", len(items), limit, "max_items"))
    headers, broken = [], []
    for index, item in enumerate(items):
        name, value = (item.get(each) for each in ("Name", "Value")) if isinstance(item, dict) else (None, None)
        if isinstance(name, str) and isinstance(value, str) and _is_name(name):
            headers.append((name, value))
        else:
            broken.append(_broken(index, item))
    return headers, broken


def _broken(index: int, item: object) -> Remark:
    path = f"Headers[{index}]"
    if not isinstance(item, dict):
        return Remark(path, str(unexpected_value(path, item, "an object with Name and Value")))
    field = "Value" if isinstance(name := item.get("Name"), str) and _is_name(name) else "Name"
    expected = TEXT if field == "Value" else "the name of a header"
    return Remark(path, str(unexpected(Located(item, path), field, expected)))


def recipients_of(fields: Mapping[str, Any]) -> list[str]:
    """Return the envelope's recipient."""
    recipient = text_at(fields, "OriginalRecipient")
    return [recipient] if recipient else []


def rebuilt(fields: Mapping[str, Any], headers: Headers) -> bytes:
    """Return a mail with the content of the fields."""
    known = {name.lower() for name, _ in headers}
    lines = [(name, value) for name, value in headers if name.lower() not in OF_THE_PARTS]
    lines += [(name, text_at(fields, field)) for name, field in TAKEN_OUT.items() if name.lower() not in known]
    written = [f"{name}: {' '.join(value.split())}" for name, value in lines if value.strip()]
    bodies = [(kind, text_at(fields, field)) for field, kind in BODIES]
    parts = [_part(f"{kind}; charset=utf-8", text.encode("utf-8", "replace")) for kind, text in bodies if text.strip()]
    whole = [_together("alternative", parts), *_attachments(fields)]
    return "\r\n".join([*written, "MIME-Version: 1.0", _together("mixed", whole)]).encode("utf-8", "replace")


def _together(kind: str, parts: list[str]) -> str:
    boundary = f"{BOUNDARY}-{kind}"
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n{body}--{boundary}--\r\n'


def _part(content_type: str, body: bytes, *headers: str) -> str:
    lines = [f"Content-Type: {content_type}", "Content-Transfer-Encoding: base64", *headers]
    return "\r\n".join([*lines, "", base64.encodebytes(body).decode().replace("\n", "\r\n")])


def _attachments(fields: Mapping[str, Any]) -> list[str]:
    items = fields.get("Attachments")
    parts = []
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        try:
            content = base64.b64decode(text_at(item, "Content"))
        except (binascii.Error, ValueError):
            continue
        content_type = text_at(item, "ContentType").split(";")[0].strip()
        kind = content_type if _is_name(content_type.replace("/", "", 1)) else "application/octet-stream"
        name = " ".join(text_at(item, "Name").split()).replace("\\", "").replace('"', "")
        parts.append(_part(kind, content, f'Content-Disposition: attachment; filename="{name}"'))
    return parts


def _is_name(text: str) -> bool:
    """True for a valid name of a header (RFC 5322, section 3.6.8)."""
    return 0 < len(text) <= 200 and all("!" <= char <= "~" and char != ":" for char in text)
