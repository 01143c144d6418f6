"""Each dead letter says what a person can do about it."""

from __future__ import annotations

import pytest

from worker.ledger.operator.next_steps import of_delivery, of_operation

SKIP = "or give it up: `dead skip op-4-1 --why TEXT`"


@pytest.mark.parametrize(
    ("kind", "outcome", "status", "first"),
    [
        ("create_ticket", "rejected", 422, "correct the request: `dead edit op-4-1`"),
        ("add_note", "rejected", 400, "correct the request: `dead edit op-4-1`"),
        ("reopen_ticket", "rejected", 422, "once the cause is mended at the Tickets API, `dead retry op-4-1`"),
        ("add_note", "rejected", 404, "name the ticket that it is for: `dead bind op-4-1 TICKET`"),
        ("close_ticket", "rejected", None, "name the ticket that it is for: `dead bind op-4-1 TICKET`"),
        ("create_ticket", "rejected", 404, "correct the request: `dead edit op-4-1`"),
        ("create_ticket", "undecided", None, "look for the ticket: if it is there, `dead bind op-4-1 TICKET`"),
        ("create_ticket", "unknown", 409, "look for the ticket: if it is there, `dead bind op-4-1 TICKET`"),
        ("add_note", "unknown", None, "look at ticket 1042: if the call had no effect, `dead retry op-4-1`"),
        ("add_note", None, None, "look at ticket 1042: if the call had no effect, `dead retry op-4-1`"),
    ],
)
def test_a_dead_operation_can_be_handled_by_what_happened_to_it(
    kind: str, outcome: str | None, status: int | None, first: str
) -> None:
    step = of_operation("op-4-1", kind, outcome, status, ticket="1042")
    assert step.startswith(first)
    assert step.endswith(SKIP)


def test_a_delivery_in_quarantine_can_be_read_again_or_given_up() -> None:
    assert "`dead retry in-7`" in of_delivery("in-7")
    assert "`dead skip in-7 --why TEXT`" in of_delivery("in-7")
