"""The application for Celery's own command: `celery -A worker.broker.celery report`, or `worker`.

Importing the module reads no settings. The configuration is made from the broker's settings at first use. The boot step
reads the other settings and the ledger when a worker starts. The manual is docs/explanation/broker.md.
"""

from __future__ import annotations

import logging
import os

import click
from celery.signals import setup_logging

from worker.broker.bootstep import DeliveryStep
from worker.broker.relay import WakeUpApp
from worker.runtime.starting import fail_settings, log_to_stderr
from worker.settings import BrokerSettings, SettingsError
from worker.settings.layers import config_of
from worker.settings.loader import gather, judge, only

DEFAULT_LEVEL = "info"  # as `ticketrelay worker`
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "critical": "error"}


def _broker() -> BrokerSettings:
    """Return the broker's settings alone. Ends the process with exit code 2 when they are wrong."""
    try:
        return judge(only("broker", gather(os.environ, config_of(os.environ)))).settings.broker
    except SettingsError as error:
        fail_settings(error)


def _log(loglevel: int | str | None = None, **_: object) -> None:
    """Log as `ticketrelay worker` does. Celery sets up no logging of its own when this signal has a receiver."""
    context = click.get_current_context(silent=True)
    is_asked = context is not None and context.get_parameter_source("loglevel") != click.core.ParameterSource.DEFAULT
    name = logging.getLevelName(loglevel) if isinstance(loglevel, int) else str(loglevel)
    log_to_stderr(LEVELS.get(name.lower(), DEFAULT_LEVEL) if is_asked else DEFAULT_LEVEL)


app = WakeUpApp(_broker)
app.steps["worker"].add(DeliveryStep)
setup_logging.connect(_log, weak=False)
