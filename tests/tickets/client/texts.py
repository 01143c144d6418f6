"""Hypothesis strategies for any text, with a preference for characters that break programs."""

from __future__ import annotations

from hypothesis import strategies as st

NASTY = st.sampled_from(
    [
        "\0", "\ud800", "\udc00", "\ud83d\ude00", "\n", "\r\n", "\u2028", "\x85", "\x1b", "\ufeff", "\u202e", "e\u0301",
        "👩\u200d👩\u200d👧", "👍🏽", "🇩🇪",
        "🏴\U000e0067\U000e0062\U000e007f", "❤\ufe0f", "각", "\u1100\u1161\u11a8", "ก็", '"', "\\", "{{", "x" * 254,
    ]
)  # fmt: skip
ANY = st.one_of(
    st.text(st.characters(), max_size=40),
    st.lists(st.one_of(NASTY, st.text(st.characters(), max_size=5)), max_size=12).map("".join),
    st.tuples(NASTY, st.integers(1, 1500)).map(lambda pair: (pair[0] * pair[1])[:3000]),
)
