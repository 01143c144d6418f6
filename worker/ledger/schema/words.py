"""The words that rows hold, and what they mean. Stored words never change."""

from __future__ import annotations

from typing import Literal

OURS = ":"
"""With it begin the names of headers that only we set."""


OWN = OURS + "job"
"""The header of a delivery that a job of ours made, with the job's name; no sender can send one of such a name."""


INTERNAL = OURS + "internal"
"""The source of deliveries of ours that belong to no configured source; settings refuse an id of such a name."""

ACCEPTED = "accepted"


QUARANTINED = "quarantined"


SKIPPED = "skipped"


Became = Literal["ticket", "note", "duplicate", "suppressed", "quarantined"]
"""How every delivery and every mail of a mailbox ends: as a ticket, as a change of one that is there, as what is known
already, without effect for a reason, or with a person."""


SETS_STATE = ("close_ticket", "reopen_ticket")


WAITS = ("open", "held")
