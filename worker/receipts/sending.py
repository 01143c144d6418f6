"""Sends one receipt, in one attempt, and classifies the result. The ledger decides on another attempt.

A receipt that surely did not leave is `CallLater`; one that may have arrived is `CallUnknown`.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import closing, suppress
from dataclasses import replace
from typing import TypeVar

from connectors.contract.calls import CallLater, CallRejected, CallUnknown, ClientCredentials, HttpAnswer, HttpCall
from connectors.contract.receipts import CREDENTIALS_S, Outcome, OutgoingMail, Posted, ReceiptCalls, ReceiptContent
from connectors.contract.settings import SourceSettings
from worker.intake.imap.server import LoginRefused, ServerAway
from worker.receipts.calling import request
from worker.receipts.smtp import Bounded, BoundedTls
from worker.receipts.tokens import Tokens

S = TypeVar("S", bound=SourceSettings)

UNAUTHORIZED = 401
MAIL_DEADLINE_S = 30.0  # for a whole mail, well within the lease of the job that sends it
DONE, PERMANENT = 2, 5  # the first digit of an SMTP reply (RFC 5321, section 4.2.1)


def send(
    call: HttpCall | OutgoingMail, about: ReceiptContent, receipts: ReceiptCalls[S], settings: S, tokens: Tokens
) -> Outcome:
    """Make the call once; a second time with another token when the first token was refused."""
    if isinstance(call, OutgoingMail):
        return hand_in(call)
    answer = (
        request(call) if receipts.credentials is None else _with_token(call, receipts.credentials(settings), tokens)
    )
    if not isinstance(answer, HttpAnswer):
        return answer
    if receipts.read is None:
        return Posted() if 200 <= answer.status < 300 else CallUnknown(f"the platform answered {answer.status}")
    return receipts.read(about, answer)


def _with_token(call: HttpCall, credentials: ClientCredentials, tokens: Tokens) -> HttpAnswer | CallLater | CallUnknown:
    for _ in range(2):
        try:
            token = tokens.token(credentials)
        except ServerAway as error:
            return CallLater(None, str(error))
        except LoginRefused as error:
            return CallLater(CREDENTIALS_S, str(error), for_all=True)
        answer = request(replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"}))
        if not isinstance(answer, HttpAnswer) or answer.status != UNAUTHORIZED:
            return answer
        tokens.drop(credentials)
    return CallLater(CREDENTIALS_S, "no token is configured that the platform accepts", for_all=True)


def hand_in(mail: OutgoingMail, deadline_s: float = MAIL_DEADLINE_S) -> Outcome:
    """Hand a mail in by SMTP, from the null sender (RFC 3834, section 3.3)."""
    try:
        smtp = _connected(mail, deadline_s)
    except smtplib.SMTPResponseException as error:
        return _replied(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        return CallLater(None, f"the mail server cannot be used: {type(error).__name__}")
    try:
        return _handed_in(smtp, mail)
    finally:
        _hang_up(smtp)


def _handed_in(smtp: smtplib.SMTP, mail: OutgoingMail) -> Outcome:
    try:
        for code, said in (smtp.mail(""), smtp.rcpt(mail.recipient)):
            if code // 100 != DONE:
                return _replied(code, said)
    except (OSError, smtplib.SMTPException) as error:
        return CallLater(None, f"the mail server hung up: {type(error).__name__}")
    try:
        code, said = smtp.data(mail.message)
    except smtplib.SMTPDataError as error:
        return _replied(error.smtp_code, error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return CallUnknown(f"the mail server hung up while it took the mail: {type(error).__name__}")
    return Posted() if code // 100 == DONE else _replied(code, said)


def _hang_up(smtp: smtplib.SMTP) -> None:
    """End the session. The reply to QUIT says nothing about the mail, which the server took or refused before."""
    with closing(smtp), suppress(OSError, smtplib.SMTPException):
        smtp.docmd("QUIT")


def _connected(mail: OutgoingMail, deadline_s: float) -> smtplib.SMTP:
    """Connect to the mail server and log in.

    Raises OSError and SMTPException; UnicodeError for a host that no name server can know, and for a name or password
    that the server's way to log in cannot carry.
    """
    server = mail.server
    context = ssl.create_default_context()
    if server.security == "tls":
        smtp: Bounded = BoundedTls(server.host, server.port, deadline_s, context)
    else:
        smtp = Bounded(server.host, server.port, deadline_s)
    if server.security == "starttls":
        smtp.starttls(context=context)
    if server.username is not None and server.password is not None:
        smtp.login(server.username, server.password)
    else:
        smtp.ehlo_or_helo_if_needed()
    return smtp


def _replied(code: int, said: bytes | str) -> Outcome:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    reason = f"the mail server answered {code} {text[:200]}"
    return CallRejected(reason) if code // 100 == PERMANENT else CallLater(None, reason)
