"""Routes: which match, which values each sets, and which are odd."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from pydantic import ValidationError

from worker.settings import Settings, SettingsError, load
from worker.settings.route_problems import problems
from worker.settings.routes import Resolution, Route, resolve
from worker.settings.section import AtOffset
from worker.settings.templates import template

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
VALUES = {"severity": "critical", "source": "prom", "labels.team": "core"}


def a_route(name: str = "one", *match: str, **sets: Any) -> Route:
    goes_on = {"continue": sets.pop("goes_on")} if "goes_on" in sets else {}
    return Route.model_validate({"name": name, "match": list(match), **sets, **goes_on})


def chosen(found: Resolution) -> dict[str, Any]:
    return {name: each.value for name, each in found.settings.items()}


def said(*routes: Route, **templates: str) -> list[tuple[tuple[str | int, ...], str]]:
    return [
        (each.path, f"{each.message}; {each.todo}")
        for each in problems(routes, {name: template(its) for name, its in templates.items()})
    ]


def test_a_route_without_matchers_matches_everything() -> None:
    assert resolve([a_route(category="storage")], VALUES).matched == ("one",)


def test_the_first_route_that_matches_ends_the_search() -> None:
    found = resolve([a_route("no", "source=x"), a_route("a", category="a"), a_route("b", private=True)], VALUES)
    assert (found.matched, chosen(found)) == (("a",), {"category": "a"})


def test_what_an_earlier_route_set_stays_and_a_later_one_fills_what_is_not_set() -> None:
    first = a_route("a", "severity=critical", goes_on=True, category="a", metadata={"x": "1"})
    later = a_route("b", category="b", private=True, metadata={"x": "2", "y": "3"})
    found = resolve([first, later], VALUES)
    assert found.matched == ("a", "b")
    assert {name: each.route for name, each in found.settings.items()} == {
        "category": "a", "metadata.x": "a", "private": "b", "metadata.y": "b",
    }  # fmt: skip


def test_a_table_of_priorities_sets_none_for_a_severity_that_it_does_not_have() -> None:
    table = a_route("a", goes_on=True, priority={"Critical": "high"})
    assert chosen(resolve([table, a_route("b", priority="low")], VALUES)) == {"priority": "high"}
    assert chosen(resolve([table, a_route("b", priority="low")], VALUES | {"severity": "x"})) == {"priority": "low"}


def test_a_route_that_one_matcher_kept_from_matching_is_told_with_it() -> None:
    near = a_route("near", "severity=critical", "labels.team=pay")
    far = a_route("far", "severity=low", "labels.team=pay")
    ((name, matcher),) = resolve([near, far], VALUES).nearly
    assert (name, str(matcher)) == ("near", "labels.team = pay")


def test_a_drop_decides_nothing_else() -> None:
    with pytest.raises(ValidationError, match="can set no other value, but this one sets category"):
        a_route(drop="noise", category="a")
    with pytest.raises(ValidationError, match="sets continue"):
        a_route(drop="noise", goes_on=True)


def test_an_error_within_a_matcher_or_template_keeps_its_place() -> None:
    with pytest.raises(ValidationError) as caught:
        a_route("one", "severity = very critical", subject="{{ sevrity }}")
    places = {}
    for each in caught.value.errors():
        error = each["ctx"]["error"]
        assert isinstance(error, AtOffset)
        places[each["loc"][0]] = (error.offset, error.length)
    assert places == {"match": (16, 8), "subject": (3, 7)}


def test_a_duplicate_name_and_a_template_that_is_not_there_are_errors_of_the_settings() -> None:
    routes = [{"name": "a"}, {"name": "a", "subject": {"template": "shrot"}}]
    expected = r"(?s)route 1 has the same name.*there is no template 'shrot'; did you mean 'short'\?"
    with pytest.raises(SettingsError, match=expected):
        load(API, overrides={"routes": routes, "templates": {"short": "{{ subject }}"}})


def test_every_source_knows_the_routes_and_the_policy() -> None:
    tree = {"routes": [{"name": "a"}], "policy": {"damping": 5}, "sources": {"slack": {"secret": "x"}}}
    settings: Settings = load(API, overrides=tree)
    assert settings.sources["slack"].routing.routes == settings.routes
    assert settings.sources["slack"].routing.policy.damping == 5


def test_a_route_that_an_earlier_one_shadows_is_an_error() -> None:
    wide, narrow = a_route("wide", "severity=~crit.*"), a_route("narrow", "severity=critical", "source=prom")
    (found,) = problems([wide, narrow], {})
    assert (found.path, found.is_error) == (("routes", 1, "match"), True)
    assert "route 'wide' before it" in found.message
    assert said(narrow, wide) == []
    assert said(a_route("wide", goes_on=True), narrow) == []


@pytest.mark.parametrize(
    "match",
    [("source=a", "source=b"), ("source=a", "source!=a"), ("source=a", "source=~b.*"), ("source=a", "source!~a|b")],
)
def test_matchers_that_contradict_each_other_are_odd(match: tuple[str, ...]) -> None:
    assert any("this route can never match" in text for _, text in said(a_route("one", *match)))


def test_an_attribute_that_no_source_has_and_a_template_that_no_route_uses_are_told() -> None:
    found = said(a_route("one", "sevrity=a", "labels.any=b"), spare="x")
    assert [at for at, _ in found] == [("routes", 0, "match", 0), ("templates", "spare")]
    assert "did you mean severity?" in found[0][1]


def test_the_json_schema_of_the_settings_can_be_made() -> None:
    assert "continue" in Route.model_json_schema()["properties"]


matches = st.lists(st.sampled_from(["a=1", "a=2", "a!=1", "b=1", 'b=""', "a=~1|2"]), max_size=3)
routes = st.lists(st.tuples(matches, st.booleans(), st.sampled_from([None, "x", "y"]), st.sampled_from([None, True])))


@hypothesis.given(routes, st.fixed_dictionaries({"a": st.sampled_from("123")}, optional={"b": st.sampled_from("12")}))
def test_routes_are_resolved_as_the_rule_says(
    drawn: list[tuple[list[str], bool, str | None, bool | None]], values: dict[str, str]
) -> None:
    made = [a_route(f"r{n}", *m, goes_on=on, category=c, private=p) for n, (m, on, c, p) in enumerate(drawn)]
    values |= {"severity": ""}
    # The same rule backwards: the later routes first, each earlier one over them.
    taken: list[Route] = []
    for each in made:
        if all(matcher.holds(values) for matcher in each.match):
            taken.append(each)
            if not each.goes_on:
                break
    expected: dict[str, Any] = {}
    for each in reversed(taken):
        expected |= {name: getattr(each, name) for name in ("category", "private") if getattr(each, name) is not None}
    found = resolve(made, values)
    assert (chosen(found), found.matched) == (expected, tuple(each.name for each in taken))


@hypothesis.given(routes, st.fixed_dictionaries({"a": st.sampled_from("123")}, optional={"b": st.sampled_from("12")}))
def test_what_is_told_to_match_never_does_not(drawn: list[Any], values: dict[str, str]) -> None:
    made = [a_route(f"r{n}", *m, goes_on=on) for n, (m, on, _, _) in enumerate(drawn)]
    never = {made[int(at[1])].name for at, text in said(*made) if "this route can never match" in text}
    assert never.isdisjoint(resolve(made, values | {"severity": ""}).matched)


def test_a_group_by_what_no_source_has_or_what_is_different_for_each_event_is_told() -> None:
    ((at, text),) = said(a_route("one", group_by=["labels.a", "lables.b"]))
    assert (at, text) == (("routes", 0, "group_by", 1), "events have no attribute 'lables.b'; did you mean labels.b?")
    ((at, text),) = said(a_route("one", group_by=["case"]))
    assert text.startswith("'case' differs from event to event, so every event would be a group by itself; ")


def test_an_empty_group_ends_the_search_for_one() -> None:
    alone = a_route("alone", "severity=critical", group_by=[], goes_on=True)
    assert chosen(resolve([alone, a_route("rest", group_by=["source"])], VALUES)) == {"group_by": ()}
