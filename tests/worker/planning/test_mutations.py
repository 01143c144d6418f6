"""Each mutation of planning matches existing code."""

from __future__ import annotations

import pytest

from .mutations import MUTATIONS, ROOT, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.rule)
def test_each_mutation_changes_one_place(mutation: Mutation) -> None:
    assert (ROOT / mutation.path).read_text().count(mutation.text) == 1
