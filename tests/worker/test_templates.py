"""Templates: the allowed syntax, the places of errors, and limits that end every rendering."""

from __future__ import annotations

from contextlib import suppress

import hypothesis
import pytest
from hypothesis import strategies as st

from worker.settings.filters import FILTERS, MAX_ITEMS, Unusable, Work
from worker.settings.section import AtOffset
from worker.settings.templates import MAX_SOURCE, MAX_WORK, CannotRender, template

LIMIT = 65_536
VALUES = {
    "subject": "Disk full",
    "text": "3% free\nof 10",
    "severity": "critical",
    "author": "",
    "labels.team": "core",
    "labels.items": "of a label",
    "labels.count": "3.7",
}


def render(text: str, **more: str) -> str:
    return template(text).render(VALUES | more, LIMIT)


def refused(text: str) -> tuple[str, str]:
    """Return the reason of an error, and the wrong part of the template."""
    with pytest.raises(AtOffset) as caught:
        template(text)
    error = caught.value
    assert 0 <= error.offset < max(1, len(text))
    return str(error), text[error.offset : error.offset + error.length]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{{ subject }}", "Disk full"),
        ("{{ labels.team|upper }}", "CORE"),
        ('{{ labels["team"]|title }}', "Core"),
        ("{{ labels.items }}", "of a label"),
        ("{{ labels.pod|default('none') }}", "none"),
        ("{{ author|default('nobody', true) }}", "nobody"),
        ("{{ from|d('nobody') }}", "nobody"),
        ("{% if severity in ('critical', 'page') %}!{% elif severity %}-{% else %}.{% endif %}", "!"),
        ("{{ 'yes' if labels.count|int >= 3 else 'no' }}", "yes"),
        ("{{ labels.count|round }} {{ labels.count|round(1) }} {{ 'x'|int(-1) }}", "4 3.7 -1"),
        ("{% for name, value in labels|items %}{{ name }}={{ value }}{% if not loop.last %}, {% endif %}{% endfor %}",
         "count=3.7, items=of a label, team=core"),
        ("{% for name in labels if name != 'items' %}{{ loop.index }}{{ name }}{% endfor %}", "1count2team"),
        ("{{ labels|join('+') }} {{ labels|first }} {{ labels|last }} {{ labels|length }}",
         "count+items+team count team 3"),
        ("{{ text|replace('\\n', ' ')|truncate(8) }}", "3% free…"),
        ("{{ labels.pod is defined }} {{ subject is defined }}", "False True"),
        ("{% raw %}{{ subject }}{% endraw %}{# nothing #}\n", "{{ subject }}\n"),
    ],
)  # fmt: skip
def test_a_template_says_what_the_event_says(text: str, expected: str) -> None:
    assert render(text) == expected


def test_what_looks_like_a_template_in_a_message_stays_as_it_is() -> None:
    hostile = "{{ 7*7 }}{% for a in labels %}{# #}"
    assert render("{{ subject }}|{{ labels.team|trim }}", subject=hostile, **{"labels.team": hostile}) == (
        f"{hostile}|{hostile}"
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{{ 'a' * 10**9 }}", "*"),
        ("{{ 7*7 }}", "*"),
        ("{{ 2 ** 9 }}", "**"),
        ("{{ '%s' % subject }}", "%"),
        ("{{ subject + subject }}", "+"),
        ("{{ subject ~ subject }}", "~"),
        ("line one\n  {{ subject|ljust(5) }}", "ljust"),
        ("{{ subject|center(9999999) }}", "center"),
        ("{{ subject|attr('upper') }}", "attr"),
        ("{{ '%s'|format(subject) }}", "format"),
        ("{{ subject|indent(10) }}", "indent"),
        ("{{ subject|_weighed }}", "_weighed"),
        ("{{ subject|truncate(1, 'x', 2, 3) }}", "truncate"),
        ("{{ subject" + "|upper" * 11 + " }}", "upper"),
        ("{{ subject.__class__ }}", "__class__"),
        ("{{ labels.team.__class__ }}", "__class__"),
        ("{{ labels['__class__'] }}", "__class__"),
        ("{{ subject['__class__'] }}", "__class__"),
        ("{{ subject[0:5] }}", "["),
        ("{{ subject.upper() }}", "("),
        ("{{ range(9) }}", "("),
        ("{{ lipsum(9) }}", "("),
        ("{{ cycler }}", "cycler"),
        ("{{ self }}", "self"),
        ("{{ _work }}", "_work"),
        ("{{ loop.index }}", "loop"),
        ("{{ sevrity }}", "sevrity"),
        ("{{ labels }}", "labels"),
        ("{{ {'a': 1} }}", "{"),
        ("{% set a = 1 %}", "set"),
        ("{% macro a() %}{% endmacro %}", "macro"),
        ("{% include 'a' %}", "include"),
        ("{% import 'a' as a %}", "import"),
        ("{% from 'a' import a %}", "from"),
        ("{% extends 'a' %}", "extends"),
        ("{% block a %}{% endblock %}", "block"),
        ("{% with %}{% endwith %}", "with"),
        ("{% filter upper %}{% endfilter %}", "filter"),
        ("first\n{% autoescape true %}{% endautoescape %}", "autoescape"),
        ("{% for a in labels %}{% for b in labels %}{% endfor %}{% endfor %}", "for"),
        ("{% for a in labels recursive %}{% endfor %}", "recursive"),
        ("{% for a in labels %}{{ a.b }}{% endfor %}", "b"),
        ("{{ subject is divisibleby(3) }}", "divisibleby"),
        ("first\n{% if subject %}\nand no end", None),
        ("first\n{% do %}", "{% do %}"),
    ],
)
def test_what_is_not_allowed_is_refused_where_it_stands(text: str, part: str | None) -> None:
    reason, where = refused(text)
    assert reason
    assert part is None or where == part


@pytest.mark.parametrize(
    "text",
    [
        "{{ " + "(" * 5000 + "subject" + ")" * 5000 + " }}",
        "{{ " + "not " * 4000 + "subject }}",
        "{{ subject" + " and subject" * 1000 + " }}",
        "{% if subject %}" * 200 + "{% endif %}" * 200,
        "{{ " + "1 == (" * 20 + "1" + ")" * 20 + " }}",
        "{{ " + "9" * 5000 + " }}",
        "{% for a in labels %}" + "{{ a }}" * 200 + "{% endfor %}",
        "x" * (MAX_SOURCE + 1),
    ],
    ids=["brackets", "not", "and", "if", "comparisons", "a number", "a long for", "a long template"],
)  # fmt: skip
def test_a_template_that_is_too_large_or_too_deep_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ labels.pod }}", "'pod'"),
        ("{{ channel }}", "'channel' is undefined"),
        ("{% for a in text %}{{ a }}{% endfor %}", "expected a list, not a single text"),
        ("{{ subject < 3 }}", "do not fit together"),
        ("{{ text|round }}", "not a number"),
        ("{{ subject|items }}", "has items"),
        ("{{ subject|replace('', 'x') }}", "must not be empty"),
        ("{{ 'x' in 3 }}", "do not fit together"),
    ],
)
def test_a_template_that_does_not_fit_a_message_says_why(text: str, why: str) -> None:
    with pytest.raises(CannotRender, match=why):
        render(text)


def test_an_output_is_not_longer_than_its_limit() -> None:
    template("{{ subject }}").render(VALUES, 9)
    with pytest.raises(CannotRender, match="more than 8 characters"):
        template("{{ subject }}").render(VALUES, 8)


def test_a_for_goes_through_no_more_than_so_many_items() -> None:
    many = {f"labels.l{number}": "x" for number in range(MAX_ITEMS - 3)}
    assert render("{% for a in labels %}.{% endfor %}", **many) == "." * MAX_ITEMS
    with pytest.raises(CannotRender, match="more than 200"):
        render("{% for a in labels %}.{% endfor %}", **many, **{"labels.one_more": "x"})


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in labels %}{% if text|upper|lower|upper %}{% endif %}{% endfor %}",
        "{% for a in labels %}{% if subject in text %}{% endif %}{% endfor %}",
        "{{ text" + "|replace('a', 'aaaaaaaaaaaaaaaaaaaa')" * 9 + "|length }}",
        "{{ labels|join(text)|length }}",
    ],
    ids=["filters", "comparisons", "replacements", "joins"],
)
def test_what_would_handle_very_much_text_is_ended(text: str) -> None:
    values = VALUES | {"text": "a" * 60_000} | {f"labels.l{number}": "x" for number in range(100)}
    with pytest.raises(CannotRender, match="the text is too long"):
        template(text).render(values, LIMIT)


NAMES = ("subject", "text", "severity", "labels.team", "labels.pod", "labels", "author")
leaf = st.one_of(st.sampled_from(NAMES), st.sampled_from(["'a'", "3", "-1", "('a', 'b')", "true"]))
calls = st.tuples(st.sampled_from(sorted(FILTERS)), st.sampled_from(["", "('a')", "('a', 'bb')", "(3)", "(9999999)"]))
expression = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.tuples(inner, calls).map(lambda each: f"({each[0]})|{each[1][0]}{each[1][1]}"),
        st.tuples(inner, st.sampled_from(["==", "<", "in", "and", "or", "~", "*"]), inner).map(
            lambda each: f"({each[0]}) {each[1]} ({each[2]})"
        ),
        inner.map(lambda each: f"not ({each})"),
    ),
    max_leaves=6,
)
piece = st.one_of(
    st.sampled_from(["text ", "\n", "{# x #}"]),
    expression.map(lambda each: f"{{{{ {each} }}}}"),
    expression.map(lambda each: f"{{% if {each} %}}yes{{% endif %}}"),
    st.tuples(expression, expression).map(
        lambda each: f"{{% for x in {each[0]} %}}{{{{ {each[1]} }}}}{{{{ x }}}}{{% endfor %}}"
    ),
)


@hypothesis.given(st.lists(piece, max_size=5).map("".join), st.sampled_from(["", "a", "a" * 70_000, "{{ 7*7 }}"]))
@hypothesis.settings(deadline=None, max_examples=60, suppress_health_check=[hypothesis.HealthCheck.too_slow])
def test_no_template_that_loads_does_more_than_it_may(text: str, value: str) -> None:
    try:
        made = template(text)
    except AtOffset:
        return
    work = Work(MAX_WORK)
    values = {name: value for name in NAMES if name != "labels"} | {f"labels.l{number}": value for number in range(150)}
    with suppress(CannotRender):
        assert len(made.render(values, 1000, work)) <= 1000
    # The step over the limit is the last one. It is refused before it makes a result larger than a value.
    assert work.left > -(MAX_ITEMS + 2) * LIMIT


@hypothesis.given(st.text("{}%#|.()'\" \nabforinlsetd_*~1", max_size=60))
def test_any_text_is_a_template_or_is_refused_at_a_place_within_it(text: str) -> None:
    at = 0
    try:
        template(text)
    except AtOffset as error:
        at = error.offset
    assert 0 <= at <= len(text)


def test_work_that_is_used_up_stays_used_up() -> None:
    work = Work(2)
    work.spend(1)
    for _ in range(2):
        with pytest.raises(Unusable):
            work.spend(0)
