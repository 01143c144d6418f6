"""Messages about a mistake in the configuration file: place, line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors import kinds
from worker.settings import SettingsError, load

from .mistakes import RIGHT, said

MISTAKES = {
    "a setting that nobody knows": (
        "server:\n  lisen: 127.0.0.1:1\n",
        "c.yaml:2:3: there is no setting 'lisen' in server\n"
        "  2 |   lisen: 127.0.0.1:1\n"
        "    |   ^^^^^ did you mean 'listen'?",
    ),
    "a setting like no other": (
        "policy:\n  xyzzy: 1\n",
        "c.yaml:2:3: there is no setting 'xyzzy' in policy\n"
        "  2 |   xyzzy: 1\n"
        "    |   ^^^^^ there are: damping, note_on_change, reopen_window, repeat_notes, storm_above",
    ),
    "a section that nobody knows": (
        "servers:\n  listen: 127.0.0.1:1\n",
        "c.yaml:1:1: there is no section 'servers'\n  1 | servers:\n    | ^^^^^^^ did you mean 'server'?",
    ),
    "a name given twice": (
        "server:\n  listen: 127.0.0.1:1\n  max_body: 1\n  listen: 127.0.0.1:2\n",
        "c.yaml:4:3: 'listen' is given a second time\n"
        "  4 |   listen: 127.0.0.1:2\n"
        "    |   ^^^^^^ the first is in line 2",
    ),
    "a section given twice": (
        "server:\n  max_body: 1\nserver:\n  max_waiting: 1\n",
        "c.yaml:3:1: 'server' is given a second time\n  3 | server:\n    | ^^^^^^ the first is in line 1",
    ),
    "a number where a text is wanted": (
        "server:\n  listen: 8080\n",
        "c.yaml:2:11: expected a text, not a number\n  2 |   listen: 8080\n"
        "    |           ^^^^ put the value into quotes",
    ),
    "a text where a number is wanted": (
        'server: {max_body: "12"}\n',
        'c.yaml:1:20: expected a whole number, not a text\n  1 | server: {max_body: "12"}\n'
        "    |                    ^^^^ write max_body: 12, without the quotes",
    ),
    "a fraction where a whole number is wanted": (
        "server:\n  max_body: 1.5\n",
        "c.yaml:2:13: expected a whole number, not a number\n  2 |   max_body: 1.5\n    |             ^^^",
    ),
    "yes, which is a text": (
        "policy:\n  note_on_change: yes\n",
        "c.yaml:2:19: expected true or false, not a text\n  2 |   note_on_change: yes\n"
        "    |                   ^^^ write note_on_change: true",
    ),
    "true where a duration is wanted": (
        "timing:\n  lease: true\n",
        "c.yaml:2:10: expected a duration, not true or false\n  2 |   lease: true\n    |          ^^^^",
    ),
    "a number that is too small": (
        "server:\n  max_body: 0\n",
        "c.yaml:2:13: must be greater than or equal to 1\n  2 |   max_body: 0\n    |             ^",
    ),
    "a word that is none of those there are": (
        "broker:\n  tls_verify: some\n",
        "c.yaml:2:15: must be 'full', 'ca' or 'none'\n  2 |   tls_verify: some\n    |               ^^^^",
    ),
    "an address without a port": (
        "server:\n  listen: localhost  # here\n",
        "c.yaml:2:11: must be HOST:PORT, such as 127.0.0.1:8080; an IPv6 host in brackets\n"
        "  2 |   listen: localhost  # here\n"
        "    |           ^^^^^^^^^",
    ),
    "a list in place of a section": (
        "server: [a]\n",
        "c.yaml:1:9: expected a section, not a list\n  1 | server: ***\n    |         ^^^",
    ),
    "a text in place of a section": (
        "server:\n  listen\n",
        "c.yaml:2:3: expected a section, not a text\n  2 |   ***\n    |   ^^^",
    ),
    "a section where a text is wanted": (
        "server:\n  listen:\n    host: a\n",
        "c.yaml:2:3: expected a text, not a section\n  2 |   listen:\n    |   ^^^^^^",
    ),
    "a duration with an unknown unit": (
        "timing:\n  lease: 1h30x\n",
        "c.yaml:2:12: expected a duration: a number of seconds, or 30s, 5m, 1h30m, 30d\n"
        "  2 |   lease: 1h30x\n"
        "    |            ^^^",
    ),
    "a duration whose units are in disorder": (
        "timing:\n  key_window: '30m1h'\n",
        "c.yaml:2:19: a duration has each unit once, the largest first: 1h30m\n"
        "  2 |   key_window: '30m1h'\n"
        "    |                   ^^",
    ),
    "a rule between settings": (
        "timing:\n  lease: 20s\n",
        "c.yaml:2:10: http_timeout + margin (20 + 5) must be less than lease (20): "
        "otherwise a worker could send after its lease has ended\n"
        "  2 |   lease: 20s\n"
        "    |          ^^^",
    ),
    "a source id that does not fit a URL": (
        "sources:\n  Prom:\n    kind: alertmanager\n",
        "c.yaml:2:3: the id of a source must be 1 to 64 of a-z, 0-9, _ and -, and begin with a letter or digit\n"
        "  2 |   Prom:\n"
        "    |   ^^^^ write prom:\n"
        "c.yaml:2:3: 'secret' is required here\n"
        "  2 |   Prom:\n"
        "    |   ^^^^ write 'secret_file: PATH' beneath it, or set TICKETRELAY_SOURCES__PROM__SECRET",
    ),
    "a kind that nobody wrote": (
        "sources:\n  prom:\n    kind: alertmanger\n",
        "c.yaml:3:11: there is no connector of kind 'alertmanger'\n"
        "  3 |     kind: alertmanger\n"
        "    |           ^^^^^^^^^^^ did you mean alertmanager?",
    ),
    "a source without a kind": (
        "sources:\n  paper:\n    category: x\n",
        "c.yaml:2:3: the kind of the source 'paper' is missing\n"
        "  2 |   paper:\n"
        f"    |   ^^^^^ write kind: {' | '.join(kinds())}",
    ),
    "a source that is a value": (
        "sources:\n  slack: true\n",
        "c.yaml:2:10: the settings of this source are missing, such as secret_file: PATH\n"
        "  2 |   slack: true\n    |          ^^^^",
    ),
    "sources as a list": (
        "sources:\n  - slack\n",
        "c.yaml:2:3: expected sources, not a list\n  2 |   - slack\n"
        "    |   ^^^^^^^ write the id of each source (ID:), and beneath it its settings",
    ),
    "a source without a secret": (
        "sources:\n  slack:\n    category: chat\n",
        "c.yaml:2:3: 'secret' is required here\n"
        "  2 |   slack:\n"
        "    |   ^^^^^ write 'secret_file: PATH' beneath it, or set TICKETRELAY_SOURCES__SLACK__SECRET",
    ),
    "a secret in the file": (
        "api:\n  key: ak_live_1\n",
        "c.yaml:2:8: a secret must not stand in this file\n"
        "  2 |   key: ***\n"
        "    |        ^^^ write 'key_file: PATH', or set TICKETRELAY_API__KEY",
    ),
    "a URL with a password": (
        "ledger:\n  url: postgresql://me:hunter2@db/relay\n",
        "c.yaml:2:8: a URL with a password must not stand in this file\n"
        "  2 |   url: postgresql://me:***@db/relay\n"
        "    |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write 'url_file: PATH', or set TICKETRELAY_LEDGER__URL",
    ),
    "a secret under a misspelt name": (
        "sources:\n  prom:\n    kind: alertmanager\n    secrte: hunter2\n",
        "c.yaml:4:5: there is no setting 'secrte' in sources.prom\n"
        "  4 |     secrte: ***\n"
        "    |     ^^^^^^ did you mean 'secret_file'?",
    ),
    "a file for what is no secret": (
        "server:\n  listen_file: a\n",
        "c.yaml:2:3: there is no setting 'listen_file' in server\n"
        "  2 |   listen_file: a\n"
        "    |   ^^^^^^^^^^^ did you mean 'listen'?",
    ),
    "a secret's file without a path": (
        "api:\n  key_file:\n",
        "c.yaml:2:3: expected the path of a file\n  2 |   key_file:\n    |   ^^^^^^^^",
    ),
    "a secret and its file": (
        "broker:\n  url: redis://a\n  url_file: b\n",
        "c.yaml:3:3: 'url' is given too\n  3 |   url_file: ***\n    |   ^^^^^^^^ remove one of the two",
    ),
    "a tab": (
        "server:\n\tlisten: 127.0.0.1:1\n",
        "c.yaml:2:1: a tab where YAML allows spaces only\n"
        "  2 |  listen: 127.0.0.1:1\n    | ^ replace the tab by spaces",
    ),
    "a line that is indented too far": (
        "server:\n  listen: 127.0.0.1:1\n   max_body: 3\n",
        "c.yaml:3:12: a ':' in a place where no name can stand\n"
        "  3 |    max_body: 3\n"
        "    |            ^ indent the line like its neighbours, or put the text with ': ' into quotes",
    ),
    "a line that is indented too little": (
        "server:\n    listen: 127.0.0.1:1\n  max_body: 3\n",
        "c.yaml:3:3: the indentation of this line differs from its neighbours\n"
        "  3 |   max_body: 3\n"
        "    |   ^ indent all lines of a section by the same number of spaces",
    ),
    "a quote that is not closed": (
        'api:\n  url: "http://a\n',
        "c.yaml:2:17: the file ends within a text or a list\n"
        '  2 |   url: "http://a\n'
        "    |                 ^ close the quote or bracket",
    ),
    "a tag": (
        "server:\n  listen: !!str a\n",
        "c.yaml:2:11: a tag (!), which this file may not have\n"
        "  2 |   listen: !!str a\n"
        "    |           ^ remove the word that begins with !",
    ),
    "a merge key": (
        "server: &s\n  max_body: 1\npolicy:\n  <<: *s\n",
        "c.yaml:4:3: merge keys (<<) are not supported\n  4 |   <<: *s\n    |   ^^ write the settings out",
    ),
    "an anchor that contains itself": (
        "server: &s\n  listen: *s\n",
        "c.yaml:1:9: an anchor that contains itself\n  1 | server: &s\n    |         ^^ write the values out",
    ),
    "a name that is a list": (
        "[a]: b\n",
        "c.yaml:1:1: a name must be a text\n  1 | [a]: b\n    | ^^^ write NAME: VALUE",
    ),
    "two documents": (
        "server:\n  max_body: 1\n---\npolicy: {}\n",
        "c.yaml:3:1: a second document\n  3 | ---\n    | ^ write one document, without ---",
    ),
    "nothing": (
        "# all of it is commented out\n",
        "c.yaml:1:1: the file is empty\n"
        "  1 | # all of it is commented out\n"
        "    | ^ write a section, or run without --config",
    ),
    "a list of everything": (
        "- server\n",
        "c.yaml:1:1: expected sections, not a list\n"
        "  1 | - server\n"
        "    | ^^^^^^^^ write the sections' names, each with a ':'",
    ),
    "a character that YAML does not allow": (
        "server:\n  listen: a\x07b\n",
        "c.yaml:2:12: a character that YAML does not allow (U+0007)\n  2 |   listen: a b\n    |            ^ remove it",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_its_line_and_what_to_do(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, told = MISTAKES[name]
    assert "\n".join(said(tmp_path, content, monkeypatch)) == told


def test_a_byte_that_is_not_utf_8_is_shown_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(tmp_path, b"server:\n  listen: ab\xffc\n", monkeypatch) == [
        "c.yaml:2:13: a byte that is not UTF-8\n  2 |   listen: ab�c\n    |             ^ save the file as UTF-8"
    ]


def test_all_mistakes_are_told_at_once_by_their_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "api:\n  key: x\nserver:\n  max_body: 0\n  lisen: a\n  max_body: 1\nledger:\n  url: mysql://a\n"
    told = said(tmp_path, content, monkeypatch)
    places = [each.split(": ")[0].removeprefix("c.yaml:") for each in told]
    assert places == ["2:8", "4:13", "5:3", "6:3", "8:8"]


def test_mistakes_of_the_file_and_of_the_environment_are_told_together(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("server:\n  max_body: 0\n")
    with pytest.raises(SettingsError) as caught:
        load(RIGHT | {"TICKETRELAY_SERVER__MAX_WAITING": "0"}, file=path)
    in_file, in_environment = caught.value.problems
    assert in_file.startswith(f"{path}:2:13: ")
    assert in_environment == "TICKETRELAY_SERVER__MAX_WAITING: must be greater than or equal to 1"


def test_what_is_wide_is_underlined_in_its_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = said(tmp_path, "policy: {damping: 0, 警報: 1}\n", monkeypatch)
    assert told.splitlines()[2].startswith("    | " + " " * 21 + "^^^^ ")


def test_a_line_of_any_length_is_shown_around_the_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = ""
    for filler in (300, 100_000):
        (told,) = said(tmp_path, f"policy: {{damping: 0,{' ' * filler}xyzzy: 1}}\n", monkeypatch)
        assert "there is no setting 'xyzzy'" in told
        assert max(map(len, told.splitlines())) < 250
    assert "(a line of 100029 characters)" in told
