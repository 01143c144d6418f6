"""Classifies the sender of a mail: a person, a program, an automatic answer, or a mail server's bounce.

No mail is dropped because of its class. `X-Auto-Response-Suppress` is ignored: mail from people carries it too.
"""

from __future__ import annotations

from typing import Literal

from connectors.email.mime import Headers, Part

Class = Literal["bounce", "auto-reply", "bulk", "person"]

REPORT_TYPES = frozenset({"message/delivery-status", "message/disposition-notification", "message/feedback-report"})
"""Types of parts that only reports of mail servers have."""

SERVERS = frozenset({"mailer-daemon", "postmaster"})
"""Local parts of addresses that send reports."""

AUTO_REPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponse", "x-autoreply-from", "x-mail-autoreply")
LIST_HEADERS = ("list-id", "list-unsubscribe", "list-post")
BULK_HEADERS = ("list-id", "list-unsubscribe", "x-loop")

AUTO_SUBMITTED: dict[str, Class] = {"auto-replied": "auto-reply", "auto-generated": "bulk"}
PRECEDENCE: dict[str, Class] = {"auto_reply": "auto-reply", "bulk": "bulk", "junk": "bulk", "list": "bulk"}


def classify(mail: Part, author: str | None, envelope_from: str | None) -> Class:
    """Return the class of a mail that is not our own.

    `envelope_from` is empty for a null sender, None if unknown. A report is always a bounce. A null sender alone is not
    a sign of a bounce, since automatic answers have it too.
    """
    headers = mail.headers
    words = _words(headers)
    if _is_report(mail) or author is None or author.partition("@")[0] in SERVERS:
        return "bounce"
    if "auto-reply" in words or any(name in headers for name in AUTO_REPLY_HEADERS):
        return "auto-reply"
    if envelope_from == "":
        return "bounce"
    if "bulk" in words or any(name in headers for name in BULK_HEADERS):
        return "bulk"
    return "person"


def is_of_a_list(headers: Headers) -> bool:
    """True for a mail from a mailing list: its text may differ from that of other copies."""
    return any(name in headers for name in LIST_HEADERS) or "list" in (
        value.partition("(")[0].strip().lower() for value in headers.all("precedence")
    )


def _is_report(mail: Part) -> bool:
    if mail.type == "multipart/report" or "x-failed-recipients" in mail.headers:
        return True
    # Only the mail itself and its own parts: a report that a person forwards is a part of a mail within it.
    return any(part.type in REPORT_TYPES for part in (mail, *mail.children))


def _words(headers: Headers) -> set[Class]:
    """Return the classes that Auto-Submitted and Precedence name, without parameters and comments."""
    found: set[Class] = set()
    for name, table in (("auto-submitted", AUTO_SUBMITTED), ("precedence", PRECEDENCE)):
        for value in headers.all(name):
            word = value.partition(";")[0].partition("(")[0].strip().lower()
            if word in table:
                found.add(table[word])
    return found
