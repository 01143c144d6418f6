"""Receipts in Teams: one reply to the message, edited when the ticket's state changes.

The receipt is posted to the activity's service URL, which must belong to the Bot Connector: any other host would
receive our token. After a 5xx answer the receipt may be there, and it is not posted again.

Source: learn.microsoft.com/azure/bot-service, "Bot Connector REST API"; learn.microsoft.com/microsoftteams/platform,
"Optimize your bot with rate limiting".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.chats.teams_activities import ROOT, Place, maybe_id
from connectors.contract.calls import CallRejected, ClientCredentials, HttpAnswer, HttpCall
from connectors.contract.receipts import Outcome, Posted, ReceiptContent, text
from connectors.teams_bot.settings import CLOUDS, Settings
from connectors.teams_bot.tokens import is_service
from connectors.toolbox.forms import escaped
from connectors.toolbox.json_calls import Meaning, call_later, document, failure, json_call, reason
from connectors.toolbox.strict_json import object_at, text_at, within

FAILURES: Mapping[int | str, Meaning] = {412: call_later, 429: call_later}


def target(activity: Mapping[str, Any], place: Place) -> str:
    """Return the receipt target for an event: the message to reply to."""
    conversation = text_at(within(activity, "conversation"), "id")
    where = {"service": text_at(activity, "serviceUrl"), "conversation": conversation, "activity": place.number}
    return json.dumps(where)


def is_on(settings: Settings) -> bool:
    return settings.receipts


def credentials(settings: Settings) -> ClientCredentials:
    """Return the credentials for the bot's tokens."""
    cloud = CLOUDS[settings.cloud]
    login = cloud.login.format(settings.tenant_id or cloud.tenant)
    url = login if settings.token_url is None else str(settings.token_url)
    return ClientCredentials(url, settings.app_id or "", settings.secret.get_secret_value(), f"{cloud.issuer}/.default")


def write(about: ReceiptContent, settings: Settings) -> HttpCall | CallRejected:
    """Write a POST that replies to the message, or a PUT that edits an existing receipt."""
    where = json.loads(about.target)
    if not is_service(where["service"], settings):
        return CallRejected("serviceUrl is not an address of the Bot Connector, and is not called")
    service = str(settings.api_url or where["service"]).rstrip("/")
    number = about.place if about.place is not None else where["activity"]
    url = f"{service}/v3/conversations/{escaped(where['conversation'])}/activities/{escaped(number)}"
    body = {"type": "message", "text": text(about), "textFormat": "plain"}
    body |= {"id": number} if about.place is not None else {"replyToId": number}
    return json_call(url, body) if about.place is None else json_call(url, body, method="PUT", repeatable=True)


def read(about: ReceiptContent, answer: HttpAnswer) -> Outcome:
    """Read the Bot Connector's answer: the activity's id, or `error`."""
    said = document(answer)
    if 200 <= answer.status < 300:
        number = about.place or maybe_id(said.get("id"))
        base = json.loads(about.target)["conversation"].partition(ROOT)[0]
        return Posted(number, (f"{base}:{number}",) if number else ())
    return failure(answer, reason("Teams", answer.status, text_at(object_at(said, "error"), "code")), FAILURES)
