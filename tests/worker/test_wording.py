"""Numbers are worded as people write them."""

from __future__ import annotations

import pytest

from worker.wording import counted


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "operation", "0 operations"),
        (1, "operation", "1 operation"),
        (2, "unfinished operation", "2 unfinished operations"),
        (1, "delivery", "1 delivery"),
        (3, "delivery", "3 deliveries"),
        (2, "key", "2 keys"),
        (2, "batch", "2 batches"),
    ],
)
def test_one_is_singular_and_every_other_number_is_plural(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said
