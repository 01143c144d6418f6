"""Prometheus Alertmanager, webhook v4 (also vmalert and Mimir): each alert episode is one opening and one end.

The two peers of a high-availability pair send the same alert with different links, so links are not content.
"""

from __future__ import annotations

from connectors.alerts.alertmanager_api import AskedSettings, ask
from connectors.alerts.labelled import Dialect, Document, listed, parse_alerts
from connectors.contract.connector import Ask, Asking, Connector
from connectors.contract.durations import Seconds
from connectors.contract.messages import Parsed, Unverified, Verified
from connectors.toolbox.proofs import Basic
from connectors.toolbox.signatures import Username


class Settings(AskedSettings):
    """A source of kind `alertmanager`."""

    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too."""
    repeat_interval: Seconds | None = None
    """The `repeat_interval` of the route in Alertmanager. Only `ticketrelay check` uses it: it compares the reopening
    window with it."""


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return one event for each alert, in the order of the payload.

    Raises UnreadableMessage if the list of alerts is missing, OverLimit if it is longer than `max_items`.
    """
    return parse_alerts(message.inbound, settings, DIALECT)


def _links(alert: Document, payload: Document) -> tuple[tuple[str, object], ...]:
    return (("Source", alert.get("generatorURL")), ("Alertmanager", payload.get("externalURL")))


DIALECT = Dialect(product="Alertmanager", links=_links)


def _request(settings: Settings) -> Ask | None:
    return ask(settings, "/api/v2/alerts")


def _listed(body: bytes, _settings: Settings) -> frozenset[str]:
    return listed(body, DIALECT)


CONNECTOR = Connector(
    kind="alertmanager",
    title="Prometheus Alertmanager",
    settings=Settings,
    proof=Basic(),
    parse=parse,
    asking=Asking(_request, _listed),
    attributes={
        "labels.*": "the alert's labels: labels.alertname, labels.instance",
        "receiver": "the receiver of Alertmanager that sent it",
    },
)
