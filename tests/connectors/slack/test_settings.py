"""Tests of a Slack app's settings, and of the choice of token for a workspace."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from .builders import configured

TOKENS = {"t0acme001": {"bot_token": "xoxb-acme"}}


def test_a_workspace_has_its_own_token_and_every_other_one_the_common_one() -> None:
    settings = configured(workspaces=TOKENS, bot_token="xoxb-common")
    assert [settings.token(each) for each in ("T0ACME001", "T0OTHER01", None)] == [
        "xoxb-acme", "xoxb-common", "xoxb-common",
    ]  # fmt: skip
    assert configured(workspaces=TOKENS).token("T0OTHER01") is None


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"receipts": True}, "receipts"),
        ({"backfill_every": "5m"}, "backfill_every"),
        ({"backfill_every": "1s", "bot_token": "xoxb"}, "backfill_every"),
        ({"workspaces": {"T0A": {"bot_token": "x"}, "t0a": {"bot_token": "y"}}}, "workspaces"),
        ({"workspaces": {"T0A": {"bot_token": " "}}}, "bot_token"),
        ({"app_token": ""}, "app_token"),
    ],
)
def test_what_cannot_work_is_refused_by_name(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        configured(**settings)
    assert key in str(refused.value)


def test_several_workspaces_are_enough_for_receipts_and_backfill() -> None:
    assert configured(workspaces=TOKENS, receipts=True, backfill_every="5m").with_tokens
