"""Which settings hold at this moment? One reference to a frozen value, which a reload swaps.

Intake, planning and delivery each read it once for a message: what they do has the old settings or the new ones, and
never a mixture.
"""

from __future__ import annotations

from worker.settings.loader import Loaded
from worker.settings.models import Settings


class Current:
    """The settings in force. May be read from any thread."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    def __call__(self) -> Settings:
        """The settings of this moment."""
        return self._loaded.settings

    @property
    def loaded(self) -> Loaded:
        """With where each came from."""
        return self._loaded

    def swap(self, loaded: Loaded) -> None:
        """From now on these hold."""
        self._loaded = loaded
