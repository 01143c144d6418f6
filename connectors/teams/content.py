"""What does a person read of a message? Its text without the mention of the webhook, and files as lines.

Teams writes plain text with `<at>` around mentions and `&nbsp;` behind them, or HTML, and does not always say which.

Source: learn.microsoft.com/microsoftteams/platform, "Create Outgoing Webhooks"; Bot Framework, "Activity".
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from connectors.chat import MAX_BODY, File, file_lines, first_line, paragraphs
from connectors.documents import scalar, text_at
from connectors.mapping import clean, cut
from connectors.markup import MAX_HTML, text_of

HTML_FORMATS = ("html", "xml")
"""What `textFormat` says of HTML."""

# Bounded: what follows an opening tag is never looked through to the end of the text.
_AT = re.compile(r"<at\b[^<>]{0,200}>([^<>]{0,200})</at>")
_FIRST_AT = re.compile(
    r"\s*((?:<(?:p|div|span)\b[^<>]{0,200}>\s*){0,8})<at\b[^<>]{0,200}>[^<>]{0,200}</at>(?:\s|&nbsp;|[,:])*"
)
_ELEMENT = re.compile(
    r"</?(?:p|div|br|span|b|strong|i|em|u|s|a|ul|ol|li|pre|code|blockquote|table|img|h[1-6])\b[^<>]*>"
)


def raw_text(activity: Mapping[str, Any]) -> str:
    """The text as Teams wrote it; that of the HTML beside it where there is none. Raises UnreadableItem."""
    text = scalar(activity.get("text"))
    if text.strip():
        return text
    return next((text_at(each, "content") for each in _attachments(activity) if _is_text(each)), "")


def spoken(activity: Mapping[str, Any]) -> str:
    """The text as people read it, without the mention that it begins with: that is how the webhook is called."""
    raw = raw_text(activity)[:MAX_HTML]
    if called := _FIRST_AT.match(raw):
        raw = called[1] + raw[called.end() :]
    named = _AT.sub(r"@\1", raw)
    if activity.get("textFormat") in HTML_FORMATS or _ELEMENT.search(named):
        text = text_of(named)
    else:
        text = html.unescape(named)
    return clean(text.replace("\xa0", " ")).strip()


def files(activity: Mapping[str, Any]) -> list[File]:
    """The files that were sent along, and no cards."""
    told = [each for each in _attachments(activity) if not _is_text(each) and each.get("contentUrl")]
    return [File(first_line(each.get("name")) or "a file", link=each.get("contentUrl")) for each in told]


def has_more(activity: Mapping[str, Any]) -> bool:
    """True where something was sent beside the text: files, cards."""
    return any(not _is_text(each) for each in _attachments(activity))


def whole(text: str, activity: Mapping[str, Any], signature: str) -> str:
    """The text, the files, and who said it where."""
    return paragraphs(cut(text, MAX_BODY), "\n".join(file_lines(files(activity))), signature)


def _attachments(activity: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = activity.get("attachments")
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _is_text(attachment: Mapping[str, Any]) -> bool:
    """True for the message itself, which Teams adds as HTML."""
    return attachment.get("contentType") == "text/html"
