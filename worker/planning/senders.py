"""Authors whom the source does not vouch for: strangers, and authors who are not verified.

A *stranger* may be somebody else than the message claims. What strangers write about one case is gathered in one case
of theirs; `correlation` decides that. Here is decided what a stranger's message may do
in the case that it leads to:

    the message                                    effect
    opens a case, or is gathered                   as usual, but nobody joins
    is known already                               none
    would change a case: an alert's comment, end   quarantine
    or change, another text of a known message

A ticket says once for each author that the author is not verified (`Event.doubt`).
"""

from __future__ import annotations

from dataclasses import replace

from connectors.contract.events import Commented, Event, Opened
from tickets.models import AddNote, CreateTicket
from worker.planning.batch import Case
from worker.planning.correlation import Destination
from worker.planning.model import Intent, Plan, Recurrence

NOT_LET_IN = (
    "its sender may be somebody else (the mail server did not vouch for them), so it may not change this case; "
    "if the mail is genuine, mend its DKIM or SPF, or name the server that forwards it in trusted_forwarders"
)
REPEATED = "a repeat: this message is known"


def marked_as(author: str | None) -> str:
    """Return the name under which a case's participants hold that its ticket says that the author is not verified.

    No author has such a name: a name of an author has no space.
    """
    return f"unverified: {author or ''}"


def why_not_let_in(
    destination: Destination, event: Event, recurrence: Recurrence, case: Case, *, is_renamed: bool
) -> str | None:
    """Return why a stranger's message has no effect on its case; None if it has one, or another author.

    `is_renamed`: the id of the message is known of another message.
    """
    if not destination.is_stranger:
        return None
    if recurrence is Recurrence.REPEAT:
        return REPEATED
    is_taken = case.key == event.case_key and case.state.episode > 0
    opens = isinstance(event, Opened | Commented) and not is_taken and not is_renamed
    return None if opens and recurrence is Recurrence.FIRST else NOT_LET_IN


def marked(plan: Plan, doubt: str) -> Plan:
    """Return the plan with the doubt above the text of its first note, else above the description of its ticket.

    The note comes first because the description of a private ticket is public.
    """
    kinds = [each.kind for each in plan.intents]
    for kind in ("add_note", "create_ticket"):
        if kind in kinds:
            place = kinds.index(kind)
            intents = list(plan.intents)
            intents[place] = _said(intents[place], doubt)
            return replace(plan, intents=tuple(intents))
    return plan


def _said(intent: Intent, doubt: str) -> Intent:
    request = intent.request
    if isinstance(request, AddNote):
        return replace(intent, request=request.model_copy(update={"body": f"{doubt}\n\n{request.body}"}))
    if isinstance(request, CreateTicket):
        said = f"{doubt}\n\n{request.description}"
        return replace(intent, request=request.model_copy(update={"description": said}))
    return intent
