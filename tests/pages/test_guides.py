"""Every command of the how-to pages runs as printed, and shows what its page says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.acceptance.processes import kept_port
from tests.limits import ROOT
from tests.pages.runner import Machine

INSTALLED = "$HOME/ticketrelay/.venv/bin"
"""Where the pages assume that Ticketrelay is installed."""
ADDRESSES = ("127.0.0.1:8080", "127.0.0.1:8025", "127.0.0.1:8090")
"""Addresses of a listener, as printed; here they get ports of their own."""
GUIDES = [
    ROOT / "docs" / "how-to" / f"{name}.md"
    for name in (
        "receive-alerts", "receive-mail", "receive-chat", "follow-ticket-changes", "route-events", "try-a-change",
        "handle-dead-letters", "upgrade", "back-up-and-restore", "rotate-secrets",
    )
]  # fmt: skip


@pytest.mark.parametrize("page", GUIDES, ids=[page.stem for page in GUIDES])
def test_the_commands_of_a_guide_do_what_it_says(page: Path, tmp_path: Path) -> None:
    ports = [(address, f"127.0.0.1:{kept_port()}") for address in ADDRESSES]
    Machine(tmp_path, replacements=[(INSTALLED, f"{sys.prefix}/bin"), *ports]).run(page)
