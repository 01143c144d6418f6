"""What does each command print as JSON? The type that it is encoded by, and its published schema.

`docs/schemas/` holds the schema of each document (`python -m worker.cli.shell.schemas` writes them): of `-o json` as it
stands; where a command answers with a list, a line of `-o jsonl` is one of its items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any, Literal, get_args, get_origin

from pydantic import TypeAdapter
from typing_extensions import TypedDict  # pydantic needs it where Python is older than 3.12

from connectors.contract.events import Priority
from worker.ledger import (
    Alarm,
    CaseLine,
    CaseShown,
    CaseStory,
    DeadLetter,
    DeliveryLine,
    FailingJob,
    Finding,
    Happening,
    Intervention,
    Outcomes,
    Overview,
    Pause,
    Spending,
    TableStats,
    Timeline,
    Try,
)
from worker.planning.model import Kind
from worker.rehearsal.report import Rehearsed
from worker.rehearsal.trial import Mismatch

BASE = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class StatusNow(Overview):
    """`status`"""

    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerIsAway:
    """`status` where the ledger cannot be read."""

    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class LimitsSet:
    """Requests that the key may make; None: no limit."""

    per_minute: int | None
    per_second: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetNow(Spending):
    """`budget`"""

    limits: LimitsSet
    used: int
    """Tokens of the last minute."""


@dataclass(frozen=True, slots=True)
class LetterShown:
    """`dead show`"""

    letter: DeadLetter
    body: str
    idempotency_key: str | None
    may_have_been_executed: bool
    tries: tuple[Try, ...]


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """`dead list --by`"""

    group: str
    letters: int
    holds_up: int
    first: str


@dataclass(frozen=True, slots=True)
class LetterDone:
    """A dead letter that was retried or skipped."""

    id: str
    operations: int
    """How many went on, or were given up, with it."""


@dataclass(frozen=True, slots=True)
class LetterRefused:
    """A dead letter that stays as it is."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class LettersDone:
    """`dead retry` and `dead skip`; a line of `-o jsonl` is one of the letters."""

    done: list[LetterDone]
    refused: list[LetterRefused]


@dataclass(frozen=True, slots=True)
class LetterEdited:
    """`dead edit`"""

    id: str
    edited: bool
    released: int


@dataclass(frozen=True, slots=True)
class LetterBound:
    """`dead bind`"""

    id: str
    ticket: str
    status: str
    released: int


Health = Literal["ok", "paused", "needs somebody", "silent"]


@dataclass(frozen=True, slots=True)
class SourceListed:
    """One source of `sources list`."""

    source: str
    kind: str | None
    """None: not configured here."""
    health: Health
    """`silent`: nothing came in the last 24 hours."""
    last_message_at: datetime | None
    open_operations: int
    dead: int
    pause: Pause | None


@dataclass(frozen=True, slots=True)
class SourcesListed:
    """`sources list`"""

    sources: tuple[SourceListed, ...]
    all_paused: Pause | None


@dataclass(frozen=True, slots=True)
class SourceShown:
    """`sources show`"""

    source: str
    kind: str | None
    health: Health
    """silent: nothing came since `counted_since`; needs somebody: it has dead letters."""
    last_message_at: datetime | None
    open_operations: int
    dead: int
    """Its dead letters."""
    pause: Pause | None
    counted_since: datetime
    deliveries: dict[str, int]
    """By outcome."""
    attempts: dict[str, int]
    """By outcome."""
    has_previous_secret: bool
    failing_jobs: tuple[FailingJob, ...]
    """Of this source, such as `confirm:prometheus`."""


@dataclass(frozen=True, slots=True)
class SourceTested:
    """`sources test`: how far a sample of ours came."""

    source: str
    kind: str
    sample: str | None
    """The fixture that was read; None where the connector has none, and only its signature is tested."""
    verified: bool
    refuses_forged: bool
    """The same message with another secret is denied."""
    parsed: bool
    events: int
    asked: bool | None
    """Its product, asked just now, said which alerts go on; None: it is not configured to be asked."""
    problem: str | None


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """`sources pause` and `sources resume`"""

    scope: str
    """A source, or * for every one."""
    paused: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Audited:
    """`audit`"""

    findings: list[Finding]
    compared: dict[str, int]
    """bound: tickets of the ledger; found: of the API; requests: made for it."""
    updated: int | None
    """Tickets recorded with `--update`."""


@dataclass(frozen=True, slots=True)
class FolderAudited:
    """A folder of a mailbox: what the server has, and what the ledger knows of it."""

    folder: str
    on_server: int
    """Mails that are there now."""
    before_us: int
    """Those of them that were there before the mailbox was watched."""
    accounted: int
    """Those of them that the ledger knows."""
    missing: list[int]
    """The UIDs of the others: the gaps."""
    not_read_yet: int
    """Those of the gaps that are above the cursor: the next poll takes them."""
    owed: int
    """Mails that are in the ledger and were not flagged or moved yet."""
    outcomes: Outcomes
    """All that the ledger knows of the folder, also what is not there any more, by what it became."""


@dataclass(frozen=True, slots=True)
class MailboxAudited:
    """A mailbox, compared with the ledger."""

    source: str
    mailbox: str
    folders: list[FolderAudited]
    error: str | None
    """Why it could not be compared."""


@dataclass(frozen=True, slots=True)
class DeliveriesAudited:
    """The deliveries of a source that takes mail, by whatever way, by what they became."""

    source: str
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class MailAudited:
    """`mail audit`"""

    mailboxes: list[MailboxAudited]
    deliveries: list[DeliveriesAudited]
    gaps: int
    """Mails on the servers that are not accounted for."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """`replay`"""

    deliveries: int
    events: dict[str, int]
    """By sighting: new, repeat, changed."""
    operations: dict[str, int]
    """Planned, by kind."""
    left_quarantine: int
    not_read: dict[str, str]
    """Why, by delivery."""
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Upgraded:
    """`db upgrade`"""

    ledger: str


class ChangeTold(TypedDict):
    """One setting, or what has settings, and how it differs."""

    setting: str
    what: Literal["new", "changed", "removed", "moved"]


class Reloaded(TypedDict):
    """`reload`: what holds now, and what would need a restart; or what is wrong, and then nothing has changed."""

    changed: list[ChangeTold]
    needs_restart: list[ChangeTold]
    problems: list[str]


@dataclass(frozen=True, slots=True)
class Restored:
    """`db restored`"""

    ledger: str
    unfinished: int


@dataclass(frozen=True, slots=True)
class BackedUp:
    """`db backup`"""

    ledger: str
    file: str
    bytes: int


@dataclass(frozen=True, slots=True)
class PruneDone:
    """`db prune`"""

    bodies: int
    body_bytes: int
    """Compressed."""
    attempts: int
    bodies_before: datetime
    attempts_before: datetime
    dry_run: bool
    is_complete: bool
    """False when it was interrupted: run it again."""


@dataclass(frozen=True, slots=True)
class Exported:
    """`events export`: a delivery as it arrived."""

    id: str
    source: str
    kind: str | None
    received_at: datetime
    redacted: bool
    headers: tuple[tuple[str, str], ...]
    query: str
    body: str | None
    """Its text; None where it is not UTF-8."""
    body_base64: str | None
    """Its bytes, where it is not UTF-8."""


@dataclass(frozen=True, slots=True)
class Bundled:
    """`doctor`"""

    file: str
    parts: tuple[str, ...]
    problems: tuple[str, ...]
    """What could not be found out, and why."""


@dataclass(frozen=True, slots=True)
class TestDone:
    """One test, and what did not come out as it says."""

    __test__ = False  # pytest: this is none of its own

    name: str
    source: str
    ok: bool
    mismatches: tuple[Mismatch, ...]
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class TestsDone:
    """`test`"""

    __test__ = False

    passed: int
    failed: int
    tests: tuple[TestDone, ...]


class Left(TypedDict):
    """An item of a payload that became no event, or not a whole one."""

    item: str
    reason: str


class Planned(TypedDict):
    """A call that would follow."""

    kind: Kind
    idempotency_key: str
    body: dict[str, Any]
    """As it would be sent."""


class RouteMatched(TypedDict):
    """A route that matched, and the names of what it set."""

    route: str
    sets: list[str]


class RouteMissed(TypedDict):
    """A route that a single matcher kept from matching, and the value that it met."""

    route: str
    failed: str
    value: str


class TemplateMisfit(TypedDict):
    """A template that could not be used."""

    route: str
    template: str
    why: str


class RoutingExplained(TypedDict):
    """What the routes made of an event."""

    matched: list[RouteMatched]
    nearly: list[RouteMissed]
    not_reached: list[str]
    misfits: list[TemplateMisfit]
    group: str | None


class EventExplained(TypedDict):
    """One event, as its route has it."""

    kind: str
    case: str
    aliases: list[str]
    """Further names of the case that it makes known."""
    looked_for_as: list[str]
    """Names under which it looks for a case that is there, before the one that `case` names."""
    correlated: str
    """Which case it came to, in words."""
    source_message_id: str
    occurred_at: str
    subject: str
    description: str
    priority: Priority
    category: str | None
    private: bool
    routing: RoutingExplained | None
    """None where no routes are configured."""
    operations: list[Planned]
    reason: str | None
    """Why nothing follows."""


class Explained(TypedDict):
    """`explain`"""

    verified: str | None
    """How it was proven who sent it, in words; None where it is not."""
    events: list[EventExplained]
    ignored: list[Left]
    unreadable: list[Left]
    error: str | None
    """Why the message, or a part of it, cannot be read; or who sent it is not proven."""


class ProblemTold(TypedDict):
    """One thing that is wrong with the settings. `given_by`: the variable or flag, where it is not in the file."""

    severity: Literal["error", "warning"]
    file: str | None
    line: int | None
    column: int | None
    length: int | None
    setting: str | None
    given_by: str | None
    message: str
    todo: str | None


class ConnectionTold(TypedDict):
    """What was asked with `--connect`, and what it said."""

    what: str
    ok: bool
    said: str


class Checked(TypedDict):
    """`check`"""

    problems: list[ProblemTold]
    connections: list[ConnectionTold]


DOCUMENTS: Mapping[str, Any] = {
    "audit": Audited,
    "budget": BudgetNow,
    "cases-list": list[CaseLine],
    "cases-show": list[CaseShown],
    "check": Checked,
    "db-backup": BackedUp,
    "db-prune": PruneDone,
    "db-restored": Restored,
    "db-stats": list[TableStats],
    "db-upgrade": Upgraded,
    "dead-bind": LetterBound,
    "dead-edit": LetterEdited,
    "dead-groups": list[LetterGroup],
    "dead-letter": LetterDone | LetterRefused,
    "dead-list": list[DeadLetter],
    "dead-retry": LettersDone,
    "dead-show": LetterShown,
    "dead-skip": LettersDone,
    "doctor": Bundled,
    "events-export": list[Exported],
    "events-find": list[CaseStory],
    "events-list": list[DeliveryLine],
    "events-show": Timeline,
    "explain": Explained,
    "interventions-list": list[Intervention],
    "mail-audit": MailAudited,
    "rehearse": Rehearsed,
    "reload": Reloaded,
    "replay": Replayed,
    "sources-list": SourcesListed,
    "sources-pause": PauseChanged,
    "sources-resume": PauseChanged,
    "sources-show": SourceShown,
    "sources-test": SourceTested,
    "status": StatusNow | LedgerIsAway,
    "tail": list[Happening],
    "test": TestsDone,
}
"""The type of each document, by the command's words; a list may be printed one after the other."""


@cache
def adapter(document: str) -> TypeAdapter[Any]:
    """What encodes a document, and knows its schema."""
    return TypeAdapter(DOCUMENTS[document])


@cache
def item_adapter(document: str) -> TypeAdapter[Any]:
    """The same of one of the things of a list."""
    kind = DOCUMENTS[document]
    return TypeAdapter(get_args(kind)[0]) if get_origin(kind) is list else adapter(document)


def schema(document: str) -> dict[str, Any]:
    """The published schema: all fields are always there, and no others."""
    found = adapter(document).json_schema(mode="serialization")
    for each in (found, *found.get("$defs", {}).values()):
        if "properties" in each:
            each["required"] = list(each["properties"])
            each["additionalProperties"] = False
            for one in each["properties"].values():
                one.pop("default", None)
    return {"$schema": BASE, "$id": f"{document}.json"} | found


def widened(kind: type[Any], narrow: Any, **more: Any) -> Any:
    """A `kind` with the fields of `narrow`, whose type it extends."""
    return kind(**{each.name: getattr(narrow, each.name) for each in fields(narrow)}, **more)
