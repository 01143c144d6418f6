"""How is one receipt sent, and what does it mean how that ended? One attempt; the ledger decides on another.

What surely did not leave is `Later`; what may have arrived is `Unclear`. URLs are not logged: Telegram's hold the bot's
token, and those of Discord and Slack let whoever has them answer.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
import time
from typing import Any

import httpx

from connectors.answering import (
    Answered,
    Answering,
    HttpAnswer,
    HttpCall,
    Later,
    Outcome,
    OutgoingMail,
    Refused,
    Told,
    Unclear,
)

logging.getLogger("httpx").setLevel(logging.WARNING)  # below that it logs the URL of every request

TIMEOUT_S = 10.0
MAX_ANSWER = 256 * 1024  # bytes
DONE, PERMANENT = 2, 5  # the first digit of an SMTP reply (RFC 5321, section 4.2.1)


def send(call: HttpCall | OutgoingMail, about: Answered, answering: Answering[Any]) -> Outcome:
    """Make the call, once."""
    if isinstance(call, OutgoingMail):
        return hand_in(call)
    answer = request(call)
    if not isinstance(answer, HttpAnswer):
        return answer
    if answering.read is None:
        return Told() if 200 <= answer.status < 300 else Unclear(f"answered {answer.status}")
    return answering.read(about, answer)


def request(call: HttpCall) -> HttpAnswer | Later | Unclear:
    """Make the request, once; what it was answered with."""
    client = httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
    sent = {"Accept-Encoding": "identity", **call.headers}  # so that a short answer cannot become a long one
    end = time.monotonic() + TIMEOUT_S
    body = bytearray()
    try:
        with client, client.stream(call.method, call.url, content=call.body, headers=sent) as answer:
            for part in answer.iter_raw():
                body += part
                if len(body) > MAX_ANSWER or time.monotonic() > end:
                    return Unclear("the answer is too long, or takes too long")
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return HttpAnswer(answer.status_code, headers, bytes(body))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return Later(None, f"no connection: {type(error).__name__}")
    except httpx.HTTPError as error:
        return Unclear(f"{type(error).__name__}")


def hand_in(mail: OutgoingMail) -> Outcome:
    """Hand a mail in by SMTP, from the null sender (RFC 3834, section 3.3)."""
    try:
        smtp = _connected(mail)
    except smtplib.SMTPResponseException as error:
        return _replied(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return Later(None, f"the mail server cannot be used: {type(error).__name__}")
    with smtp:
        try:
            for code, said in (smtp.mail(""), smtp.rcpt(mail.recipient)):
                if code // 100 != DONE:
                    return _replied(code, said)
        except (OSError, smtplib.SMTPException) as error:
            return Later(None, f"the mail server hung up: {type(error).__name__}")
        try:
            code, said = smtp.data(mail.message)
        except smtplib.SMTPDataError as error:
            return _replied(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            return Unclear(f"the mail server hung up while it took the mail: {type(error).__name__}")
        return Told() if code // 100 == DONE else _replied(code, said)


def _connected(mail: OutgoingMail) -> smtplib.SMTP:
    """Raises OSError and SMTPException."""
    server = mail.server
    context = ssl.create_default_context()
    if server.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    if server.security == "starttls":
        smtp.starttls(context=context)
    if server.username is not None and server.password is not None:
        smtp.login(server.username, server.password)
    else:
        smtp.ehlo_or_helo_if_needed()
    return smtp


def _replied(code: int, said: bytes | str) -> Outcome:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    reason = f"the mail server said {code} {text[:200]}"
    return Refused(reason) if code // 100 == PERMANENT else Later(None, reason)
