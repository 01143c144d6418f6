"""Takes the sender's credentials out of a delivery, once they have proven the sender: they are stored nowhere.

The connector names the headers and fields of its proof. A sender may also repeat the source's secret in another header,
or in the URL; such a header or parameter is dropped too.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote_to_bytes

from connectors.contract.messages import Inbound
from connectors.toolbox.credentials import without_credentials
from worker.settings import Source

LONG_ENOUGH = 8
"""Bytes. A shorter secret may be part of a word by chance."""


def forgotten(source: Source, arrived: Inbound) -> Inbound:
    """Return the delivery without the credentials of its sender."""
    named = {each.lower() for each in source.connector.credentials(source.settings)}
    secrets = tuple(each for each in source.settings.secrets if len(each) >= LONG_ENOUGH)

    def tells(text: bytes) -> bool:
        return any(each in text for each in secrets)

    headers = tuple(
        (name, value)
        for name, value in arrived.headers
        if name not in named and not tells(value.encode("latin-1", "replace"))
    )
    query = "&".join(pair for pair in arrived.query.split("&") if not tells(unquote_to_bytes(pair.replace("+", " "))))
    body = without_credentials(arrived.body, source.connector.body_credentials(source.settings))
    return replace(arrived, headers=headers, query=query, body=body)
