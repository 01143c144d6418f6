"""Puts new settings in force without a restart: read, judge, compare, then swap all at once or none."""

from worker.reloading.changes import Change, Changes, compared
from worker.reloading.reloader import Reloader, needing

__all__ = ["Change", "Changes", "Reloader", "compared", "needing"]
