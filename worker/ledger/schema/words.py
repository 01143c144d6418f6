"""The words that rows may contain. Each state has a paragraph: how a row gets there, what happens next, who moves it.

Stored words never change. The database refuses a word that is missing here (`tables.py`, one CHECK for each column). An
older process runs beside a newer one, so a new word takes two releases: a migration of the first admits it, and the
second writes it. The words of the Tickets API for states and priorities are its own vocabulary; they are not checked
here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

OURS = ":"
"""The prefix of header names that only Ticketrelay sets."""


JOB_HEADER = OURS + "job"
"""The header that holds the job's name in a delivery made by a job; no sender can send a header with this prefix."""


INTERNAL = OURS + "internal"
"""The source of internal deliveries that belong to no configured source; settings refuse a source id of this name."""


class InboundOutcome(StrEnum):
    """The result of a delivery (`inbound.outcome`)."""

    ACCEPTED = "accepted"
    """The delivery was understood.

    Recording stores it so, in the transaction that plans its operations. Nothing happens next: its operations have
    their own states. Nothing moves it.
    """
    QUARANTINED = "quarantined"
    """A dead letter: the right sender's delivery was not understood, or a person must decide which case it belongs to.

    Recording stores it so. Unreadable bytes that come again are counted in its row. A replay or `dead retry` moves it
    to `accepted` once it can be read, `dead skip` to `skipped`.
    """
    SKIPPED = "skipped"
    """A person gave up a quarantined delivery (`dead skip`), with a reason.

    The delivery is never read again, and nothing moves it.
    """


ACCEPTED = InboundOutcome.ACCEPTED.value
QUARANTINED = InboundOutcome.QUARANTINED.value
SKIPPED = InboundOutcome.SKIPPED.value


class CasePhase(StrEnum):
    """The phase of a case: whether its subject goes on, according to its source (`cases.phase`, `members.phase`).

    Planning moves it under the case's lock, by the table of `worker/planning/lifecycle.py`. Delivery moves it only when
    an operation died, because the operations planned after it then did not come true. A person who repairs such an
    operation moves it too.
    """

    NEW = "new"
    """The case is not open, and no ticket of it counts.

    A case is new when an event created it that opened nothing, such as an end that came before its beginning. It
    becomes new again when its opening ended before it was sent, or when a person gave up its create. An opening moves
    it to `open`.
    """
    OPEN = "open"
    """The subject of the case goes on.

    An opening moves it here, from either of the others, and begins an episode. The death of a close that was surely
    rejected moves it here too. An end moves it to `closed`, or to `new` if nothing was sent yet. A person who skips a
    dead create moves it to `new`.
    """
    CLOSED = "closed"
    """The subject of the case is over.

    An end moves it here. A person who skips a dead reopening, or sends a dead close again, moves it here too. The next
    opening moves it to `open`: within the reopen window its ticket is reopened, later a new ticket is created.
    """


class LeftBy(StrEnum):
    """The state in which others left the ticket of a case (`cases.left`); missing if they left it alone.

    Planning writes it when the Tickets API or a poll reports a change. Delivery and polling write it when the ticket
    does not exist. It becomes missing again with a new ticket, and when the ticket is seen open.
    """

    RESOLVED = "resolved"
    """Others resolved the ticket although its case is open. It stays so until the case ends, or is reopened."""
    CLOSED = "closed"
    """Others closed the ticket although its case is open. It stays so until the case ends, or is reopened."""
    WONT_FIX = "wont_fix"
    """Others decided that the ticket needs no work.

    Alerts of its case lead to no call any more, until the ticket is seen open again.
    """
    GONE = "gone"
    """The ticket no longer exists. Nothing is sent about it; the next opening creates another ticket."""


class DeliveryState(StrEnum):
    """The state of a case in delivery (`cases.state`)."""

    IDLE = "idle"
    """No operation of the case is to be sent.

    A case begins so. A settle or a repair moves it here when no operation is open. Planning moves it here when an
    opening ends before it was sent. A new operation moves it to `ready`.
    """
    READY = "ready"
    """The oldest open operation may be sent from `run_at` on.

    | moved here by | because of |
    |---|---|
    | planning | a new operation |
    | a settle | the next operation, or another try |
    | `take_back` | an expired lease |
    | a person | a repair or a restore |

    A claim moves it to `leased`. If the operation ends before it was sent, the case becomes `idle`.
    """
    LEASED = "leased"
    """One worker sends the oldest open operation, until `lease_until`.

    Only a claim moves it here. The settle of that claim moves it to `ready`, `idle` or `blocked`; a settle of an older
    claim is refused. After the lease has ended, dispatch of any worker takes the case back: `ready`, after the ghost
    wait.
    """
    BLOCKED = "blocked"
    """No operation is to be sent: the create of the ticket is dead, and operations that need the ticket are held.

    A settle moves it here. A person moves it on by a decision about the create (retry, edit, bind, skip), and a new
    opening moves it on by a create of its own: to `ready`, or to `idle` if no work is left.
    """


class OperationKind(StrEnum):
    """The call that an operation makes (`operations.kind`; `cases.kind` holds the kind of the next operation).

    Planning chooses it. Only the death of an earlier operation changes it (`worker/ledger/queue/replanning.py`), and
    only for an operation that was never sent.
    """

    CREATE_TICKET = "create_ticket"
    """Creates the ticket of an episode. Later operations need its ticket, and are held when the create dies."""
    ADD_NOTE = "add_note"
    """Adds a note. Consecutive notes that wait for the budget may be joined."""
    UPDATE_TICKET = "update_ticket"
    """Changes fields of the ticket. A repeated update does no harm. Updates that wait for the budget may be joined."""
    CLOSE_TICKET = "close_ticket"
    """Closes the ticket. After an unknown outcome, the ticket's state is looked up before another send."""
    REOPEN_TICKET = "reopen_ticket"
    """Opens the ticket again. Where the ticket is missing, it becomes the create in its column `instead`."""


class OperationState(StrEnum):
    """The state of an operation (`operations.state`)."""

    OPEN = "open"
    """The operation is to be sent, is being sent, or waits for its next try; its case shows which.

    Planning stores it so. A settle moves it to `done` or `dead`, joining to `folded`, the death of its ticket's create
    to `held`. An operation that need not be sent any more becomes `skipped`.
    """
    HELD = "held"
    """The operation waits for a ticket with a dead create.

    The settle of that create moves it here, and planning stores it so while the create is dead. When a person has the
    create sent again or binds a ticket, it becomes `open`; when a person skips the create, `skipped`. A reopening among
    the waiting operations makes a new ticket, and the operations after it become `open`.
    """
    DONE = "done"
    """The call took effect, or was found to have taken effect, or a person bound a ticket in its place.

    A settle moves it here, or `bind`. Nothing moves it.
    """
    DEAD = "dead"
    """A dead letter: the call was rejected, or its outcome cannot be determined.

    A settle moves it here. Only a person moves it: retry, edit and bind to `open` (a create that is bound: `done`),
    skip to `skipped`.
    """
    SKIPPED = "skipped"
    """The operation was given up before it took effect; `why` holds the reason.

    It is given up by a person, by an incident that ended before its ticket was sent, by a close that turned out not to
    be needed, or after a restore. Nothing moves it.
    """
    JOINED = "folded"
    """The content of the operation is sent with another operation of its case (`joined_into`).

    Both waited for the budget. The claim of the other operation moves it here. When the joined call is surely rejected,
    its settle moves it back to `open`, and it is sent by itself. Nothing else moves it: it took effect when the other
    one did.
    """


class ReceiptState(StrEnum):
    """The state of a receipt, which is posted where a message came from (`receipts.state`)."""

    IDLE = "idle"
    """There is nothing to post: there is no ticket yet, or its latest state was posted and can be edited.

    Planning stores it so. A post with a place moves it back here. A change of the ticket moves it to `due`.
    """
    DUE = "due"
    """There is something to post from `run_at` on.

    A change of the ticket moves it here. A post that the platform did not take yet, or that another change overtook,
    moves it here too. The job of its source moves it to `leased`.
    """
    LEASED = "leased"
    """The job of its source posts it, until `lease_until`.

    | result of the post | next state |
    |---|---|
    | posted with a place | `idle`, or `due` if there are newer changes |
    | posted without a place | `told` |
    | not taken yet | `due` |
    | refused | `dead`, or `told` if an earlier post exists |

    When the lease has ended, the next run takes it again.
    """
    TOLD = "told"
    """The receipt was posted, and cannot be edited, or not any more. Nothing moves it."""
    DEAD = "dead"
    """The receipt was refused, or was perhaps posted and must not be posted twice; `error` holds which.

    Nothing moves it. The ticket is not affected.
    """


class TicketOrigin(StrEnum):
    """The way in which a ticket came to its case (`tickets.how`)."""

    CREATED = "created"
    """A call of Ticketrelay created it, according to the answer."""
    ADOPTED = "adopted"
    """The ticket of a create with unknown outcome was looked up and found by its marker."""
    BOUND = "bound"
    """A person named it (`dead bind`), in place of any other ticket."""


class ClosedBy(StrEnum):
    """The reason why the gate is closed (`gate.reason`); missing while it is open.

    `worker/ledger/queue/gates.py` has the table.
    """

    BUDGET = "budget"
    """The service answered 429. The gate opens after the time in that answer."""
    CREDENTIALS = "credentials"
    """The service answered 401. A call that is accepted opens the gate."""
    SCOPE = "scope"
    """The service answered 403. A call that is allowed opens the gate."""
    BREAKER = "breaker"
    """Too many calls failed. A probe that is answered opens the gate."""


class AttemptOutcome(StrEnum):
    """The outcome of one attempt (`attempts.outcome`). A settle writes it, and nothing changes it."""

    DONE = "done"
    """The call took effect, or a look-up showed that an earlier call had."""
    NOT_EXECUTED = "not executed"
    """The call surely had no effect; it is made again."""
    UNKNOWN = "unknown"
    """The call may have had its effect; the ghost wait follows."""
    REJECTED = "rejected"
    """The service rejected the call for good."""
    REFUSED = "refused"
    """The service refuses the API key for every request."""
    ADOPTED = "adopted"
    """A look-up found the ticket of an earlier create."""
    ABSENT = "absent"
    """A look-up proved that no earlier call had an effect."""
    NOT_FOUND_YET = "not found yet"
    """A look-up found nothing, but too early to prove absence."""
    UNDECIDED = "undecided"
    """A look-up found a state that a person must decide on."""


class MailOutcome(StrEnum):
    """The result of a mail of a mailbox when it was recorded (`mailbox_uids.outcome`). Nothing changes it."""

    TICKET = "ticket"
    """The mail led to the create of a ticket."""
    NOTE = "note"
    """The mail changed an existing ticket."""
    DUPLICATE = "duplicate"
    """The mail was known already."""
    SUPPRESSED = "suppressed"
    """The mail had no effect, for a reason."""
    QUARANTINED = "quarantined"
    """A person must decide about the mail."""


Became = Literal["ticket", "note", "duplicate", "suppressed", "quarantined"]
"""The result of every delivery and of every mail of a mailbox.

| word | meaning |
|---|---|
| ticket | it created a ticket |
| note | it changed an existing ticket |
| duplicate | it was known already |
| suppressed | it had no effect, for a reason |
| quarantined | a person must decide |
"""


SETS_STATE = (OperationKind.CLOSE_TICKET, OperationKind.REOPEN_TICKET)


WAITS = (OperationState.OPEN, OperationState.HELD)
