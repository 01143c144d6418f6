"""Reading YAML in the configuration file: values, places and limits."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
import yaml  # type: ignore[import-untyped]  # see worker/settings/document.py
from hypothesis import given
from hypothesis import strategies as st

from worker.settings import SettingsError
from worker.settings.document import MAX_BYTES, read_document
from worker.settings.origin import Scalar, leaves, node_at, plain
from worker.settings.problems import render


def value(text: str) -> object:
    """Return the value that is read from this YAML."""
    tree, problems = read_document("c.yaml", f"a:\n  b: {text}\n".encode())
    assert problems == []
    node = node_at(tree, ("a", "b"))
    assert node is not None
    return plain(node)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("true", True), ("false", False), ("True", True), ("FALSE", False),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("NO", "NO"),
        ("010", 10), ("0o10", 8), ("0x1F", 31), ("-3", -3), ("+3", 3), ("1_000", "1_000"), ("0b1", "0b1"),
        ("1e3", 1000.0), (".5", 0.5), ("-.inf", -math.inf), ("1:30", "1:30"), ("190:20:30", "190:20:30"),
        ("2026-01-05", "2026-01-05"), ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z"), ("=", "="),
        ("", None), ("~", None), ("null", None), ("nUll", "nUll"), ("'12'", "12"), ('"true"', "true"),
        ("7" * 5000, "7" * 5000), ("[no, 1]", ["no", 1]), ("{on: off}", {"on": "off"}),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(text: str, meant: object) -> None:
    found = value(text)
    assert (found, type(found)) == (meant, type(meant))


def test_names_are_texts_whatever_they_look_like() -> None:
    tree, _ = read_document("c.yaml", b"no: 1\n12: 2\nnull: 3\ntrue: 4\n")
    assert plain(tree) == {"no": 1, "12": 2, "null": 3, "true": 4}


def test_a_byte_order_mark_and_other_ends_of_lines_are_read() -> None:
    tree, _ = read_document("c.yaml", "\ufeffa: 1\r\nb:\r\n  c: x\r\n".encode())
    assert plain(tree) == {"a": 1, "b": {"c": "x"}}


def test_an_alias_stands_for_its_anchor() -> None:
    tree, problems = read_document("c.yaml", b"a: &x {k: 1}\nb: *x\n")
    assert (plain(tree), problems) == ({"a": {"k": 1}, "b": {"k": 1}}, [])


def test_aliases_that_explode_are_refused_before_they_do() -> None:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(SettingsError) as caught:
        read_document("c.yaml", "\n".join(lines).encode())
    assert [each.message for each in caught.value.found] == ["aliases expand this to more than 100000 values"]


def test_aliases_that_dig_are_refused() -> None:
    lines = ["l0: &l0 [x]"] + [f"l{n}: &l{n} [[[[[[[[[[*l{n - 1}]]]]]]]]]]" for n in range(1, 300)]
    with pytest.raises(SettingsError) as caught:
        read_document("c.yaml", "\n".join(lines).encode())
    assert [each.message for each in caught.value.found] == ["aliases expand this to more than 30 nested levels"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: " + b"[" * 5000, "more than 30 nested levels"),
        (b"a: " + b"{b: " * 5000, "more than 30 nested levels"),
        (b"".join(b" " * n + b"a:\n" for n in range(200)), "more than 30 nested levels"),
        (b"a" * (MAX_BYTES + 1), f"the file has {MAX_BYTES + 1} bytes, and may have {MAX_BYTES}"),
        (b"a: !!python/object/apply:os.system [true]", "a tag (!), which this file may not have"),
        (b"a: *nobody", "no anchor has this name"),
        (b"a: 1\n%TAG ! x\n---\nb: 1", "a second document"),
        (b'a: "\\UFFFFFFFF"', "this is not YAML"),
    ],
)
def test_what_is_hostile_is_refused_with_its_place(content: bytes, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_document("c.yaml", content)
    (found,) = caught.value.found
    assert found.message == message


@given(st.binary(max_size=60) | st.text(st.sampled_from("ab:-[]{}'\"|>&*!#%@ \t\n\\,?"), max_size=40).map(str.encode))
def test_whatever_stands_in_it_is_read_or_refused(content: bytes) -> None:
    with suppress(SettingsError):
        tree, problems = read_document("c.yaml", content)
        assert isinstance(plain(tree), dict)
        assert all(render(each) for each in problems)


TEXTS = st.text(st.sampled_from("ab '\"\\\n:äÄ漢,"), min_size=1, max_size=40)


@given(TEXTS, st.sampled_from([None, "'", '"', "|", ">"]), st.integers(5, 40))
def test_each_character_of_a_text_knows_its_place(text: str, style: str | None, width: int) -> None:
    written = yaml.dump({"a": {"b": text}}, default_style=style, allow_unicode=True, width=width)
    tree, _ = read_document("c.yaml", written.replace("!!str ", "").encode())
    ((_, node),) = leaves(tree)
    assert isinstance(node, Scalar)
    assert node.value == text
    assert node.within is not None
    places = list(node.within())
    assert len(places) == len(text)
    for character, place in zip(text, places, strict=True):
        line = place.text.lines[place.line - 1]
        if character.strip():
            shown = line[place.column - 1 : place.column]
            assert shown in (character, "\\"), (written, place)
    ordered = [(each.line, each.column) for each in places]
    assert ordered == sorted(ordered)
