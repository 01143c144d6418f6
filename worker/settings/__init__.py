"""What is configured, as one frozen value that is read once and passed in."""

from worker.settings.broker import BrokerSettings
from worker.settings.loader import SettingsError, load
from worker.settings.models import (
    ApiSettings,
    LedgerSettings,
    PolicySettings,
    ServerSettings,
    Settings,
    Source,
    TimingSettings,
)

__all__ = [
    "ApiSettings",
    "BrokerSettings",
    "LedgerSettings",
    "PolicySettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "Source",
    "TimingSettings",
    "load",
]
