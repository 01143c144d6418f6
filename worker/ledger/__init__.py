"""The ledger: the only truth about every message, and its only writer.

`Ledger` has the verbs, grouped by their callers in `verbs/`. The other folders implement them. Code outside the ledger
imports this package only.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tickets.models import Revision
from worker.ledger.engine import facts
from worker.ledger.engine.database import PATIENCE_S, Clock, Database
from worker.ledger.engine.room import says_full
from worker.ledger.operator.audit import ApiSide, Finding, Found, LedgerSide, compare
from worker.ledger.operator.dead_letters import DeadLetter, DeadLetterInFull, NoSuchDeadLetter, Try
from worker.ledger.operator.interventions import UNNAMED, Intervention
from worker.ledger.operator.repair import CannotBeDone
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
from worker.ledger.reports.caselist import CaseFilter, CaseLine
from worker.ledger.reports.declared_alarms import ALARMS, DISK_FULL, LEDGER_AWAY
from worker.ledger.reports.deliveries import DeliveryLine, StoredDelivery
from worker.ledger.reports.deliveries import Filter as DeliveryFilter
from worker.ledger.reports.following import Filter as HappeningFilter
from worker.ledger.reports.following import Happening
from worker.ledger.reports.overview import Alarm, CaseStory, OperationStory, Overview, SourceActivity, alarms
from worker.ledger.reports.timeline import Step, Timeline
from worker.ledger.reports.watching import OpenSubject
from worker.ledger.schema.words import ACCEPTED, INTERNAL, JOB_HEADER, OURS, QUARANTINED, SKIPPED
from worker.ledger.sources.jobs import FailingJob
from worker.ledger.sources.jobs import Job as LeasedJob
from worker.ledger.sources.mailboxes import Cursor, Known, Mailbox, MailboxState
from worker.ledger.upkeep.backup import BackupBroken
from worker.ledger.upkeep.pruning import Pruned
from worker.ledger.upkeep.pruning import Span as PruneSpan
from worker.ledger.upkeep.stats import TableStats
from worker.ledger.upkeep.titles import TITLED as TITLED_TABLES
from worker.ledger.verbs.delivery import DeliveryVerbs, GateVerbs
from worker.ledger.verbs.job_store import JobStore
from worker.ledger.verbs.mailboxes import Mailboxes
from worker.ledger.verbs.operator import OperatorVerbs
from worker.ledger.verbs.reading import CaseShown, Reading
from worker.ledger.verbs.recording import RecordingVerbs
from worker.ledger.verbs.reports import ReportVerbs
from worker.ledger.verbs.rules import StandingRules
from worker.ledger.verbs.upkeep import Upkeep
from worker.planning.model import Policy
from worker.routing import default_policy, may_answer, may_delay, may_group
from worker.settings import Settings, TimingSettings

__all__ = [
    "ACCEPTED", "ALARMS", "CLOCK_JOB", "DISK_FULL", "EVERYTHING", "INTERNAL", "JOB_HEADER", "LEDGER_AWAY", "MOST_LATE",
    "OURS", "QUARANTINED", "SKIPPED", "TITLED_TABLES", "UNNAMED", "Again", "Alarm", "ApiSide", "BackupBroken",
    "CannotBeDone", "CaseFilter", "CaseLine", "CaseShown", "CaseStory", "Claim", "Claimed", "Clock", "ClockWatch",
    "CloseGate", "Cursor", "DeadLetter", "DeadLetterInFull", "Delivery", "DeliveryFilter", "DeliveryLine", "FailingJob",
    "Finding", "Found", "Happening", "HappeningFilter", "Intervention", "JobStore", "Jump", "Known", "Lease",
    "LeasedJob", "Ledger", "LedgerAway", "LedgerSide", "Limits", "Mailbox", "MailboxState", "Mailboxes", "Mode",
    "NoSuchDeadLetter", "OpenSubject", "OperationStory", "Outcome", "Outcomes", "Overview", "Pause", "PruneSpan",
    "Pruned", "Receipt", "Recorded", "Settlement", "SourceActivity", "Span", "Spending", "Step", "Stored",
    "StoredDelivery", "TableStats", "Terms", "Timeline", "Try", "UidPlace", "Waits", "Why", "alarms", "compare",
    "open_ledger", "rejects_the_values", "says_full", "storable", "why_away",
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

    def close(self) -> None:
        self.database.close()


def why_away(error: Exception) -> str:
    """Return one of `LedgerAway` in words, without the statement."""
    return f"the ledger cannot be used: {getattr(error, 'orig', None) or error}".strip()


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
