"""The configuration, as one frozen value that is read once and passed in."""

from worker.settings.broker import BrokerSettings
from worker.settings.loader import load
from worker.settings.models import (
    ApiSettings,
    LedgerSettings,
    PolicySettings,
    ServerSettings,
    Settings,
    Source,
    TimingSettings,
)
from worker.settings.problems import SettingsError

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
