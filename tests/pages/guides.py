"""The how-to pages for a machine with Ticketrelay installed, and replacements for the addresses that they print."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.acceptance.processes import kept_port
from tests.limits import ROOT
from tests.pages.installed import installed
from tests.pages.runner import Machine

FOLDER = ROOT / "docs" / "how-to"
OPERATIONS = ROOT / "docs" / "operations.md"
INSTALLED = "$HOME/ticketrelay/.venv/bin"
"""Where the pages assume that Ticketrelay is installed."""
DEV = "$HOME/ticketrelay/dev.py"
"""Where the pages assume the checkout."""
ADDRESSES = ("127.0.0.1:8080", "127.0.0.1:8025", "127.0.0.1:8090")
"""Addresses of a listener, as printed; here they get ports of their own."""
OF_SENDERS = tuple(
    FOLDER / f"{name}.md" for name in ("receive-alerts", "receive-mail", "receive-chat", "follow-ticket-changes")
)
OF_OPERATORS = tuple(
    FOLDER / f"{name}.md"
    for name in ("route-events", "try-a-change", "handle-dead-letters", "rotate-secrets", "check-dependencies")
)
ON_POSTGRESQL = FOLDER / "back-up-and-restore.md"
ON_A_DEPLOYMENT = (OPERATIONS, FOLDER / "upgrade.md")
EVERY = (*OF_SENDERS, *OF_OPERATORS, ON_POSTGRESQL, *ON_A_DEPLOYMENT)
TIMEOUT_S = 600


def run(page: Path, folder: Path, *more: tuple[str, str], before: str = "") -> None:
    """Run a page after the blocks of `before`, with addresses of its own, and with further replacements."""
    folder.mkdir(exist_ok=True)
    ports = [(address, f"127.0.0.1:{kept_port()}") for address in ADDRESSES]
    with tempfile.TemporaryDirectory(prefix="ticketrelay-") as name, installed(Path(name)) as binaries:
        replacements = [(INSTALLED, str(binaries)), (DEV, str(ROOT / "dev.py")), *ports, *more]
        Machine(folder, replacements=replacements).run(page, before=before)
