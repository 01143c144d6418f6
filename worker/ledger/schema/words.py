"""The words that rows hold. Each state says when a row gets there, what happens next, and who can move it.

Stored words never change. The database refuses a word that is not listed here (`tables.py`, one CHECK for each column).
An older process runs beside a newer one, so a new word takes two releases: a migration of the first admits it, and the
second writes it. What the Tickets API calls its states and priorities is its own vocabulary, and is not checked here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

OURS = ":"
"""With it begin the names of headers that only we set."""


OWN = OURS + "job"
"""The header of a delivery that a job of ours made, with the job's name; no sender can send one of such a name."""


INTERNAL = OURS + "internal"
"""The source of deliveries of ours that belong to no configured source; settings refuse an id of such a name."""


class InboundOutcome(StrEnum):
    """What became of a delivery (`inbound.outcome`)."""

    ACCEPTED = "accepted"
    """The delivery was understood. It is stored so by recording, in the transaction that plans what follows from
    it. Nothing happens next: its operations have their own states. Nothing moves it."""
    QUARANTINED = "quarantined"
    """The delivery came from the right sender and was not understood, or a person must decide what it belongs to.
    It is a dead letter. Recording stores it so; unreadable bytes that come again are counted in its row. A replay
    or `dead retry` moves it to `accepted` once it can be read, `dead skip` to `skipped`."""
    SKIPPED = "skipped"
    """A person gave up a quarantined delivery (`dead skip`), with a reason. It is never read again, and nothing
    moves it."""


ACCEPTED = InboundOutcome.ACCEPTED.value
QUARANTINED = InboundOutcome.QUARANTINED.value
SKIPPED = InboundOutcome.SKIPPED.value


class CasePhase(StrEnum):
    """Whether what a case is about goes on, by its source's word (`cases.phase`, `members.phase`).

    Planning moves it under the case's lock, by the table of `worker/planning/lifecycle.py`. Delivery moves it only
    where an operation died, since what was planned after it then did not come true; so does a person who repairs
    that.
    """

    NEW = "new"
    """The case is not open, and no ticket of it counts: an event made it that opened nothing, such as an end that came
    before its beginning; or its opening ended before it was sent; or a person gave up its create. An opening moves it
    to `open`."""
    OPEN = "open"
    """What the case is about goes on. An opening moves it here, from either of the others, and begins an episode; so
    does the death of a close that was surely rejected. An end moves it to `closed`, or to `new` where nothing was sent
    yet; a person who skips a dead create moves it to `new`."""
    CLOSED = "closed"
    """What the case is about is over. An end moves it here; so does a person who skips a dead reopening, or sends a
    dead close again. The next opening moves it to `open`: within the reopen window its ticket is reopened, later a
    new one is created."""


class LeftBy(StrEnum):
    """How others left the ticket of a case (`cases.left`); missing where they left it to us.

    Planning writes it when the Tickets API or a poll tells of a change, delivery and polling when there is no such
    ticket. It becomes missing again with a new ticket, and when the ticket is seen open.
    """

    RESOLVED = "resolved"
    """Others resolved the ticket although its case is open. It stays so until the case ends, or is reopened."""
    CLOSED = "closed"
    """Others closed the ticket although its case is open. It stays so until the case ends, or is reopened."""
    WONT_FIX = "wont_fix"
    """Others said that nothing is to be done about the ticket. Alerts of its case lead to no call any more, until
    the ticket is seen open again."""
    GONE = "gone"
    """The ticket is not there any more. Nothing is sent about it; the next opening creates another one."""


class DeliveryState(StrEnum):
    """What delivery may do with a case (`cases.state`)."""

    IDLE = "idle"
    """No operation of the case is to be sent. A case begins so; a settle or a repair moves it here when no
    operation is open, and so does planning when an opening ends before it was sent. A new operation moves it to
    `ready`."""
    READY = "ready"
    """The oldest open operation may be sent from `run_at` on. Planning moves it here with a new operation, a settle
    with the next one or another try, taking back when a lease has ended, a repair or a restore by hand. A claim
    moves it to `leased`. What ends before it was sent moves it to `idle`."""
    LEASED = "leased"
    """One worker sends the oldest open operation, until `lease_until`. Only a claim moves it here. The settle of
    that claim moves it to `ready`, `idle` or `blocked`; a settle of an older claim is refused. When the lease has
    ended, dispatch of any worker takes it back: `ready`, after the ghost wait."""
    BLOCKED = "blocked"
    """No operation is to be sent, and the create of its ticket is dead: what needs the ticket is held. A settle
    moves it here. A person moves it on by deciding about the create (retry, edit, bind, skip), and a new opening by
    a create of its own: `ready`, or `idle` where nothing is left to do."""


class OperationKind(StrEnum):
    """Which call an operation is (`operations.kind`, and of the next one `cases.kind`).

    Planning chooses it. Only the death of an earlier operation changes it (`worker/ledger/queue/replanning.py`),
    and only of one that was never sent.
    """

    CREATE_TICKET = "create_ticket"
    """Creates the ticket of an episode. What comes after it needs its ticket, and is held when it dies."""
    ADD_NOTE = "add_note"
    """Adds a note. Notes that wait for the budget one behind the other may be joined."""
    UPDATE_TICKET = "update_ticket"
    """Changes fields of the ticket. Twice is as good as once; updates that wait for the budget may be joined."""
    CLOSE_TICKET = "close_ticket"
    """Closes the ticket. One of unknown outcome asks for the ticket's state before it is sent again."""
    REOPEN_TICKET = "reopen_ticket"
    """Opens the ticket again. Where there is none to open, it becomes the create that it brings along (`instead`)."""


class OperationState(StrEnum):
    """What became of an operation (`operations.state`)."""

    OPEN = "open"
    """The operation is to be sent, or is under way, or waits for its next try; its case says which. Planning stores
    it so. A settle moves it to `done` or `dead`. Being joined moves it to `folded`, the death of its ticket's
    create to `held`; what need not be sent any more becomes `skipped`."""
    HELD = "held"
    """The operation waits for a ticket whose create is dead. The settle of that create moves it here, and planning
    stores it so while the create is dead. When a person has the create sent again or binds a ticket, it becomes
    `open`; when a person skips the create, `skipped`. A reopening among what waits makes a new ticket, and what
    follows it becomes `open`."""
    DONE = "done"
    """The call took effect, or was found to have taken effect, or a person bound a ticket in its place. A settle
    moves it here, or `bind`. Nothing moves it."""
    DEAD = "dead"
    """The call was rejected, or its outcome cannot be told. It is a dead letter. A settle moves it here. Only a
    person moves it: retry, edit and bind to `open` (a create that is bound: `done`), skip to `skipped`."""
    SKIPPED = "skipped"
    """The operation was given up before it took effect, and `why` says why: by a person, by an incident that ended
    before its ticket was sent, by a close that turned out not to be needed, or after a restore. Nothing moves it."""
    JOINED = "folded"
    """What the operation says is sent with another one of its case (`joined_into`), since both waited for the
    budget. The claim of that other one moves it here. When the joined call is surely rejected, its settle moves it
    back to `open`, and it is sent by itself. Nothing else moves it: it took effect when the other one did."""


class ReceiptState(StrEnum):
    """What is to be told where a message came from (`receipts.state`)."""

    IDLE = "idle"
    """There is nothing to tell: no ticket yet, or its latest state was posted and can be edited. Planning stores it
    so; a post that has a place moves it back here. A change of the ticket moves it to `due`."""
    DUE = "due"
    """There is something to tell from `run_at` on. A change of the ticket moves it here, and so does a post that
    the platform did not take yet, or that was overtaken by another change. The job of its source moves it to
    `leased`."""
    LEASED = "leased"
    """The job of its source tells it, until `lease_until`. Posted with a place it becomes `idle` (`due` where there
    is more to tell meanwhile), without one `told`; not taken it becomes `due`, refused `dead` (`told` where an
    earlier post stands). When the lease has ended, the next run takes it again."""
    TOLD = "told"
    """It was told, and cannot be edited, or not any more. Nothing moves it."""
    DEAD = "dead"
    """It was refused, or may have been told and must not be told twice; `error` says which. Nothing moves it, and
    the ticket is not touched by it."""


class TicketOrigin(StrEnum):
    """How a ticket came to its case (`tickets.how`)."""

    CREATED = "created"
    """A call of ours created it, and its answer said so."""
    ADOPTED = "adopted"
    """A create of unknown outcome was looked for, and the ticket was found by its marker."""
    BOUND = "bound"
    """A person named it (`dead bind`), in place of any other."""


class ClosedBy(StrEnum):
    """Why the gate is closed (`gate.reason`); missing while it is open. `worker/ledger/queue/gates.py` has the
    table."""

    BUDGET = "budget"
    """The service answered 429. Its time opens the gate."""
    CREDENTIALS = "credentials"
    """The service answered 401. A call that is accepted opens the gate."""
    SCOPE = "scope"
    """The service answered 403. A call that is allowed opens the gate."""
    BREAKER = "breaker"
    """Too many calls failed. A probe that is answered opens the gate."""


class AttemptOutcome(StrEnum):
    """What came of one attempt (`attempts.outcome`). A settle writes it, and nothing changes it."""

    DONE = "done"
    """The call took effect, or a look-up showed that an earlier one had."""
    NOT_EXECUTED = "not executed"
    """The call surely had no effect; it is made again."""
    UNKNOWN = "unknown"
    """The call may have had its effect; the ghost wait follows."""
    REJECTED = "rejected"
    """The service said no for good."""
    REFUSED = "refused"
    """The service refuses our key, whatever is asked."""
    ADOPTED = "adopted"
    """A look-up found the ticket of an earlier create."""
    ABSENT = "absent"
    """A look-up proved that no earlier call had an effect."""
    NOT_FOUND_YET = "not found yet"
    """A look-up found nothing, which proves nothing so soon."""
    UNDECIDED = "undecided"
    """A look-up found what a person must decide on."""


class MailOutcome(StrEnum):
    """What a mail of a mailbox became when it was recorded (`mailbox_uids.outcome`). Nothing changes it."""

    TICKET = "ticket"
    """It led to the create of a ticket."""
    NOTE = "note"
    """It changed a ticket that was there."""
    DUPLICATE = "duplicate"
    """It was known already."""
    SUPPRESSED = "suppressed"
    """Nothing was to be done, for a reason."""
    QUARANTINED = "quarantined"
    """A person must decide."""


Became = Literal["ticket", "note", "duplicate", "suppressed", "quarantined"]
"""How every delivery and every mail of a mailbox ends: as a ticket, as a change of one that is there, as what is known
already, without effect for a reason, or with a person."""


SETS_STATE = (OperationKind.CLOSE_TICKET, OperationKind.REOPEN_TICKET)


WAITS = (OperationState.OPEN, OperationState.HELD)
