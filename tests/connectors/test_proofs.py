"""Tests of proofs that a connector declares as data; its own functions take precedence over its proof."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract.connector import Connector
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Verified
from connectors.contract.settings import SourceSettings
from connectors.toolbox.proofs import Bearer, Chosen, Hmac, Token

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
SETTINGS = SourceSettings.model_validate({"secret": "new secret", "previous_secret": "old secret"})
OLD = SourceSettings.model_validate({"secret": "old secret"})
BLANK = SourceSettings.model_construct(secret=SETTINGS.secret.__class__(" "))


def delivery(headers: dict[str, str], body: bytes = b"{}", query: str = "") -> Inbound:
    return Inbound("prod", NOW, body, tuple((name.lower(), value) for name, value in headers.items()), query)


def made(**parts: Any) -> Connector[SourceSettings]:
    return Connector(kind="pager", title="Pager", settings=SourceSettings, parse=lambda _message, _: Parsed(), **parts)


def admits(inbound: Inbound, _settings: SourceSettings, _now: datetime, _keys: Keys) -> Verified:
    return Verified(inbound)


def test_a_proof_gives_a_connector_its_verify_and_its_sign() -> None:
    pager = made(proof=Bearer())
    headers = pager.sign(b"{}", SETTINGS, NOW)
    assert headers == {"Authorization": "Bearer new secret"}
    assert isinstance(pager.verify(delivery(headers), SETTINGS, NOW, {}), Verified)
    assert isinstance(pager.verify(delivery({}), SETTINGS, NOW, {}), Denied)


def test_a_function_that_is_given_stands_beside_a_proof() -> None:
    pager = made(proof=Bearer(), verify=admits)
    assert isinstance(pager.verify(delivery({}), SETTINGS, NOW, {}), Verified)
    assert pager.sign(b"{}", SETTINGS, NOW) == {"Authorization": "Bearer new secret"}


def test_functions_need_no_proof_also_where_they_are_given_by_their_places() -> None:
    pager = Connector("pager", "Pager", SourceSettings, admits, lambda _message, _: Parsed(), lambda *_: {"x-a": "1"})
    assert isinstance(pager.verify(delivery({}), SETTINGS, NOW, {}), Verified)
    assert pager.sign(b"{}", SETTINGS, NOW) == {"x-a": "1"}


@pytest.mark.parametrize("parts", [{}, {"verify": admits}, {"sign": lambda _body, _settings, _now: {}}])
def test_a_connector_without_a_whole_proof_is_not_made(parts: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="'pager' needs a proof, or verify and sign"):
        made(**parts)


def test_a_connector_that_reads_nothing_is_not_made() -> None:
    with pytest.raises(TypeError, match="'pager' needs parse"):
        Connector(kind="pager", title="Pager", settings=SourceSettings, proof=Bearer())


def test_the_secret_counts_in_the_url_only_where_that_is_said_and_is_not_kept() -> None:
    inbound = delivery({}, query="secret=old+secret&a=1")
    assert isinstance(Bearer().verify(inbound, SETTINGS, NOW, {}), Denied)
    verified = Bearer(in_url=True).verify(inbound, SETTINGS, NOW, {})
    assert isinstance(verified, Verified)
    assert verified.inbound.query == "a=1"


def test_a_token_of_either_secret_is_admitted_and_not_kept() -> None:
    token = Token("X-Token")
    for settings in (SETTINGS, OLD):
        verified = token.verify(delivery({**token.sign(b"", settings, NOW), "x-b": "2"}), SETTINGS, NOW, {})
        assert isinstance(verified, Verified)
        assert verified.inbound.headers == (("x-b", "2"),)
    assert token.verify(delivery({"X-Token": "other"}), SETTINGS, NOW, {}) == Denied(
        "the header X-Token does not match: compare the source's secret with the sender's"
    )
    assert isinstance(token.verify(delivery({"X-Token": " "}), BLANK, NOW, {}), Denied)


@pytest.mark.parametrize(
    ("optional", "written", "reason"),
    [
        (False, "sha256={}", None),
        (True, "sha256={}", None),
        (True, "{}", None),
        (False, "{}", "the header X-Sig is malformed: expected sha256=HEX, an HMAC-SHA256"),
        (False, "sha512={}", "the header X-Sig is malformed: expected sha256=HEX, an HMAC-SHA256"),
        (True, "sha512={}", "the header X-Sig is malformed: expected sha256=HEX, an HMAC-SHA256"),
    ],
)
def test_a_prefix_stands_before_the_digits_or_may(optional: bool, written: str, reason: str | None) -> None:
    hmac: Hmac[SourceSettings] = Hmac("X-Sig", prefix="sha256=", prefix_optional=optional)
    digits = hmac.sign(b"{}", OLD, NOW)["X-Sig"].removeprefix("sha256=")
    outcome = hmac.verify(delivery({"X-Sig": written.format(digits)}), SETTINGS, NOW, {})
    assert outcome == Denied(reason) if reason else isinstance(outcome, Verified)


def test_a_signed_time_is_looked_at_before_the_signature_and_is_a_part_of_it() -> None:
    hmac: Hmac[SourceSettings] = Hmac("X-Sig", timestamp=lambda _settings: "X-Time")
    headers = hmac.sign(b"{}", SETTINGS, NOW)
    later = {**headers, "X-Time": str(int(headers["X-Time"]) + 1)}
    assert isinstance(hmac.verify(delivery(headers), SETTINGS, NOW, {}), Verified)
    assert hmac.verify(delivery(later), SETTINGS, NOW, {}) == Denied(
        "the signature in the header X-Sig does not match: compare the source's secret with the sender's"
    )
    assert hmac.verify(delivery({}), SETTINGS, NOW, {}) == Denied(
        "the header X-Time is missing or repeated: expected it once"
    )
    stale = hmac.verify(delivery({"X-Time": "1"}), SETTINGS, NOW, {})
    assert isinstance(stale, Denied)
    assert stale.reason.endswith("old: expected at most 300 s; compare the clocks")


def test_only_the_proof_that_a_setting_chooses_counts() -> None:
    signature: Hmac[SourceSettings] = Hmac("X-Sig")
    chosen: Chosen[SourceSettings, bool] = Chosen(lambda settings: settings.private, {True: signature, False: Bearer()})
    signed = SETTINGS.model_copy(update={"private": True})
    assert list(chosen.sign(b"{}", signed, NOW)) == ["X-Sig"]
    assert isinstance(chosen.verify(delivery(chosen.sign(b"{}", signed, NOW)), signed, NOW, {}), Verified)
    assert isinstance(chosen.verify(delivery(chosen.sign(b"{}", SETTINGS, NOW)), signed, NOW, {}), Denied)
    assert isinstance(chosen.verify(delivery(chosen.sign(b"{}", signed, NOW)), SETTINGS, NOW, {}), Denied)
