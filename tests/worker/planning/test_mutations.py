"""Each mutation of planning matches existing code."""

from __future__ import annotations

import pytest

from .mutations import MUTATIONS, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.rule)
def test_each_mutation_changes_one_place(mutation: Mutation) -> None:
    assert mutation.instead in mutation.ablation.source()
