"""The errors of actions: `WrongInput` where a value that was given is wrong, `Refused` where the action cannot be done.

    WrongInput           the caller's mistake: a misspelt source, a file that is there already; exit code 2
      UnknownSource
    Refused              right to ask, and it cannot be done as things are; exit code 1
      NotFound           the ledger knows nothing of that name

The ledger's own errors pass through: `NoSuchDeadLetter`, `CannotBeDone` and one of `LedgerAway`. Every message is a
sentence for the person who asked.
"""

from __future__ import annotations


class WrongInput(Exception):
    """A value that was given is wrong; the message names the value and what was probably meant."""


class UnknownSource(WrongInput):
    """No source of that id is configured or known."""


class Refused(Exception):
    """The action was not done; the message says why, and what can be done instead."""


class NotFound(Refused):
    """Nothing is known under that name."""
