"""The credentials of a sender are in no stored delivery, whatever the names of their headers and fields."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors import connector, kinds
from connectors.contract.messages import Inbound
from tests.connectors.sealing import BY_KEYS_ALONE, KEYS, NEEDED, proof, sealed
from worker.intake.credentials import forgotten
from worker.intake.reading import read
from worker.ledger import Delivery, Ledger
from worker.settings import Source

from .http_edge import serving

NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)
SECRET = "secret-of-the-tests-of-this-file"
BODY = json.dumps({"event_action": "trigger", "dedup_key": "d", "payload": {"summary": "s"}}).encode()


def source(kind: str, **settings: Any) -> Source:
    code = connector(kind)
    own = {"secret": SECRET} | NEEDED.get(kind, {}) | settings
    return Source("hook", code, code.settings.model_validate(own))


def signed(of: Source, body: bytes = BODY) -> dict[str, str]:
    return dict(of.connector.sign(body, of.settings, NOW))


def stored(of: Source, headers: Mapping[str, str], body: bytes = BODY, query: str = "") -> Inbound:
    """Return the delivery as it would be stored."""
    given = tuple((name.lower(), value) for name, value in headers.items())
    found = read(of, Inbound("hook", NOW, body, given, query), NOW, KEYS)
    assert isinstance(found, Delivery), found
    return found.inbound


@pytest.mark.parametrize("kind", [each for each in kinds() if each not in BY_KEYS_ALONE])
def test_no_header_of_the_proof_of_any_kind_is_stored(kind: str) -> None:
    of = source(kind)
    headers = dict(proof(kind, sealed(kind, BODY), of.settings, NOW))
    kept = stored(of, headers | {"X-Kept": "yes"}, sealed(kind, BODY))
    assert ("x-kept", "yes") in kept.headers
    assert {name for name, _ in kept.headers} & {
        each.lower() for each in of.connector.credentials(of.settings)
    } == set()
    assert SECRET not in repr(kept.headers)


@pytest.mark.parametrize("name", ["X-Odd", "Signature", "x_y.z~", "AUTH"])
@pytest.mark.parametrize("kind", ["generic", "grafana"])
def test_a_signature_in_a_header_of_an_unusual_name_is_not_stored(kind: str, name: str) -> None:
    wanted = {"proof": "hmac"} if kind == "generic" else {"signed": True}
    of = source(kind, signature_header=name, **wanted)
    assert stored(of, signed(of)).headers == ()


def test_the_id_and_the_time_of_a_standard_webhook_stay_and_its_signature_goes() -> None:
    of = source("generic", proof="standard", secret="whsec_c2VjcmV0LW9mLXRoZS10ZXN0cw==")
    assert [name for name, _ in stored(of, signed(of)).headers] == ["webhook-id", "webhook-timestamp"]


@pytest.mark.parametrize("name", ["X-Api-Key", "X-Forwarded-Authorization", "Cookie", "Referer"])
def test_a_secret_that_is_repeated_in_another_header_is_not_stored(name: str) -> None:
    of = source("generic")
    assert stored(of, signed(of) | {name: f"before {SECRET} after"}).headers == ()


def test_a_secret_that_is_repeated_in_the_url_is_not_stored() -> None:
    of = source("alertmanager")
    escaped = "".join(f"%{ord(each):02X}" for each in SECRET)
    body = b'{"version": "4", "alerts": []}'
    kept = stored(of, signed(of, body), body, f"a=1&secret={SECRET}&token={escaped}&b=2")
    assert kept.query == "a=1&b=2"


def test_a_short_secret_does_not_take_other_headers_with_it() -> None:
    of = source("generic", secret="json")
    kept = forgotten(of, Inbound("hook", NOW, b"{}", (("content-type", "application/json"),)))
    assert kept.headers == (("content-type", "application/json"),)


def test_a_routing_key_is_cut_out_of_the_body_unless_an_expression_reads_it() -> None:
    body = BODY[:-1] + b', "routing_key": "r0123456789"}'
    of = source("generic")
    kept = stored(of, signed(of, body), body).body
    assert kept == body.replace(b"r0123456789", b"***")
    reads_it = source("generic", case="routing_key")
    assert stored(reads_it, signed(reads_it, body), body).body == body


def test_what_is_stored_of_a_request_holds_no_credential(sqlite_ledger: Ledger) -> None:
    of = source("generic", proof="hmac", signature_header="X-Odd")
    body = BODY[:-1] + b', "routing_key": "r0123456789"}'
    with serving(sqlite_ledger, of) as served:
        headers = signed(of, body)
        assert served.http.post("/in/hook", content=body, headers=headers).status_code == 200
        (row,) = served.stored()
    assert headers["X-Odd"] not in row["headers"]
    assert "x-odd" not in row["headers"]
    assert b"r0123456789" not in zlib.decompress(row["body"])
