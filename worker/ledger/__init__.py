"""The ledger: the only truth about every message, and its only writer.

`Ledger` has the verbs, grouped by their callers in `verbs/`. The other folders implement them. Code outside the ledger
imports this package only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tickets.models import Revision
from worker.ledger.engine import facts
from worker.ledger.engine.database import PATIENCE_S, Clock, Database
from worker.ledger.engine.room import says_full
from worker.ledger.engine.writes import says_locked
from worker.ledger.operator.audit import ApiSide, Finding, Found, LedgerSide, compare
from worker.ledger.operator.dead_letters import DeadLetter, DeadLetterInFull, NoSuchDeadLetter, Try
from worker.ledger.operator.interventions import UNNAMED, Intervention
from worker.ledger.operator.repair import CannotBeDone
from worker.ledger.processes import DELIVERING, ROLES, BrokerSeen, Holds, Presence, Process, Role
from worker.ledger.queue import answers, gates
from worker.ledger.queue.budget import MOST_LATE, Limits
from worker.ledger.queue.claim import Claim, Claimed, Lease, Mode, Terms
from worker.ledger.queue.clock_jumps import JOB as CLOCK_JOB
from worker.ledger.queue.clock_jumps import ClockWatch, Jump
from worker.ledger.queue.gates import EVERYTHING, CloseGate, Pause
from worker.ledger.queue.settles import Outcome, Settlement
from worker.ledger.queue.spending import Spending
from worker.ledger.queue.undelivered import Waits, Why
from worker.ledger.receipts import Receipt
from worker.ledger.recording.recorder import Delivery, Recorded, UidPlace, storable
from worker.ledger.recording.replays import Again, Span, Stored
from worker.ledger.reports.accounting import Outcomes
from worker.ledger.reports.alarms import Alarm, alarms
from worker.ledger.reports.caselist import CaseFilter, CaseLine
from worker.ledger.reports.declared_alarms import (
    ALARMS,
    BROKER_AWAY,
    DISK_FULL,
    LEDGER_AWAY,
    LEDGER_NOT_WRITABLE,
    PROCESS_MISSING,
    DeclaredAlarm,
)
from worker.ledger.reports.deliveries import DeliveryLine, StoredDelivery
from worker.ledger.reports.deliveries import Filter as DeliveryFilter
from worker.ledger.reports.flow import Flow
from worker.ledger.reports.following import Filter as HappeningFilter
from worker.ledger.reports.following import Happening
from worker.ledger.reports.overview import CaseStory, OperationStory, Overview, SourceActivity
from worker.ledger.reports.timeline import Step, Timeline
from worker.ledger.reports.watching import OpenSubject
from worker.ledger.schema.words import ACCEPTED, INTERNAL, JOB_HEADER, OURS, QUARANTINED, SKIPPED, DeliveryState
from worker.ledger.sources.jobs import FailingJob
from worker.ledger.sources.jobs import Job as LeasedJob
from worker.ledger.sources.mailboxes import Cursor, Known, Mailbox, MailboxState
from worker.ledger.upkeep.backup import BackupBroken
from worker.ledger.upkeep.pruning import Pruned
from worker.ledger.upkeep.pruning import Span as PruneSpan
from worker.ledger.upkeep.standing_alarms import HOLD as ALARM_HOLD
from worker.ledger.upkeep.standing_alarms import StandingAlarm
from worker.ledger.upkeep.stats import TableStats
from worker.ledger.upkeep.titles import TITLED as TITLED_TABLES
from worker.ledger.verbs.delivery import DeliveryVerbs, GateVerbs
from worker.ledger.verbs.job_store import JobStore
from worker.ledger.verbs.mailboxes import Mailboxes
from worker.ledger.verbs.operator import OperatorVerbs
from worker.ledger.verbs.processes import Processes
from worker.ledger.verbs.reading import CaseShown, Reading
from worker.ledger.verbs.recording import RecordingVerbs
from worker.ledger.verbs.reports import ReportVerbs
from worker.ledger.verbs.rules import StandingRules
from worker.ledger.verbs.upkeep import Upkeep
from worker.planning.model import Policy
from worker.routing import default_policy, may_answer, may_delay, may_group
from worker.settings import Settings, TimingSettings

__all__ = [
    "ACCEPTED", "ALARMS", "ALARM_HOLD", "BROKER_AWAY", "CLOCK_JOB", "DELIVERING", "DISK_FULL", "EVERYTHING", "INTERNAL",
    "JOB_HEADER", "LEDGER_AWAY", "LEDGER_NOT_WRITABLE", "MOST_LATE", "OURS", "PROCESS_MISSING", "QUARANTINED",
    "ROLES", "SKIPPED", "TITLED_TABLES", "UNNAMED", "Again", "Alarm", "ApiSide", "BackupBroken", "BrokerSeen",
    "CannotBeDone", "CaseFilter", "CaseLine", "CaseShown", "CaseStory", "Claim", "Claimed", "Clock", "ClockWatch",
    "CloseGate", "Cursor", "DeadLetter", "DeadLetterInFull", "DeclaredAlarm", "Delivery", "DeliveryFilter",
    "DeliveryLine", "DeliveryState", "FailingJob", "Finding", "Flow", "Found", "Happening", "HappeningFilter",
    "Holds", "Intervention", "JobStore", "Jump", "Known", "Lease", "LeasedJob", "Ledger", "LedgerAway",
    "LedgerSide", "Limits", "Mailbox", "MailboxState", "Mailboxes", "Mode", "NoSuchDeadLetter", "OpenSubject",
    "OperationStory", "Outcome", "Outcomes", "Overview", "Pause", "Presence", "Process", "PruneSpan", "Pruned",
    "Receipt", "Recorded", "Role", "Settlement", "SourceActivity", "Span", "Spending", "StandingAlarm", "Step",
    "Stored", "StoredDelivery", "TableStats", "Terms", "Timeline", "Try", "UidPlace", "Waits", "Why", "alarms",
    "compare", "open_ledger", "rejects_the_values", "says_full", "storable", "why_away", "will_stay_away",
]  # fmt: skip

# Raised by SQLAlchemy when the database does not answer, refuses or has no space; the caller tries again later.
LedgerAway = (OperationalError, PoolTimeout)


class Ledger(RecordingVerbs, DeliveryVerbs, GateVerbs, OperatorVerbs, ReportVerbs):
    """The verbs, each in its own transaction. Raises one of `LedgerAway` when the database cannot be used."""

    def __init__(
        self,
        url: str,
        *,
        policy: Policy | None = None,
        revision: Revision = "A",
        timing: TimingSettings | None = None,
        clock: Clock | None = None,
        may_delay: bool = False,
        may_group: bool = False,
        may_answer: bool = False,
    ) -> None:
        super().__init__(Database(url, clock))
        self.rules = StandingRules(
            policy or Policy(),
            revision,
            timing or TimingSettings(),
            may_delay=may_delay,
            may_group=may_group,
            may_answer=may_answer,
        )
        self.reading = Reading(self.database)
        self.upkeep = Upkeep(self.database)
        self.job_store = JobStore(self.database)
        self.mailboxes = Mailboxes(self.database)
        self.processes = Processes(self.database)

    def follow(self, current: Callable[[], Settings]) -> None:
        """Plan from now on by the policy and routes that are current when a transaction begins."""
        self.rules.follow(current)

    def upgrade(self, patience: float = PATIENCE_S) -> None:
        """Bring the tables to this version's schema. `patience` is how many seconds it waits for SQLite's lock."""
        self.database.upgrade(patience)
        with self.database.write(patience) as connection:
            gates.ensure_gate(self.database, connection)
            answers.ensure(self.database, connection)
            facts.ensure(self.database, connection)

    def is_current(self) -> bool:
        """Return True when the tables exist with this version's schema."""
        return self.database.is_current()

    def is_usable(self) -> bool:
        """Return True when the tables have this version's schema or a later one."""
        return self.database.is_usable()

    def write_problem(self) -> str | None:
        """Return why writes fail at present; None when they succeed."""
        return self.database.write_problem()

    def role_only_reads(self) -> bool:
        """Return True when this role of the database is set to read only, and other roles may write."""
        return self.database.role_only_reads()

    def when_back(self, tell: Callable[[float], None]) -> None:
        """Have the end of each outage told from now on: once, with the seconds for which this process saw it."""
        self.database.outage.tell_back = tell

    def close(self) -> None:
        self.database.close()


def why_away(error: BaseException) -> str:
    """Return one of `LedgerAway` in words: the first line of the database's message, without the statement.

    Of another error only the class is named, since its text may hold values of a message.
    """
    if not isinstance(error, LedgerAway):
        return f"the ledger cannot be used: {type(error).__name__}"
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"the ledger cannot be used: {lines[0] if lines else type(error).__name__}"


_NOT_AWAY = (
    "password authentication failed", "no password supplied", "role \"", "database \"", "no pg_hba.conf entry",
    "invalid connection option", 'certificate file "', "invalid target_session_attrs",
)  # fmt: skip


def will_stay_away(error: Exception) -> bool:
    """Return True for an error that waiting does not mend: a wrong password, or an unknown user, database or folder.

    The server tells them apart by a code that the driver does not pass on for a failed connection, so this looks at
    its words. In another language they count as an outage.
    """
    original = getattr(error, "orig", None)
    if isinstance(original, OSError | sqlite3.Error):  # of SQLite's file
        return not (says_locked(error) or says_full(error))
    said = why_away(error)
    return any(each in said for each in _NOT_AWAY)


def open_ledger(settings: Settings) -> Ledger:
    """Return the ledger configured in the settings."""
    return Ledger(
        settings.ledger.url,
        policy=default_policy(settings.policy),
        revision=settings.api.revision,
        timing=settings.timing,
        may_delay=may_delay(settings.policy, settings.routes),
        may_group=may_group(settings.policy, settings.routes),
        may_answer=may_answer(settings.sources),
    )


def rejects_the_values(error: BaseException) -> bool:
    """Return True when the database refused the values of a statement, rather than being unavailable."""
    return isinstance(error, DataError | IntegrityError)
