"""Compares the settings of a command with those of the live processes, so that no command plans with wrong ones."""

from __future__ import annotations

from worker.actions.errors import WrongInput
from worker.ledger import Ledger
from worker.settings.fields import SOURCES
from worker.settings.loader import Loaded
from worker.settings.planning_digest import SOURCE, differences, parts_of, said

MOST = 6  # parts that are named
FLAG = "--with-these-settings"
NO_SOURCES = "sources: none is configured here"
_OF_PLANNING = ((SOURCES,), ("routes",), ("templates",), ("policy",), ("api", "revision"))


def differing(ledger: Ledger, loaded: Loaded) -> list[str]:
    """Return the settings with which no live process plans, as people find them in their file.

    Empty if they are the same, and if no live process has recorded its settings: then there is nothing to compare.
    """
    own = parts_of(loaded.settings)
    found = differences(own, ledger.processes.planning_parts())
    if not found or loaded.has(SOURCES):
        return [said(each, own) for each in found]
    # The sources of `run` for trying out, which nobody configured: to name them would help nobody.
    return [*(said(each, own) for each in found if not each.part.startswith(SOURCE)), NO_SOURCES]


def says_how_to_plan(loaded: Loaded) -> bool:
    """Return True if somebody configured something that planning reads; a shell may have the ledger's URL only."""
    return any(loaded.has(*each) for each in _OF_PLANNING)


def require_same(ledger: Ledger, loaded: Loaded, *, with_these: bool) -> list[str]:
    """Return the settings that differ, for the record of the action. Raises WrongInput if `with_these` is False."""
    found = differing(ledger, loaded)
    if found and not with_these:
        raise WrongInput(
            f"the live processes have other settings, so nothing was planned; these differ: {named(found)}. Run the "
            f"command with the configuration file and the variables of the processes, or with {FLAG}"
        )
    return found


def named(found: list[str]) -> str:
    """Return the first of the settings in words, and how many more there are."""
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return ", ".join(found[:MOST]) + more
