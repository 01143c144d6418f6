"""Grafana's alerting, webhook contact point (unified alerting, 9 and later): one alert episode is one event each way.

The payload is Alertmanager's, and a little more. `state`, `title` and `message` at its root are the group's: nothing
reads them. What a query measured (`values`, `valueString`) differs with every evaluation, and links with every set-up:
both are shown, and neither is content. `DatasourceNoData` and `DatasourceError` are alerts of their own, about the rule
and not about what it watches: their labels, and so their fingerprint, are other ones.

Grafana's own Alertmanager can be asked what goes on, one organization at a time. The header that names it makes Grafana
refuse a token of another one, whose alerts would be missing in the answer.

Source: grafana.com/docs, "Configure webhook notifications"; "No data and error states"; "HTTP API", "X-Grafana-Org-Id".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from connectors.alerts.alertmanager_api import AskedSettings, ask
from connectors.alerts.labelled import Dialect, Document, Pairs, listed, parse_alerts
from connectors.contract.connector import Ask, Asking, Connector
from connectors.contract.messages import Parsed, Unverified, Verified
from connectors.toolbox.proofs import Basic, Chosen, Hmac
from connectors.toolbox.signatures import HeaderName, Username
from connectors.toolbox.strict_json import UnreadableItem, found, scalar
from connectors.toolbox.text import one_line

TROUBLES = {"DatasourceNoData": "No data", "DatasourceError": "The query failed"}
"""Names of alerts about the rule itself; the annotations that come with them are those of the rule."""

ERROR_ANNOTATION = "Error"
"""What the data source answered; it can hold an id of the request, and then differs every time."""


class Settings(AskedSettings):
    """A source of kind `grafana`."""

    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too."""
    signed: bool = False
    """The secret is that of the contact point's HMAC signature; nothing else is accepted then."""
    signature_header: HeaderName = "X-Grafana-Alerting-Signature"
    """Where the signature is, if the contact point names another header."""
    timestamp_header: HeaderName | None = None
    """The contact point's timestamp header: a signature is accepted for 300 s. None: it is without one."""
    org_id: int = Field(default=1, ge=1)
    """The organization whose alerts are asked for at `api_url`; alerts of others are left alone."""

    @model_validator(mode="after")
    def _headers_belong_to_signatures(self) -> Self:
        if self.timestamp_header is not None and not self.signed:
            raise ValueError("timestamp_header: is for signed=true only")
        if self.username is not None and self.signed:
            raise ValueError("username: is not used with signed=true")
        return self


SIGNATURE: Hmac[Settings] = Hmac(
    header=lambda settings: settings.signature_header, timestamp=lambda settings: settings.timestamp_header
)
PROOF: Chosen[Settings, bool] = Chosen(lambda settings: settings.signed, {True: SIGNATURE, False: Basic()})


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """One event for each alert, in the order of the payload.

    Raises UnreadableMessage where there is no list of alerts, OverLimit where it is longer than `max_items`.
    """
    return parse_alerts(message.inbound, settings, DIALECT)


def _prefix(alert: Document, payload: Document) -> str:
    """`1:` for organization 1; fingerprints are unique within one only. Older versions name it at the root alone."""
    for document in (alert, payload):
        org = document.get("orgId")
        if isinstance(org, bool) or not isinstance(org, int | None):
            raise UnreadableItem(f"orgId: {found(org)} is no number of an organization")
        if org is not None:
            return f"{org}:"
    raise UnreadableItem("orgId: nothing says to which organization the alert belongs")


def _links(alert: Document, payload: Document) -> tuple[tuple[str, object], ...]:
    return (
        ("Source", alert.get("generatorURL")),
        ("Dashboard", alert.get("dashboardURL")),
        ("Panel", alert.get("panelURL")),
        ("Silence it", alert.get("silenceURL")),
        ("Grafana", payload.get("externalURL")),
    )


def _measured(alert: Document, _payload: Document) -> Pairs:
    values = alert.get("values")
    if not isinstance(values, dict):
        return ()
    return tuple((name, scalar(value)) for name, value in sorted(values.items()) if not isinstance(value, list | dict))


def _is_hidden(name: str) -> bool:
    """`__values__`, `__alertImageToken__`, `__dashboardUid__` …: what Grafana keeps for itself."""
    return name.startswith("__") and name.endswith("__")


def _is_noise(labels: Mapping[str, str], annotation: str) -> bool:
    return annotation == ERROR_ANNOTATION and labels.get("alertname") in TROUBLES


def _trouble(labels: Mapping[str, str]) -> str:
    """`No data of Disk usage`: what there is instead of what the rule's summary says."""
    what = TROUBLES.get(labels.get("alertname", ""), "")
    rule = one_line(labels.get("rulename", ""))
    return f"{what} ({rule})" if what and rule else what


DIALECT = Dialect(
    product="Grafana",
    links=_links,
    prefix=_prefix,
    measured=_measured,
    is_noise=_is_noise,
    is_hidden=_is_hidden,
    trouble=_trouble,
)


def _request(settings: Settings) -> Ask | None:
    return ask(settings, "/api/alertmanager/grafana/api/v2/alerts", {"X-Grafana-Org-Id": str(settings.org_id)})


def _listed(body: bytes, settings: Settings) -> frozenset[str]:
    return listed(body, DIALECT, f"{settings.org_id}:")


def _answers_for(case_key: str, settings: Settings) -> bool:
    return case_key.startswith(f"{settings.org_id}:")


CONNECTOR = Connector(
    kind="grafana",
    title="Grafana",
    settings=Settings,
    proof=PROOF,
    parse=parse,
    asking=Asking(_request, _listed, _answers_for),
    attributes={
        "labels.*": "the alert's labels: labels.alertname, labels.grafana_folder",
        "receiver": "the contact point of Grafana that sent it",
    },
)
