"""The same messages lead to the same idempotency keys as in every version before.

With other keys, calls that a worker sent before an upgrade would have a second effect after it. So entries of
`idempotency_keys.json` are added, never changed.
"""

from __future__ import annotations

import pytest

from worker.planning.model import KINDS

from .idempotency_keys import Planned, kept, of_all_fixtures


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Planned]:
    return of_all_fixtures(tmp_path_factory.mktemp("keys"))


@pytest.mark.parametrize("name", kept())
def test_a_fixture_leads_to_the_keys_markers_and_names_that_it_always_led_to(
    today: dict[str, Planned], name: str
) -> None:
    assert today[name] == kept()[name]


def test_at_least_fifty_fixtures_and_every_kind_of_operation_are_on_file() -> None:
    assert len(kept()) >= 50
    assert {kind for each in kept().values() for kind, _ in each["operations"]} == set(KINDS)
