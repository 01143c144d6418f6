"""How do new settings come into force without a restart? Read, judged, compared, then swapped at once or not at all."""

from worker.reloading.changes import Change, Changes, compared
from worker.reloading.reloader import Reloader, needing

__all__ = ["Change", "Changes", "Reloader", "compared", "needing"]
