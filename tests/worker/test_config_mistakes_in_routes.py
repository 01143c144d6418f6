"""Messages about a mistake in the routes, templates and tests of the configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from .mistakes import said

MISTAKES = {
    "a priority that there is not": (
        "routes:\n  - name: a\n    priority: urgnt\n",
        "c.yaml:3:15: must be 'low', 'medium', 'high' or 'urgent'\n"
        "  3 |     priority: urgnt\n"
        "    |               ^^^^^ did you mean 'urgent'?",
    ),
    "a priority that there is not, in a table of severities": (
        "routes:\n  - name: a\n    priority: {critical: urgnt}\n",
        "c.yaml:3:26: must be 'low', 'medium', 'high' or 'urgent'\n"
        "  3 |     priority: {critical: urgnt}\n"
        "    |                          ^^^^^ did you mean 'urgent'?",
    ),
    "a text where a list is wanted": (
        "routes:\n  - name: a\n    group_by: labels.team\n",
        "c.yaml:3:15: expected a list, not a text\n  3 |     group_by: labels.team\n"
        "    |               ^^^^^^^^^^^ write group_by: [labels.team]",
    ),
    "a number where a template is wanted": (
        "routes:\n  - name: a\n    metadata: {a: 7}\n",
        "c.yaml:3:19: must be a template, which is a text\n  3 |     metadata: {a: 7}\n    |                   ^",
    ),
    "a quote in a matcher that is not closed": (
        "routes:\n  - name: a\n    match: ['labels.team = \"x']\n",
        "c.yaml:3:28: the closing quote is missing\n"
        "  3 |     match: ['labels.team = \"x']\n"
        "    |                            ^^",
    ),
    "an expression that RE2 does not know": (
        "routes:\n  - name: a\n    match: 'labels.team =~ \"(a\"'\n",
        "c.yaml:3:28: the regular expression cannot be read as RE2: missing ): (a\n"
        "  3 |     match: 'labels.team =~ \"(a\"'\n"
        "    |                            ^^^^",
    ),
    "a template that is not there": (
        "routes:\n  - name: a\n    subject: {template: shrot}\ntemplates:\n  short: x\n",
        "c.yaml:3:25: there is no template 'shrot'\n"
        "  3 |     subject: {template: shrot}\n"
        "    |                         ^^^^^ did you mean 'short'?",
    ),
    "two routes of one name": (
        "routes:\n  - name: a\n    continue: true\n  - name: a\n",
        "c.yaml:4:11: route 1 has the same name\n"
        "  4 |   - name: a\n    |           ^ give each route a name of its own",
    ),
    "a route without a name": (
        "routes:\n  - drop: noise\n",
        "c.yaml:2:5: 'name' is required here\n  2 |   - drop: noise\n    |     ^^^^^^^^^^^ write 'name: …' beneath it",
    ),
    "a route that none reaches": (
        'routes:\n  - name: all\n    match: severity =~ "crit.*"\n  - name: b\n    match: severity = critical\n',
        "c.yaml:5:12: this route can never match: route 'all' before it takes the same events (without continue)\n"
        "  5 |     match: severity = critical\n"
        "    |            ^^^^^^^^^^^^^^^^^^^ move this route up, or give that one `continue: true`",
    ),
    "a route that drops and decides": (
        "routes:\n  - name: a\n    drop: noise\n    category: x\n",
        "c.yaml:4:15: a route that drops events can set no other value, but this one sets category\n"
        "  4 |     category: x\n"
        "    |               ^",
    ),
    "a template that multiplies": (
        "routes:\n  - name: a\n    subject: \"{{ 'a' * 10**9 }}\"\n",
        "c.yaml:3:22: '*' is not allowed in a template: there is no arithmetic, and text cannot be repeated\n"
        "  3 |     subject: \"{{ 'a' * 10**9 }}\"\n"
        "    |                      ^",
    ),
    "a loop in a loop": (
        "templates:\n  a: |\n    {% for a in labels %}\n    {% for b in labels %}{% endfor %}{% endfor %}\n",
        "c.yaml:4:8: a for cannot stand in another one\n"
        "  4 |     {% for b in labels %}{% endfor %}{% endfor %}\n"
        "    |        ^^^",
    ),
    "a filter that widens": (
        "templates:\n  a: |\n    {{ text|ljust(1000000) }}\n",
        "c.yaml:3:13: there is no filter 'ljust'; there are: capitalize, count, d, default, first, "
        "float, int, items, join, last, length, lower, replace, round, title, trim, truncate, upper\n"
        "  3 |     {{ text|ljust(1000000) }}\n"
        "    |             ^^^^^",
    ),
    "an attribute of Python": (
        "templates:\n  a: '{{ subject.__class__.__mro__ }}'\n",
        'c.yaml:2:28: an attribute is written as labels.team or labels["team"]\n'
        "  2 |   a: '{{ subject.__class__.__mro__ }}'\n"
        "    |                            ^^^^^^^",
    ),
    "a chain of filters": (
        "templates:\n  a: '{{ text|upper|upper|upper|upper|upper|upper|upper|upper|upper|upper|upper }}'\n",
        "c.yaml:2:15: 11 filters stand behind each other, more than 10\n"
        "  2 |   a: '{{ text|upper|upper|upper|upper|upper|upper|upper|upper|upper|upper|upper }}'\n"
        "    |               ^^^^^",
    ),
    "a test of a source that is not there": (
        "sources:\n  prom:\n    kind: alertmanager\n"
        "tests:\n  - name: a\n    source: pron\n    steps:\n      - message: x\n        expect: {events: 1}\n",
        "c.yaml:6:13: there is no 'pron' in sources\n"
        "  6 |     source: pron\n"
        "    |             ^^^^ did you mean 'prom'?",
    ),
    "a test of a route that is not there": (
        "sources:\n  prom:\n    kind: alertmanager\nroutes:\n  - name: night\n"
        "tests:\n  - name: a\n    source: prom\n    steps:\n      - message: x\n        expect: {routes: [nigth]}\n",
        "c.yaml:11:27: there is no 'nigth' in routes\n"
        "  11 |         expect: {routes: [nigth]}\n"
        "     |                           ^^^^^ did you mean 'night'?",
    ),
    "an operation that there is not": (
        "tests:\n  - name: a\n    source: prom\n    steps:\n"
        "      - message: x\n        expect: {operations: [create_tiket]}\n",
        "c.yaml:6:31: must be 'create_ticket', 'add_note', 'update_ticket', 'close_ticket' or 'reopen_ticket'\n"
        "  6 |         expect: {operations: [create_tiket]}\n"
        "    |                               ^^^^^^^^^^^^ did you mean 'create_ticket'?",
    ),
    "a test without a step": (
        "tests:\n  - name: a\n    source: prom\n    steps: []\n",
        "c.yaml:4:12: must have at least 1 item, not 0\n  4 |     steps: []\n    |            ^^",
    ),
    "a text of no length": (
        "routes:\n  - name: ''\n",
        "c.yaml:2:11: must have at least 1 character\n  2 |   - name: ''\n    |           ^^",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_its_line_and_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, told = MISTAKES[name]
    assert "\n".join(said(tmp_path, content, monkeypatch)) == told
