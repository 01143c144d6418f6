"""The document of each command: the type that encodes it, and its published schema.

`docs/reference/schemas/` holds the schema of each document (`python -m worker.cli.shell.schemas` writes them). The
schema is that of `-o json`; when a command prints a list, a line of `-o jsonl` is one of its items.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter

from worker.documents.audit import Audited, MailAudited
from worker.documents.dead_letters import (
    DeadLetterBound,
    DeadLetterDone,
    DeadLetterEdited,
    DeadLetterGroup,
    DeadLetterRefused,
    DeadLettersDone,
    DeadLetterShown,
)
from worker.documents.events import Exported
from worker.documents.explain import Explained
from worker.documents.replay import Replayed
from worker.documents.settings import Checked, Reloaded, TestsDone
from worker.documents.sources import PauseChanged, SourceShown, SourcesListed, SourceTested
from worker.documents.status import AlarmsTested, BudgetNow, LedgerIsAway, StatusNow
from worker.documents.upkeep import BackedUp, Bundled, PruneDone, Restored, Upgraded
from worker.ledger import (
    CaseLine,
    CaseShown,
    CaseStory,
    DeadLetter,
    DeliveryLine,
    Happening,
    Intervention,
    TableStats,
    Timeline,
)
from worker.rehearsal.report import Rehearsed

BASE = "https://json-schema.org/draft/2020-12/schema"

DOCUMENTS: Mapping[str, Any] = {
    "alarms-test": AlarmsTested,
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
    "dead-bind": DeadLetterBound,
    "dead-edit": DeadLetterEdited,
    "dead-groups": list[DeadLetterGroup],
    "dead-letter": DeadLetterDone | DeadLetterRefused,
    "dead-list": list[DeadLetter],
    "dead-retry": DeadLettersDone,
    "dead-show": DeadLetterShown,
    "dead-skip": DeadLettersDone,
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
"""The type of each document, by the command's words. The items of a list may be printed one after the other."""

DESCRIPTIONS: Mapping[str, str] = {
    "alarms-test": "The targets of alarms, and whether each took a test message.",
    "audit": "The differences between the ledger and the Tickets API, and how many tickets were compared.",
    "budget": "The use of the budget in the last minute, by rank and source, and the work that waits.",
    "cases-list": "The cases, one item each.",
    "cases-show": "Each case that was found, with its events, operations, attempts and interventions.",
    "check": "The errors and warnings in the settings.",
    "db-backup": "The file of the copy.",
    "db-prune": "The number of rows that were pruned, or would be.",
    "db-restored": "The number of operations that are in doubt since the ledger came back from a backup.",
    "db-stats": "The size and growth of each table.",
    "db-upgrade": "The database whose tables are up to date.",
    "dead-bind": "The ticket that a dead letter was bound to.",
    "dead-edit": "The dead letter that is sent with another body.",
    "dead-groups": "The dead letters in groups, and the number of operations that each group holds up.",
    "dead-letter": "One dead letter, and whether it was retried, skipped or refused.",
    "dead-list": "The dead letters, one item each.",
    "dead-retry": "Every dead letter that was chosen, and whether it was retried or refused.",
    "dead-show": "A dead letter with its bytes, its attempts, and how much it holds up.",
    "dead-skip": "Every dead letter that was chosen, and whether it was skipped or refused.",
    "doctor": "The file of the bundle, and its parts.",
    "events-export": "The deliveries as they arrived, one item each.",
    "events-find": "The cases that were found, with their operations and attempts.",
    "events-list": "The deliveries, one item each.",
    "events-show": "The steps of a message, an operation or a case, in order.",
    "explain": "The routes that a message matches, and the operations that would follow.",
    "interventions-list": "What people did by hand, one item each.",
    "mail-audit": "Each folder of the mailboxes, and the mails that are not in the ledger.",
    "rehearse": "The tickets and calls that differ between two configurations.",
    "reload": "The settings that changed, and those that need a restart; or the problems.",
    "replay": "The number of deliveries that were read again, and their effects.",
    "sources-list": "The sources, with their last message, their waiting operations and their pause.",
    "sources-pause": "The source that is paused now.",
    "sources-resume": "The source that is not paused any more.",
    "sources-show": "One source, with its health and the outcomes of its deliveries and attempts.",
    "sources-test": "How far a sample of a source came.",
    "status": "The state in a sentence, the work, the processes and the alarms; without a ledger to read, the alarms.",
    "tail": "The deliveries that arrive and the calls that are made, one item each.",
    "test": "The tests of the configuration, and what came out otherwise than expected.",
}
"""Contents of each document, for the reference."""

OTHER_COMMANDS: Mapping[str, str] = {
    "dead-groups": "dead list --by …",
    "dead-letter": "dead retry -o jsonl, dead skip -o jsonl",
}
"""The commands that print a document that is not named after its command."""


def printed_by(document: str) -> str:
    """Return the command that prints a document."""
    return OTHER_COMMANDS.get(document, document.replace("-", " ", 1))


@cache
def adapter(document: str) -> TypeAdapter[Any]:
    """Return the adapter that encodes a document and makes its schema."""
    return TypeAdapter(DOCUMENTS[document])


@cache
def item_adapter(document: str) -> TypeAdapter[Any]:
    """Return the adapter for an item of a document that is a list."""
    kind = DOCUMENTS[document]
    return TypeAdapter(get_args(kind)[0]) if get_origin(kind) is list else adapter(document)


def schema(document: str) -> dict[str, Any]:
    """Return the published schema, in which all fields are required, and no others are allowed."""
    found = adapter(document).json_schema(mode="serialization")
    for each in (found, *found.get("$defs", {}).values()):
        if "properties" in each:
            each["required"] = list(each["properties"])
            each["additionalProperties"] = False
            for one in each["properties"].values():
                one.pop("default", None)
    return {"$schema": BASE, "$id": f"{document}.json"} | found
