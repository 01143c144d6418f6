"""The application that Celery's own command takes: `celery -A worker.broker.celery report`, or `worker`.

Importing it reads nothing. Its configuration is made from the settings of the broker when it is first used, and the
other settings and the ledger are read by the boot step when a worker starts. docs/broker.md says how to use it.
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
    """The settings of the broker alone. Ends the process with exit code 2 where they are wrong."""
    try:
        return judge(only("broker", gather(os.environ, config_of(os.environ)))).settings.broker
    except SettingsError as error:
        fail_settings(error)


def _log(loglevel: int | str | None = None, **_: object) -> None:
    """Log as `ticketrelay worker`; Celery sets up nothing of its own when somebody hears this signal."""
    context = click.get_current_context(silent=True)
    is_asked = context is not None and context.get_parameter_source("loglevel") != click.core.ParameterSource.DEFAULT
    name = logging.getLevelName(loglevel) if isinstance(loglevel, int) else str(loglevel)
    log_to_stderr(LEVELS.get(name.lower(), DEFAULT_LEVEL) if is_asked else DEFAULT_LEVEL)


app = WakeUpApp(_broker)
app.steps["worker"].add(DeliveryStep)
setup_logging.connect(_log, weak=False)
