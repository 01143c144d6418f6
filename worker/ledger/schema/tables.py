"""What does the ledger hold? Custody, cases, operations, attempts; the properties that the rules rest on stand here.

What each word of a row means stands in `words.py`; the database admits no other.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from worker.ledger.schema.columns import Instant, Number, only, required
from worker.ledger.schema.words import (
    AttemptOutcome,
    CasePhase,
    ClosedBy,
    DeliveryState,
    InboundOutcome,
    LeftBy,
    MailOutcome,
    OperationKind,
    OperationState,
    ReceiptState,
    TicketOrigin,
)

metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


inbound = Table(
    "inbound",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    required("source", Text),
    required("received_at", Instant),
    required("outcome", Text),
    Column("reason", Text),
    required("headers", Text),  # JSON, without credentials
    required("query", Text),
    required("body", LargeBinary),  # zlib
    required("body_digest", Text),
    required("deliveries", Integer, server_default=text("1")),  # of the same unreadable bytes
    Column("duplicate_of", Number),  # the delivery that brought the same message first
    only("outcome", InboundOutcome),
    Index("ix_inbound_quarantined", "source", "body_digest", postgresql_where=text("outcome = 'quarantined'"),
          sqlite_where=text("outcome = 'quarantined'")),
)  # fmt: skip

cases = Table(
    "cases",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    required("source", Text),
    required("key", Text),
    # What planning knows: see lifecycle.CaseState.
    required("episode", Integer),
    required("phase", Text),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("priority", Text),
    # What delivery knows. Ready or idle is decided from head_seq and next_seq of this row: no wake-up is lost.
    required("state", Text),
    Column("kind", Text),  # of the head
    required("rank", Integer),
    required("run_at", Instant),
    required("head_seq", BigInteger),
    required("next_seq", BigInteger),
    required("epoch", BigInteger),  # counts claims: a settle of an older one is refused
    Column("owner", Text),
    Column("lease_until", Instant),
    required("attempts", Integer),  # of the head since it last succeeded, for backoff
    Column("ticket_id", Text),
    Column("ticket_status", Text),
    Column("last_error", Text),
    Column("opener", Text),  # who opened it, as the source names people
    Column("create_seq", BigInteger),  # of the operation that creates, or created, the ticket that it is about now
    required("lost", Boolean, server_default=false()),  # that operation is dead: what needs its ticket is held
    required("open_members", Integer, server_default=text("0")),  # of a group
    Column("left", Text),  # how others left its ticket
    Column("left_at", Instant),
    Column("changed_at", Instant),  # when it got its priority, by the source's clock
    Column("heard_at", Instant),  # when its source said last that it goes on; only where that is asked for
    UniqueConstraint("source", "key"),
    only("phase", CasePhase),
    only("state", DeliveryState),
    only("kind", OperationKind),
    only("left", LeftBy),
    Index("ix_cases_ready", "rank", "run_at", "id", postgresql_where=text("state = 'ready'"),
          sqlite_where=text("state = 'ready'")),
    Index("ix_cases_queues", "source", "rank", "run_at", "id", postgresql_where=text("state = 'ready'"),
          sqlite_where=text("state = 'ready'")),
    Index("ix_cases_leased", "lease_until", postgresql_where=text("state = 'leased'"),
          sqlite_where=text("state = 'leased'")),
)  # fmt: skip

operations = Table(
    "operations",
    metadata,
    Column("case_id", Number, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    required("inbound_id", Number),
    required("episode", Integer),
    required("kind", Text),
    required("rank", Integer),
    required("state", Text),
    required("idempotency_key", Text, unique=True),
    required("request", LargeBinary),  # the exact bytes; never changed once sent
    required("created_at", Instant),
    Column("first_sent_at", Instant),  # of the sends whose outcome is not known to be "not executed"
    required("ambiguous", Boolean),  # a send may have been executed
    required("conflicts", Integer),
    Column("ended_at", Instant),
    Column("response", Text),
    Column("why", Text),
    Column("target", BigInteger),  # the seq of the create whose ticket it is about; a create's is its own
    # Of a reopening: the create that takes its place where there is no ticket. Until the release after, also what
    # `own_request` says, for the version before, which knows no other column: see `queue/joining.py`.
    Column("instead", LargeBinary),
    Column("last_sent_at", Instant),  # absence is proven only when this send, too, can take effect no more
    required("unproven", Boolean, server_default=false()),  # a restored ledger cannot tell: as if its key were old
    Column("joined_into", BigInteger),  # the seq of the operation of its case that it is sent with
    Column("own_request", LargeBinary),  # what it said before others were joined into it; or it was, and stays alone
    only("kind", OperationKind),
    only("state", OperationState),
    Index("ix_operations_dead", "case_id", "seq", postgresql_where=text("state = 'dead'"),
          sqlite_where=text("state = 'dead'")),
    Index(None, "inbound_id"),
)  # fmt: skip

seen = Table(
    "seen",
    metadata,
    Column("source", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),  # of the source message id, or of it and its changed content
    required("content", LargeBinary),
    required("inbound_id", Number),
    required("case_id", Number),
    required("episode", Integer),
)

aliases = Table(
    "aliases",
    metadata,
    Column("source", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    required("case_id", Number),
)

participants = Table(
    "participants",
    metadata,
    Column("case_id", Number, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
)

members = Table(
    "members",
    metadata,
    Column("case_id", Number, primary_key=True, autoincrement=False),  # the group's
    Column("key", Text, primary_key=True),  # as the source names what the member is about
    required("source", Text),
    # What planning knows of it: see lifecycle.CaseState.
    required("episode", Integer),
    required("phase", Text),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("priority", Text),
    required("subject", Text),
    Column("heard_at", Instant),
    only("phase", CasePhase),
    Index(None, "source", "key"),
)

storms = Table(
    "storms",
    metadata,
    Column("case_id", Number, primary_key=True, autoincrement=False),  # of the ticket that they are gathered in
    required("since", Instant),  # the minute in which incidents are counted
    required("number", Integer),
    required("before", Integer),  # of the minute before
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),  # a digest of sender and subject
    Column("case_id", Number),  # where the latest message went that passed
    required("passed", Text),  # when the latest passed: times with blanks between, the oldest first
    Column("noted_at", Instant),  # when the latest note was made of those that did not
    required("at", Instant, index=True),  # when something was last said in it
)

directory = Table(
    "directory",
    metadata,
    Column("source", Text, primary_key=True),
    Column("id", Text, primary_key=True),  # of a user or a channel, as the platform gives it
    required("name", Text),
    required("at", Instant),  # when it was told last
)

pending = Table(
    "pending",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    required("source", Text),
    required("wanted", Text),  # the alias or case key that it waits for
    required("digest", LargeBinary),  # of the event: it waits once
    required("inbound_id", Number),
    required("event", Text),  # JSON
    required("occurred_at", Instant),
    required("expires_at", Instant, index=True),
    Column("treatment", Text),  # JSON: what was decided about it when it arrived
    UniqueConstraint("source", "digest"),
    Index(None, "source", "wanted"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("ticket_id", Text, primary_key=True),
    required("case_id", Number),
    required("create_seq", BigInteger),  # of the operation that created it, or would have
    required("how", Text),
    required("bound_at", Instant),
    Column("status", Text),  # as last known: open | pending | resolved | closed | gone
    Column("status_at", Instant),
    Column("reopened_at", Instant),  # by a person, as the Tickets API told
    Column("told_at", Instant),  # since when the latest state is so that the Tickets API told of, by its clock
    Column("looked_at", Instant),  # where its webhooks cannot reach us
    only("how", TicketOrigin),
    UniqueConstraint("case_id", "create_seq"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    required("case_id", Number),
    required("seq", BigInteger),
    required("at", Instant),
    required("outcome", Text),
    Column("status", Integer),
    Column("error", Text),
    Column("latency_ms", Integer),
    only("outcome", AttemptOutcome),
    Index(None, "case_id", "seq"),
)

gate = Table(
    "gate",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("closed_until", Instant),
    Column("reason", Text),
    Column("since", Instant),
    Column("probed_case", Number),  # the case that was let through last, to see whether the gate can be opened
    Column("learnt", Float),  # the share of the limit that the service seems to grant, as of the last 429
    Column("learnt_at", Instant),
    only("reason", ClosedBy),
)

pauses = Table(
    "pauses",
    metadata,
    Column("scope", Text, primary_key=True),  # a source id, or * for everything
    required("since", Instant),
    required("why", Text),
)

interventions = Table(
    "interventions",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    required("at", Instant),
    required("who", Text),
    required("what", Text),  # the command: dead retry, pause, ...
    required("subject", Text),  # op-CASE-SEQ, in-NUMBER, a source id, *
    required("detail", Text),  # JSON
)

receipts = Table(
    "receipts",
    metadata,
    Column("case_id", Number, primary_key=True, autoincrement=False),
    Column("target", Text, primary_key=True),  # as the source's connector writes it
    required("source", Text),
    required("state", Text),
    required("wanted", Integer),  # counts what there is to tell; a change while one is being told is not missed
    required("run_at", Instant),
    required("epoch", BigInteger),
    Column("lease_until", Instant),
    Column("place", Text),  # what was posted, to be edited
    Column("posting_at", Instant),  # of a first post that may be there
    required("attempts", Integer),
    Column("error", Text),
    only("state", ReceiptState),
    Index("ix_receipts_due", "source", "run_at", postgresql_where=text("state IN ('due', 'leased')"),
          sqlite_where=text("state IN ('due', 'leased')")),
)  # fmt: skip

jobs = Table(
    "jobs",
    metadata,
    Column("name", Text, primary_key=True),  # what it does, and for which source: confirm:prometheus
    required("due_at", Instant),
    required("epoch", BigInteger),  # counts who took it: the end of an older run is refused
    Column("owner", Text),
    Column("lease_until", Instant),
    required("state", Text),  # JSON: what it must remember until it runs again
    required("failures", Integer),  # in a row
    Column("failing_since", Instant),
    Column("error", Text),
    Column("succeeded_at", Instant),
)

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),  # marker_key | restored_at
    required("value", LargeBinary),
)

budget = Table(
    "budget",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    required("at", Instant, index=True),
    required("tokens", Integer),
    required("rank", Integer, server_default=text("9")),
    required("source", Text, server_default=text("''")),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    required("watched", Boolean),  # it is configured; a row stays when it is not any more
    required("silent_after", Float),  # seconds without a successful poll that are an alarm
    required("since", Instant),  # when it was first watched, or watched again
    Column("owner", Text),  # the process that reads it now
    Column("lease_until", Instant),
    Column("polled_at", Instant),  # successfully
    Column("error", Text),  # of the last poll, where it failed
    Column("login_error", Text),  # why we are not let in
    Column("token_ends_at", Instant),  # when the refresh token does, where the provider tells
)

folders = Table(
    "folders",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    required("uidvalidity", BigInteger),
    required("first_uid", BigInteger),  # what is below was there before us
    required("last_uid", BigInteger),  # up to here all is in the ledger, unless the reconcile says otherwise
    Column("since", Instant),  # what is older was there before us, when UIDs begin anew; none: nothing was
    Column("reconciled_at", Instant),
    required("unaccounted", Integer),  # UIDs that are on the server and not in the ledger, as last compared
)

mailbox_uids = Table(
    "mailbox_uids",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("inbound_id", Number),
    required("outcome", Text),  # when it was recorded
    Column("reason", Text),  # of one that is no delivery
    required("owed", Boolean),  # it is still to be flagged or moved
    only("outcome", MailOutcome),
)
