"""Errors of actions: `WrongInput` for a wrong value, `Refused` for an action that cannot be done.

    WrongInput           the caller's mistake: a misspelt source, a file that exists already; exit code 2
      UnknownSource
    Refused              a valid request that cannot be done at present; exit code 1
      NotFound           the name is unknown to the ledger

The ledger's own errors pass through: `NoSuchDeadLetter`, `CannotBeDone` and one of `LedgerAway`. Every message is a
sentence for the person who asked.
"""

from __future__ import annotations


class WrongInput(Exception):
    """A given value is wrong. The message names the value and the probable intention."""


class UnknownSource(WrongInput):
    """No source of that id is configured or known."""


class Refused(Exception):
    """The action was not done. The message holds the reason, and an alternative."""


class NotFound(Refused):
    """The name belongs to no record of the ledger."""
