"""Compares the settings of a command with those that the live processes recorded, so that none plans with wrong ones."""

from __future__ import annotations

from worker.actions.errors import WrongInput
from worker.ledger import Ledger
from worker.settings import Settings
from worker.settings.planning_digest import differences, parts_of, said

MOST = 6  # parts that are named
FLAG = "--with-these-settings"


def differing(ledger: Ledger, settings: Settings) -> list[str]:
    """Return the settings with which no live process plans, as people find them in their file.

    Empty if they are the same, and if no live process has recorded its settings: then there is nothing to compare.
    """
    own = parts_of(settings)
    return [said(each, own) for each in differences(own, ledger.processes.planning_parts())]


def require_same(ledger: Ledger, settings: Settings, *, with_these: bool) -> list[str]:
    """Return the settings that differ, for the record of the action. Raises WrongInput unless `with_these` allows them."""
    found = differing(ledger, settings)
    if found and not with_these:
        raise WrongInput(
            f"these settings are not those of the live processes, so nothing was planned; they differ in {named(found)}. "
            f"Run it with the configuration file and the environment of the processes, or with {FLAG}"
        )
    return found


def named(found: list[str]) -> str:
    """Return the first of the settings in words, and how many more there are."""
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return ", ".join(found[:MOST]) + more
