"""The settings in force: one reference to a frozen value, which a reload swaps.

Intake, planning and delivery each read the reference once for a message. So each works with the old settings or the new
ones, and never with a mixture.
"""

from __future__ import annotations

from worker.settings.loader import Loaded
from worker.settings.models import Settings


class Current:
    """The settings in force. May be read from any thread."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    def __call__(self) -> Settings:
        """Return the present settings."""
        return self._loaded.settings

    @property
    def loaded(self) -> Loaded:
        """The present settings with their origins."""
        return self._loaded

    def swap(self, loaded: Loaded) -> None:
        """Put these settings in force."""
        self._loaded = loaded
