"""What does the conversation say of its ticket? One answer of ours to the message, edited when the state changes.

It is posted where the message came from, which is an address of the Bot Connector: anywhere else our token would be
given away. What was answered 5xx may be there, and is not posted again.

Source: learn.microsoft.com/azure/bot-service, "Bot Connector REST API"; learn.microsoft.com/microsoftteams/platform,
"Optimize your bot with rate limiting".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.chats.teams_activities import ROOT, Place, maybe_id
from connectors.contract.calls import ClientCredentials, HttpAnswer, HttpCall, Refused
from connectors.contract.receipts import Answered, Outcome, Told, text
from connectors.teams_bot.settings import CLOUDS, Settings
from connectors.teams_bot.tokens import is_service
from connectors.toolbox.answers import Meaning, document, failure, json_call, later, reason
from connectors.toolbox.forms import escaped
from connectors.toolbox.strict_json import object_at, text_at, within

FAILURES: Mapping[int | str, Meaning] = {412: later, 429: later}


def target(activity: Mapping[str, Any], place: Place) -> str:
    """Which message is answered, as the event carries it."""
    conversation = text_at(within(activity, "conversation"), "id")
    where = {"service": text_at(activity, "serviceUrl"), "conversation": conversation, "activity": place.number}
    return json.dumps(where)


def is_on(settings: Settings) -> bool:
    return settings.receipts


def credentials(settings: Settings) -> ClientCredentials:
    """What the bot gets its tokens with."""
    cloud = CLOUDS[settings.cloud]
    login = cloud.login.format(settings.tenant_id or cloud.tenant)
    url = login if settings.token_url is None else str(settings.token_url)
    return ClientCredentials(url, settings.app_id or "", settings.secret.get_secret_value(), f"{cloud.issuer}/.default")


def write(about: Answered, settings: Settings) -> HttpCall | Refused:
    """POST of an activity that answers the message, or PUT of what stands there."""
    where = json.loads(about.target)
    if not is_service(where["service"], settings):
        return Refused("serviceUrl is no address of the Bot Connector, and is not called")
    service = str(settings.api_url or where["service"]).rstrip("/")
    number = about.place if about.place is not None else where["activity"]
    url = f"{service}/v3/conversations/{escaped(where['conversation'])}/activities/{escaped(number)}"
    body = {"type": "message", "text": text(about), "textFormat": "plain"}
    body |= {"id": number} if about.place is not None else {"replyToId": number}
    return json_call(url, body) if about.place is None else json_call(url, body, method="PUT", repeatable=True)


def read(about: Answered, answer: HttpAnswer) -> Outcome:
    """The Bot Connector answers with the activity's id, or with `error`."""
    said = document(answer)
    if 200 <= answer.status < 300:
        number = about.place or maybe_id(said.get("id"))
        base = json.loads(about.target)["conversation"].partition(ROOT)[0]
        return Told(number, (f"{base}:{number}",) if number else ())
    return failure(answer, reason("Teams", answer.status, text_at(object_at(said, "error"), "code")), FAILURES)
