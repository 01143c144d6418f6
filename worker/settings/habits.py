"""Names that people bring along from other products, each with what to write here instead.

Tables only. Sources: Alertmanager and Prometheus (https://prometheus.io/docs/alerting/latest/configuration/), Opsgenie
(https://docs.opsgenie.com/docs/alert-fields) and PagerDuty (https://developer.pagerduty.com/docs/events-api-v2/).
"""

from __future__ import annotations

from collections.abc import Mapping

from worker.settings.origin import Path

_MATCH = "write match: [severity = critical, 'labels.team =~ \"pay.*\"']"
_CATEGORY = "write category: TEXT; who looks after a category is set in the ticket system"
_ON_RESOLVE = "write on_resolve: close, resolve, note or nothing"
_DAMPING = "write damping: DURATION, how long an opening waits before its ticket is created"

OF_ROUTES: Mapping[str, str] = {
    "goes_on": "write continue: true",
    "matchers": _MATCH,
    "matcher": _MATCH,
    "match_re": _MATCH,
    "match_any": _MATCH,
    "conditions": _MATCH,
    "condition": _MATCH,
    "criteria": _MATCH,
    "filter": _MATCH,
    "when": _MATCH,
    "if": _MATCH,
    "expr": _MATCH,
    "labels": "write match: [labels.NAME = VALUE]",
    "source_match": "write match: [source = ID]",
    "source": "write match: [source = ID]",
    "kind": "write match: [kind = KIND]",
    "event": "write match: [event = opened]",
    "severity": "write match: [severity = WORD] for a condition, or priority: {WORD: urgent} for the ticket's priority",
    "urgency": "write priority: urgent, high, medium or low",
    "importance": "write priority: urgent, high, medium or low",
    "receiver": "remove it: every ticket goes to the Tickets API; category says whose it is",
    "receivers": "remove it: every ticket goes to the Tickets API; category says whose it is",
    "routes": "write each route in the list of the section routes, and continue: true where a later one fills the rest",
    "children": "write each route in the list of the section routes",
    "group_wait": _DAMPING,
    "for": _DAMPING,
    "wait": _DAMPING,
    "delay": _DAMPING,
    "group_interval": "remove it: it belongs to Alertmanager; notes that wait are joined here",
    "repeat_interval": "set it at the source: sources.ID.repeat_interval; what a repeat does is on_repeat",
    "mute_time_intervals": "remove it: silence at the product, or write drop: REASON in a route of its own",
    "active_time_intervals": "remove it: silence at the product, or write drop: REASON in a route of its own",
    "inhibit_rules": "remove it: inhibit at the product, or write drop: REASON in a route of its own",
    "suppress": "write drop: REASON",
    "ignore": "write drop: REASON",
    "discard": "write drop: REASON",
    "action": "write drop: REASON, or on_resolve, on_change, on_repeat and on_comment",
    "team": _CATEGORY,
    "teams": _CATEGORY,
    "responders": _CATEGORY,
    "assignee": _CATEGORY,
    "escalation_policy": _CATEGORY,
    "service": _CATEGORY,
    "queue": _CATEGORY,
    "tags": "write metadata: {NAME: '{{ labels.NAME }}'}",
    "details": "write metadata: {NAME: '{{ labels.NAME }}'}",
    "custom_details": "write metadata: {NAME: '{{ labels.NAME }}'}",
    "title": "write subject: TEMPLATE",
    "summary": "write subject: TEMPLATE",
    "message": "write subject: TEMPLATE or description: TEMPLATE",
    "text": "write description: TEMPLATE",
    "body": "write description: TEMPLATE",
    "alias": "write group_by: [labels.NAME]",
    "dedup_key": "write group_by: [labels.NAME]",
    "entity": "write group_by: [labels.NAME]",
    "auto_close": _ON_RESOLVE,
    "auto_resolve": _ON_RESOLVE,
    "send_resolved": _ON_RESOLVE,
    "resolve": _ON_RESOLVE,
}
"""Names in a route."""

OF_FILE: Mapping[str, str] = {
    "route": "write routes: and a list of routes, each with a name",
    "receivers": "remove it: every ticket goes to the Tickets API, which the section api names",
    "global": "write the settings into their own sections: policy, timing, smtp, api",
    "inhibit_rules": "remove it: inhibit at the product, or write a route with drop: REASON",
    "time_intervals": "remove it: silence at the product",
    "mute_time_intervals": "remove it: silence at the product",
    "groups": "remove it: alert rules belong to Prometheus",
    "scrape_configs": "remove it: it belongs to Prometheus, which scrapes /metrics",
    "alerting": "remove it: it belongs to Prometheus",
    "tickets": "write api:",
    "tickets_api": "write api:",
    "database": "write ledger: and beneath it url: postgresql://USER@HOST/DATABASE",
    "db": "write ledger: and beneath it url: postgresql://USER@HOST/DATABASE",
    "postgres": "write ledger: and beneath it url: postgresql://USER@HOST/DATABASE",
    "postgresql": "write ledger: and beneath it url: postgresql://USER@HOST/DATABASE",
    "sqlite": "write ledger: and beneath it url: sqlite:///PATH",
    "redis": "write broker: and beneath it url: redis://HOST:6379/0",
    "rabbitmq": "write broker: and beneath it url: amqp://USER@HOST/VHOST",
    "celery": "write broker: and beneath it url: redis://HOST:6379/0",
    "http": "write server:",
    "web": "write server:",
    "listen": "write server: and beneath it listen: HOST:PORT",
    "connectors": "write sources:, and beneath it the id of each source",
    "inputs": "write sources:, and beneath it the id of each source",
    "integrations": "write sources:, and beneath it the id of each source",
    "mail": "write smtp: for the listener of mail, or a source of kind email",
    "email": "write sources: and beneath it email:",
    "logging": "remove it: the log goes to standard error; --log-level is a flag of each command",
    "log_level": "remove it: --log-level is a flag of each command",
    "version": "remove it: the file has no version",
}
"""Names of sections."""

_SECRET = "write secret_file: PATH, the file of the secret that the sender proves itself with"  # noqa: S105 — no secret
OF_SOURCES: Mapping[str, str] = {
    "type": "write kind: KIND",
    "connector": "write kind: KIND",
    "token": _SECRET,
    "bearer_token": _SECRET,
    "bearer_token_file": _SECRET,
    "webhook_secret": _SECRET,
    "signing_secret": _SECRET,
    "auth_token": _SECRET,
    "credentials": _SECRET,
    "receipts": "write receipts_by: HOST:PORT, the mail server that sends receipts",
    "url": "remove it: a source's address here is /in/ID; what is asked of a product is api_url",
    "path": "remove it: a source's address here is /in/ID",
    "priority": "write a route: match: [source = ID], priority: high",
    "subject": "write a route: match: [source = ID], subject: TEMPLATE",
    "routes": "write the routes in the section routes, with match: [source = ID]",
    "group_by": "write a route: match: [source = ID], group_by: [labels.NAME]",
}
"""Names in a source; a kind that has a setting of the name is not asked."""

LABELS = (
    "alertname",
    "instance",
    "job",
    "cluster",
    "namespace",
    "pod",
    "node",
    "team",
    "service",
    "env",
    "environment",
)
"""Labels that Prometheus and its users name bare."""
EVENT_WORDS: Mapping[str, str] = {
    "firing": "opened", "fired": "opened", "triggered": "opened", "trigger": "opened", "open": "opened",
    "created": "opened", "new": "opened", "alerting": "opened", "ok": "resolved", "closed": "resolved",
    "close": "resolved", "ended": "resolved", "end": "resolved", "resolve": "resolved", "recovered": "resolved",
    "acknowledged": "changed", "acknowledge": "changed", "updated": "changed", "edited": "changed",
    "comment": "commented", "note": "commented",
}  # fmt: skip
"""Words of other products for our events."""
PRIORITY_WORDS: Mapping[str, str] = {
    "p1": "urgent", "p2": "high", "p3": "medium", "p4": "low", "p5": "low", "sev1": "urgent", "sev2": "high",
    "critical": "urgent", "page": "urgent", "error": "high", "warning": "medium", "normal": "medium", "info": "low",
}  # fmt: skip
"""Words of other products for our priorities."""
SEVERITIES = frozenset({"critical", "error", "warning", "info", "page"})
"""Words that are severities of a source, and no priorities."""


def instead(path: Path) -> str:
    """Return what to write in place of an unknown name; empty for any other name."""
    match path:
        case (str() as name,):
            return OF_FILE.get(name, "")
        case ("routes", int(), str() as name):
            return OF_ROUTES.get(name, "")
        case ("sources", _, str() as name):
            return OF_SOURCES.get(name, "")
    return ""
