"""Lines about the operations that wait, the same in `status` and in `budget`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker.cli.shell.output import time_text
from worker.ledger import Waits, Why

_WORDS: dict[Why, str] = {
    "under way": "under way",
    "due": "due: sent as soon as gate and budget allow",
    "backoff": "wait for the next try after a failed call",
    "ghost wait": "in the ghost wait after a call of unknown outcome",
    "paused": "paused",
    "held": "held: the create of their ticket is dead",
    "delayed": "delayed by a route or the policy",
}


def waits(undelivered: Iterable[Waits]) -> Iterator[str]:
    """Yield a line for each reason: the number of operations, the reason, and when the oldest was planned."""
    for each in undelivered:
        yield f"{each.operations:>5}  {_WORDS[each.why]}; the oldest since {time_text(each.oldest)}"
