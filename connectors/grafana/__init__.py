"""Grafana's alerting, webhook contact point (unified alerting, 9 and later): one opening and one end per episode.

The payload extends Alertmanager's. `state`, `title` and `message` at its root describe the group and are ignored.
Measured values (`values`, `valueString`) differ with every evaluation, and links with every installation: both are
shown, and neither is content. `DatasourceNoData` and `DatasourceError` are alerts of their own, about the rule itself:
their labels, and so their fingerprints, differ.

Grafana's own Alertmanager can be asked for its open alerts, one organization at a time. With the header that names the
organization, Grafana refuses a token of another organization; otherwise the answer would lack the alerts.

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
from connectors.toolbox.reasons import missing, unexpected
from connectors.toolbox.signatures import HeaderName, Username
from connectors.toolbox.strict_json import scalar
from connectors.toolbox.text import one_line

TROUBLES = {"DatasourceNoData": "No data", "DatasourceError": "The query failed"}
"""Names of alerts about the rule itself. These alerts carry the rule's annotations."""

ORGANIZATION = "the number of the alert's organization"
"""The expectation in reasons about `orgId`."""

ERROR_ANNOTATION = "Error"
"""The data source's error. It can hold a request id, and then differs every time."""


class Settings(AskedSettings):
    """A source of kind `grafana`."""

    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too."""
    signed: bool = False
    """The secret is that of the contact point's HMAC signature. No other proof is accepted then."""
    signature_header: HeaderName = "X-Grafana-Alerting-Signature"
    """The header with the signature, if the contact point names another one."""
    timestamp_header: HeaderName | None = None
    """The contact point's timestamp header; a signature is then accepted for 300 s. None: signatures have no
    timestamp."""
    org_id: int = Field(default=1, ge=1)
    """The organization whose alerts are asked for at `api_url`. Alerts of other organizations are left alone."""

    @model_validator(mode="after")
    def _headers_belong_to_signatures(self) -> Self:
        if self.timestamp_header is not None and not self.signed:
            raise ValueError("timestamp_header: is used only with signed=true")
        if self.username is not None and self.signed:
            raise ValueError("username: is not used with signed=true")
        return self


SIGNATURE: Hmac[Settings] = Hmac(
    header=lambda settings: settings.signature_header, timestamp=lambda settings: settings.timestamp_header
)
PROOF: Chosen[Settings, bool] = Chosen(lambda settings: settings.signed, {True: SIGNATURE, False: Basic()})


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return one event for each alert, in the order of the payload.

    Raises UnreadableMessage if the list of alerts is missing, OverLimit if it is longer than `max_items`.
    """
    return parse_alerts(message.inbound, settings, DIALECT)


def _prefix(alert: Document, payload: Document) -> str:
    """Return `1:` for organization 1, within which fingerprints are unique. Older versions have `orgId` only at the
    root."""
    for document in (alert, payload):
        org = document.get("orgId")
        if isinstance(org, bool) or not isinstance(org, int | None):
            raise unexpected(document, "orgId", ORGANIZATION)
        if org is not None:
            return f"{org}:"
    raise missing("orgId", ORGANIZATION)


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
    """True for names that Grafana uses internally: `__values__`, `__alertImageToken__`, `__dashboardUid__` …"""
    return name.startswith("__") and name.endswith("__")


def _is_noise(labels: Mapping[str, str], annotation: str) -> bool:
    return annotation == ERROR_ANNOTATION and labels.get("alertname") in TROUBLES


def _trouble(labels: Mapping[str, str]) -> str:
    """Return `No data (Disk usage)` for an alert about the rule itself, else an empty text."""
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
