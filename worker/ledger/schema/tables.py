"""The tables of the ledger, with the keys and constraints on which its guarantees depend.

`words.py` explains each word that a row may contain; the database refuses any other word.
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

from worker.ledger.schema import words
from worker.ledger.schema.columns import Instant, Number, only, partial, required

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
    required("deliveries", Integer, server_default=text("1")),  # number of deliveries with the same unreadable bytes
    Column("duplicate_of", Number),  # the delivery that first brought the same message
    Column("subject", Text),  # of its first event; without the text of a private one; deleted with the body
    Column("sender", Text),  # the author of that event, unless it is private
    only("outcome", words.InboundOutcome),
    partial("ix_inbound_quarantined", "source", "body_digest", where="outcome = 'quarantined'"),
)  # fmt: skip

cases = Table(
    "cases",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    required("source", Text),
    required("key", Text),
    # State for planning: see lifecycle.CaseState.
    required("episode", Integer),
    required("phase", Text),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("priority", Text),
    # State for delivery. head_seq and next_seq of this row decide between ready and idle: no wake-up is lost.
    required("state", Text),
    Column("kind", Text),  # of the head, the oldest open operation
    required("rank", Integer),
    required("run_at", Instant),
    required("head_seq", BigInteger),
    required("next_seq", BigInteger),
    required("epoch", BigInteger),  # counts claims: a settle of an older claim is refused
    Column("owner", Text),
    Column("lease_until", Instant),
    required("attempts", Integer),  # of the head since its last success, for the backoff
    Column("ticket_id", Text),
    Column("ticket_status", Text),
    Column("last_error", Text),
    Column("opener", Text),  # the author of the opening, as the source names people
    Column("create_seq", BigInteger),  # of the create of its current ticket
    required("lost", Boolean, server_default=false()),  # that create is dead: what needs its ticket is held
    required("open_members", Integer, server_default=text("0")),  # of a group
    Column("left", Text),  # the state in which others left the ticket
    Column("left_at", Instant),
    Column("changed_at", Instant),  # when the priority was set, by the source's clock
    Column("heard_at", Instant),  # when the source last reported that it goes on; only for expiry
    Column("subject", Text),  # of its latest ticket, as planned: without the text of a private event
    UniqueConstraint("source", "key"),
    only("phase", words.CasePhase),
    only("state", words.DeliveryState),
    only("kind", words.OperationKind),
    only("left", words.LeftBy),
    partial("ix_cases_ready", "rank", "run_at", "id", where="state = 'ready'"),
    partial("ix_cases_queues", "source", "rank", "run_at", "id", where="state = 'ready'"),
    partial("ix_cases_leased", "lease_until", where="state = 'leased'"),
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
    required("request", LargeBinary),  # the exact bytes; never changed after a send
    required("created_at", Instant),
    Column("first_sent_at", Instant),  # of the sends that may have been executed
    required("ambiguous", Boolean),  # a send may have been executed
    required("conflicts", Integer),
    Column("ended_at", Instant),
    Column("response", Text),
    Column("why", Text),
    Column("target", BigInteger),  # the seq of the create of its ticket; for a create, its own seq
    # For a reopening: the create that replaces it where the ticket is missing. Until the next release, also a copy of
    # `own_request` for the previous version, which reads no other column: see `queue/joining.py`.
    Column("instead", LargeBinary),
    Column("last_sent_at", Instant),  # absence is proven only after this send can no longer take effect
    required("unproven", Boolean, server_default=false()),  # set by a restore: treated as if its key had expired
    Column("joined_into", BigInteger),  # the seq of the operation that it is sent with
    Column("own_request", LargeBinary),  # its request without joined parts; then nothing more is joined
    only("kind", words.OperationKind),
    only("state", words.OperationState),
    # No rank is below 0: the condition keeps PostgreSQL from using the index for the operations of one case.
    partial("ix_operations_waiting", "rank", "created_at", where="state = 'open' AND rank >= 0"),
    partial("ix_operations_dead", "case_id", "seq", where="state = 'dead'"),
    Index(None, "inbound_id"),
)  # fmt: skip

seen = Table(
    "seen",
    metadata,
    Column("source", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),  # of the source message id, or of that id and its changed content
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
    Column("case_id", Number, primary_key=True, autoincrement=False),  # the case of the group
    Column("key", Text, primary_key=True),  # the case key of the member in its source
    required("source", Text),
    # State for planning: see lifecycle.CaseState.
    required("episode", Integer),
    required("phase", Text),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("priority", Text),
    required("subject", Text),
    Column("heard_at", Instant),
    only("phase", words.CasePhase),
    Index(None, "source", "key"),
)

storms = Table(
    "storms",
    metadata,
    Column("case_id", Number, primary_key=True, autoincrement=False),  # of the ticket that gathers the incidents
    required("since", Instant),  # the minute in which incidents are counted
    required("number", Integer),
    required("before", Integer),  # incidents of the minute before
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("source", Text, primary_key=True),
    Column("name", Text, primary_key=True),  # a digest of sender and subject
    Column("case_id", Number),  # the case of the latest message that passed
    required("passed", Text),  # times of the latest messages that passed, separated by blanks, the oldest first
    Column("noted_at", Instant),  # when the latest note about stopped messages was made
    required("at", Instant, index=True),  # time of the latest message
)

directory = Table(
    "directory",
    metadata,
    Column("source", Text, primary_key=True),
    Column("id", Text, primary_key=True),  # of a user or a channel, as the platform gives it
    required("name", Text),
    required("at", Instant),  # when the name was last received
)

pending = Table(
    "pending",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    required("source", Text),
    required("wanted", Text),  # the alias or case key that it waits for
    required("digest", LargeBinary),  # of the event, so that it waits only once
    required("inbound_id", Number),
    required("event", Text),  # JSON
    required("occurred_at", Instant),
    required("expires_at", Instant, index=True),
    Column("treatment", Text),  # JSON: the treatment decided on arrival
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
    Column("reopened_at", Instant),  # by a person, according to the Tickets API
    Column("told_at", Instant),  # when the latest state reported by the Tickets API began, by its clock
    Column("looked_at", Instant),  # of the last poll, where webhooks cannot reach this host
    only("how", words.TicketOrigin),
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
    Column("request_id", Text),  # the Tickets API's id of a request that failed
    only("outcome", words.AttemptOutcome),
    Index(None, "case_id", "seq"),
)

gate = Table(
    "gate",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("closed_until", Instant),
    Column("reason", Text),
    Column("since", Instant),
    Column("probed_case", Number),  # the case that was last let through as a probe
    Column("learnt", Float),  # the share of the limit that the service seems to grant, as of the last 429
    Column("learnt_at", Instant),
    Column("late_bound", Float),  # seconds within which a call must leave after its token was taken, as last raised
    Column("late_at", Instant),  # when it was raised
    Column("jumped_at", Instant),  # when the latest jump of the ledger's clock was noted, by the new time
    Column("jumped_by", Float),  # seconds; negative: back
    Column("jump_until", Instant),  # the gate is closed until then because of it
    Column("jump_mended", Boolean),  # false: and until the job `clock` is done
    Column("jumped_back", Float),  # seconds by which the clock was set back, in all, since that job was last done
    only("reason", words.ClosedBy),
)

answers = Table(
    "answers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("succeeded_at", Instant),  # of the last write call that took effect; written at most once a second
    required("failures", Integer, server_default=text("0")),  # write calls that failed since the last answered one
    Column("failing_since", Instant),  # of the first of them; later if nothing could be sent meanwhile
    Column("failed_at", Instant),  # of the last of them
    required("in_doubt", Boolean, server_default=false()),  # the outcome of that one is unknown
    Column("case_id", Number),  # of the first of them
    required("several", Boolean, server_default=false()),  # calls of other cases failed too
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
    Column("target", Text, primary_key=True),  # in the format of the source's connector
    required("source", Text),
    required("state", Text),
    required("wanted", Integer),  # counts changes to post, so that a change during a post is not missed
    required("run_at", Instant),
    required("epoch", BigInteger),
    Column("lease_until", Instant),
    Column("place", Text),  # the post to edit, as the platform names it
    Column("posting_at", Instant),  # time of a first post that may have been executed
    required("attempts", Integer),
    Column("error", Text),
    only("state", words.ReceiptState),
    partial("ix_receipts_due", "source", "run_at", where="state IN ('due', 'leased')"),
)  # fmt: skip

jobs = Table(
    "jobs",
    metadata,
    Column("name", Text, primary_key=True),  # the job and its source: confirm:prometheus
    required("due_at", Instant),
    required("epoch", BigInteger),  # counts claims of the job: the end of an older run is refused
    Column("owner", Text),
    Column("lease_until", Instant),
    required("state", Text),  # JSON: what the job must remember until its next run
    required("failures", Integer),  # in a row
    Column("failing_since", Instant),
    Column("error", Text),
    Column("succeeded_at", Instant),
)

processes = Table(
    "processes",
    metadata,
    Column("id", Text, primary_key=True),  # HOST:PID:RANDOM; the owner names of its leases begin with it
    required("role", Text),  # serve | worker | mail | run
    required("version", Text),
    required("host", Text),
    required("pid", BigInteger),
    required("started_at", Instant),
    required("seen_at", Instant),  # its last heartbeat
    Column("stopped_at", Instant),  # when it ended as it should; missing while it runs, and after a crash
    Column("settings_digest", Text),
    Column("settings_parts", Text),  # JSON: key path -> short hash
    Column("broker_ok_at", Instant),  # when it last reached its broker
    Column("broker_failing_since", Instant),  # when it first failed to reach its broker since then
    Column("broker_error", Text),
)

alarms = Table(
    "alarms",
    metadata,
    Column("name", Text, primary_key=True),
    required("since", Instant),
    required("seen_at", Instant),  # when a process last found it up
    required("text", Text),
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
    Column("good_until", Instant),  # no call leaves on it afterwards; the version before stored none
    Column("case_id", Number),  # the claim that took it; missing where no operation is sent
    Column("epoch", BigInteger),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    required("watched", Boolean),  # configured now; the row stays after the mailbox is removed from the settings
    required("silent_after", Float),  # seconds without a successful poll until the alarm
    required("since", Instant),  # when it was first watched, or watched again
    Column("owner", Text),  # the process that reads it now
    Column("lease_until", Instant),
    Column("polled_at", Instant),  # time of the last successful poll
    Column("error", Text),  # of the last poll, if it failed
    Column("login_error", Text),  # why the server refuses the login
    Column("token_ends_at", Instant),  # when the refresh token expires, if the provider reports it
)

folders = Table(
    "folders",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    Column("folder", Text, primary_key=True),
    required("uidvalidity", BigInteger),
    required("first_uid", BigInteger),  # lower UIDs were there before the mailbox was watched
    required("last_uid", BigInteger),  # up to here all mails are in the ledger, unless the reconcile finds otherwise
    Column("since", Instant),  # older mails predate the watching; for UIDs that begin anew
    Column("reconciled_at", Instant),
    required("unaccounted", Integer),  # UIDs on the server and not in the ledger, as last compared
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
    Column("reason", Text),  # of a mail that is not a delivery
    required("owed", Boolean),  # the mail must still be flagged or moved
    only("outcome", words.MailOutcome),
)
