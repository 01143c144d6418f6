"""Chooses the share of the generated cases that a run tries.

The commit chooses, so that the runs of consecutive commits try different cases, and each run can be repeated.
`python3 dev.py test --whole` tries all cases. Tests of single cases, written by a person, have no shares.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from zlib import crc32

import hypothesis
import pytest

WHOLE = "TICKETRELAY_TEST_WHOLE"
"""Environment variable that is `true` if all cases are tried."""

GIT = shutil.which("git")


def is_whole() -> bool:
    return os.environ.get(WHOLE) == "true"


@cache
def number_of_the_commit() -> int:
    """Return a number made from the commit's id; 0 without git or without a commit."""
    if GIT is None:
        return 0
    command = [GIT, "-C", str(Path(__file__).parent), "rev-parse", "--short=8", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(found.stdout, 16) if found.returncode == 0 else 0


def examples(whole: int, of: int) -> int:
    """Return how many examples of a property are tried: all, or one part of `of`; the commit is Hypothesis' seed."""
    return whole if is_whole() else max(1, whole // of)


def is_in_share(place: int, of: int, number: int) -> bool:
    """Return whether the case at this place is tried; of `of` consecutive numbers, exactly one chooses it."""
    return (place + number) % of == 0


def left_out(items: Sequence[pytest.Item], databases: Sequence[str]) -> list[pytest.Item]:
    """Return the items beyond the share.

    A test with `@pytest.mark.share(of=4)` keeps every fourth of its cases. One with `@pytest.mark.one_database` keeps
    each case on one of these databases: what it tests is above the statements, which other tests execute on both.
    """
    seen: Counter[tuple[str, str]] = Counter()
    beyond = []
    for item in items:
        test, database = item.nodeid.partition("[")[0], _database_of(item)
        if (marker := item.get_closest_marker("share")) is not None:
            if not is_in_share(seen[test, ""], marker.kwargs["of"], number_of_the_commit()):
                beyond.append(item)
            seen[test, ""] += 1
        elif database in databases and item.get_closest_marker("one_database") is not None:
            number = number_of_the_commit() + crc32(test.encode())
            if not is_in_share(seen[test, database] + databases.index(database), len(databases), number):
                beyond.append(item)
            seen[test, database] += 1
    return beyond


def _database_of(item: pytest.Item) -> str:
    found: str = item.callspec.params.get("database_url", "") if hasattr(item, "callspec") else ""
    return found


def let_the_commit_choose_examples(config: pytest.Config) -> None:
    """Seed Hypothesis with the commit; its own profile for CI would draw the same examples at every commit."""
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = number_of_the_commit()
    hypothesis.settings.register_profile("commit", hypothesis.settings.get_profile("ci"), derandomize=False)
    hypothesis.settings.load_profile("commit")
