"""Receipts by mail: the ticket's number, once, in an answer whose replies lead back to the case.

Only a person's mail that became a new ticket is answered: never a list, a bounce, an automatic answer or a mail that
looks like one. The receipt is marked as automatic (RFC 3834, section 3.1), so that no other program answers it. Its
Reply-To and Message-ID hold tokens, so that a person's answer finds the case.
"""

from __future__ import annotations

import json
from email.message import EmailMessage
from email.policy import SMTP

from connectors.contract.receipts import MailServer, OutgoingMail, ReceiptContent
from connectors.email import identity
from connectors.email.mime import Headers
from connectors.email.people import Mailbox
from connectors.email.settings import Settings
from connectors.toolbox.text import cut, one_line

MAX_SUBJECT = 200  # characters of the original subject
MAX_REFERENCES = 20

TEXT = """\
Your message was received, and is ticket {ticket}.

To add to it, answer this mail.
"""


def target(author: Mailbox, subject: str, headers: Headers) -> str:
    """Return the receipt target for an event: the recipient, and the mails to refer to."""
    own = identity.message_id(headers)
    refers = [*reversed(identity.answered_ids(headers)[:MAX_REFERENCES]), *([own] if own else [])]
    return json.dumps({"to": author.address, "subject": cut(one_line(subject), MAX_SUBJECT), "refers": refers})


def is_on(settings: Settings) -> bool:
    return settings.receipts_by is not None


def write(about: ReceiptContent, settings: Settings) -> OutgoingMail:
    """Write the mail, from the source's own address."""
    if settings.receipts_by is None:
        raise ValueError("receipts are off")
    asked = json.loads(about.target)
    mail = EmailMessage(SMTP)
    mail["From"] = settings.address
    mail["To"] = asked["to"]
    mail["Reply-To"] = identity.thread_address(settings, about.case_key)
    mail["Subject"] = one_line(f"[#{about.ticket}] Re: {asked['subject']}")
    mail["Message-ID"] = identity.own_message_id(settings, about.case_key, "receipt")
    if asked["refers"]:
        mail["In-Reply-To"] = f"<{asked['refers'][-1]}>"
        mail["References"] = " ".join(f"<{each}>" for each in asked["refers"])
    mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"
    mail[identity.LOOP_HEADER] = settings.address
    text = TEXT.format(ticket=about.ticket)
    if about.link is not None:
        text += f"\n{about.link}\n"
    mail.set_content(text)
    host, _, port = settings.receipts_by.rpartition(":")
    password = settings.receipts_password
    server = MailServer(
        host.strip("[]"),
        int(port),
        settings.receipts_security,
        settings.receipts_username,
        password.get_secret_value() if password is not None else None,
    )
    return OutgoingMail(server, asked["to"], mail.as_bytes())
