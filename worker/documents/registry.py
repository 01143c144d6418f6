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
from worker.documents.status import BudgetNow, LedgerIsAway, StatusNow
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
