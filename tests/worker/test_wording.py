"""Numbers are worded as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from worker.wording import age, counted


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


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_399, "23 h"),
     (86_400, "1 d"), (400 * 86_400, "400 d")],
)  # fmt: skip
def test_an_age_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert age(timedelta(seconds=seconds)) == said
