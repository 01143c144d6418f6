"""Every command of the how-to pages about senders runs as printed, and shows what its page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.guides import OF_SENDERS, TIMEOUT_S, run

pytestmark = pytest.mark.timeout(TIMEOUT_S)


@pytest.mark.parametrize("page", OF_SENDERS, ids=lambda page: page.stem)
def test_the_commands_of_a_guide_do_what_it_says(page: Path, tmp_path: Path) -> None:
    run(page, tmp_path)
