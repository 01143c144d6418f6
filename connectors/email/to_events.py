"""Makes the events of a mail: an alert's change of state, a new case, a comment, and the effects of commands.

All events of one mail belong to one case: its commands apply to the case that the mail itself went to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from connectors.contract.events import Changed, Commented, Event, Exchange, Opened, Resolved, digest
from connectors.contract.messages import Parsed, Remark
from connectors.email import cases, identity, people, receipts
from connectors.email.alerts import Alert, alert
from connectors.email.cases import Mail
from connectors.email.classify import is_of_a_list
from connectors.email.commands import Commands, commands, why_not_allowed
from connectors.email.content import bare_subject, importance, rendered, report, subject
from connectors.email.settings import Settings
from connectors.toolbox.text import cut, one_line

MAX_ATTRIBUTE = 1024  # characters of an attribute for routing
MAX_CLOCK_AHEAD = timedelta(days=1)
"""A Date further in the future comes from a wrong clock; the time of arrival is used instead."""

AUTOMATIC = ("bounce", "auto-reply")

T = TypeVar("T")


def to_events(mail: Mail, received_at: datetime, settings: Settings) -> Parsed:
    """Return the mail's events. Raises ValueError for values that `Event` refuses."""
    author = mail.author.address if mail.author else None
    headers = mail.tree.headers
    found = alert(mail.verdict, author, subject(headers), mail.said.text, settings)
    if found is not None:
        return Parsed((_of_alert(mail, found, received_at, settings),), verdict=str(mail.verdict))
    told = commands(mail.said.text) if mail.kind == "person" else Commands()
    why_not = why_not_allowed(mail.verdict, author, settings) if told else None
    refused = (Remark("commands", f"the commands were not carried out: {why_not}"),) if why_not is not None else ()
    told = told if why_not is None else Commands()
    said = _of_mail(mail, received_at, settings, told)
    events = (said, *_of_commands(said, told, received_at))
    return Parsed(events, ignored=refused, verdict=str(mail.verdict))


def _facts(mail: Mail, received_at: datetime, settings: Settings, text: str) -> dict[str, Any]:
    """Return the fields that all events of a mail share, without the names of case and message."""
    headers = mail.tree.headers
    severity, priority = importance(headers)
    when = mail.sent if mail.sent and mail.sent <= received_at + MAX_CLOCK_AHEAD else received_at
    author = mail.author.address if mail.author else None
    return {
        "occurred_at": when,
        "started_at": when,
        "subject": subject(headers),
        "text": text,
        "content_digest": digest(subject(headers), mail.said.digest),
        "severity": severity,
        "priority": priority,
        "category": settings.category,
        "private": settings.private,
        "author": author,
        "participants": people.participants(settings, author, headers),
        "stranger": _is_stranger(mail, settings),
        "doubt": _doubt(mail, settings),
    }


def _is_stranger(mail: Mail, settings: Settings) -> bool:
    """True if the author may be somebody else. Without a server that judges, From is believed."""
    unknown = settings.authserv_id is not None and mail.verdict.result == "unknown"
    return mail.verdict.result == "fail" or (unknown and settings.unverified == "stranger")


def _doubt(mail: Mail, settings: Settings) -> str | None:
    """Return what a ticket says about an author who is not verified."""
    author = mail.author.address if mail.author else "its author"
    if mail.verdict.result == "fail":
        return f"Not verified: somebody else than {author} may have written this mail ({mail.verdict.why})."
    unknown = settings.authserv_id is not None and mail.verdict.result == "unknown"
    if unknown and settings.unverified != "accept":
        return f"Not verified: {settings.authserv_id} does not confirm that this mail is from {author}."
    return None


def _of_alert(mail: Mail, found: Alert, received_at: datetime, settings: Settings) -> Event:
    """Return an alert's event. Its authority is the source: the settings define whose mails are alerts."""
    facts = _facts(mail, received_at, settings, _text(mail, settings, strip=False))
    names = [(f"labels.{name}", value) for name, value in found.labels]
    own = cases.own_reference(mail)
    facts |= {
        "case_key": found.case_key,
        # The key and state distinguish two alerts of one second with one Message-ID; a repeated mail stays a repeat.
        "source_message_id": digest(cases.source_message_id(mail), found.case_key, found.state),
        "severity": found.state,
        "priority": found.rule.priority or facts["priority"],
        "aliases": _once(*(each.alias for each in own), identity.token_alias(identity.case_ref(found.case_key))),
        "attributes": _attributes(mail, settings, [("rule", found.rule.name), ("state", found.state), *names]),
    }
    if found.state == "recovery":
        return Resolved(**facts)
    return Opened(**facts) if found.state == "firing" else Commented(**facts)


def _of_mail(mail: Mail, received_at: datetime, settings: Settings, told: Commands) -> Opened | Commented:
    headers = mail.tree.headers
    source_message_id = cases.source_message_id(mail)
    case_key = f"mail:{source_message_id}"
    answered = cases.references(mail, settings)
    own = cases.own_reference(mail)
    facts = _facts(mail, received_at, settings, _text(mail, settings, strip=bool(answered)))
    # A stranger makes no ids known but the mail's own: the mails that have these ids may still come.
    follows = answered and mail.kind != "bounce" and not facts["stranger"]
    followed = identity.answered_ids(headers) if follows else ()
    followed_as = (identity.id_alias(each, mail.mailbox) for each in followed)
    automatic = mail.kind in AUTOMATIC
    opened = Opened(
        **facts
        | {
            "case_key": case_key,
            "source_message_id": source_message_id,
            "priority": told.priority or facts["priority"],
            "private": settings.private or automatic,
            "aliases": _once(
                *(each.alias for each in own), *followed_as, identity.token_alias(identity.case_ref(case_key))
            ),
            "references": _once(*answered.before, *own, *answered.after),
            # The sender of an automatic mail does not become a participant.
            "participants": () if automatic else facts["participants"],
            "joins": not automatic,
            "authority": "participant",
            "other_words": "copy" if is_of_a_list(headers) else "message",
            "exchange": _exchange(mail, settings),
            "attributes": _attributes(mail, settings, []),
            "answer": _answer(mail, settings),
        }
    )
    if not answered and not automatic:
        return opened
    return Commented(
        **{each.name: getattr(opened, each.name) for each in fields(Event)},
        unknown="quarantine" if automatic else "open",
        reopens=not automatic and not told.close,
    )


def _of_commands(said: Opened | Commented, told: Commands, received_at: datetime) -> Iterator[Event]:
    """Yield the events of the mail's commands, at the time of arrival."""
    kept = ("case_key", "started_at", "subject", "category", "private", "aliases", "references", "author",
            "authority", "attributes")  # fmt: skip
    facts: dict[str, Any] = {name: getattr(said, name) for name in kept}
    facts |= {"occurred_at": max(said.occurred_at, received_at), "priority": told.priority or said.priority}

    def named(what: str) -> dict[str, Any]:
        return facts | {"source_message_id": digest(said.source_message_id, what), "content_digest": digest(what)}

    if told.priority is not None and isinstance(said, Commented):
        yield Changed(**named(f"priority {told.priority}"), text="")
    if told.close:
        yield Resolved(**named("close"), text=f"Closed by {said.author}.")


def _answer(mail: Mail, settings: Settings) -> str | None:
    """Return the receipt target; None if no program should answer this mail: its From may be that of a victim."""
    if (
        mail.verdict.result == "fail"
        or not receipts.is_on(settings)
        or mail.kind != "person"
        or mail.author is None
        or "@" not in mail.author.address
    ):
        return None
    return receipts.target(mail.author, subject(mail.tree.headers), mail.tree.headers)


def _exchange(mail: Mail, settings: Settings) -> Exchange:
    """Return the loop guard of the sender; a stranger has another one than the sender whom the mail names."""
    author = mail.author.address if mail.author else ""
    names = (author, bare_subject(mail.tree.headers), mail.mailbox)
    name = digest(*names, *(["stranger"] if _is_stranger(mail, settings) else []))[:40]
    return Exchange(name, settings.loop_limit, settings.loop_minutes * 60)


def _text(mail: Mail, settings: Settings, *, strip: bool) -> str:
    return rendered(
        str(mail.author or ""),
        mail.said,
        report(mail.tree) if mail.kind == "bounce" else "",
        limit=settings.max_text,
        strip=strip and settings.strip_replies and mail.kind == "person",
    )


def _attributes(mail: Mail, settings: Settings, more: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return sorted attributes for routing: `class`, `from`, `to` (comma-separated), `list_id`, `verdict`, and more;
    none is empty."""
    pairs = {
        "class": mail.kind,
        "from": mail.author.address if mail.author else "",
        "to": ", ".join(mail.recipients),
        "list_id": _list_id(mail.tree.headers.text("list-id")),
        "verdict": mail.verdict.result if settings.authserv_id is not None else "",
        **dict(more),
    }
    return tuple(sorted((name, cut(one_line(value), MAX_ATTRIBUTE)) for name, value in pairs.items() if value.strip()))


def _list_id(written: str) -> str:
    """Return `ops.example.net` for `Ops <ops.example.net>`."""
    return (written.partition("<")[2].partition(">")[0] or written).strip().lower()


def _once(*items: T) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
