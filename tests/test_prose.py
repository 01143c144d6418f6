"""Tests of the prose check: it finds each kind of fault, with its line, and none in plain text."""

from __future__ import annotations

import ast

import pytest

from tests.prose.__main__ import module_faults, unreleased
from tests.prose.code import docstring_faults, message_faults
from tests.prose.linter import OFF, Text, linter_faults
from tests.prose.pages import page_faults
from tests.prose.phrases import MAX_CLAUSES, MAX_WORDS

PLAIN = '''"""Reads mailboxes.

A folder without `?` in its name is read once, as in https://mail.example/?folder=INBOX.
"""


def folder() -> None:
    """Return the folder; None if it is missing."""


LIMIT = 5
"""How many mails are read at a time."""
'''

PLAIN_PAGE = f"""# What a mailbox does

The worker reads the mailbox. Which folders does it read? `What is to be` read is a setting.

| What it is | `mail mail` |
|---|---|
| What stands in a table | {"one two " * MAX_WORDS}|

```sh
# mail mail: a block of code is not prose
```

<!-- what was to be said here -->
- There is no limit, and a worker is no longer needed.
- A link counts as its text: [the mailbox](https://example.org/{"and-more-" * 9}).
"""


def in_code(source: str) -> list[str]:
    tree = ast.parse(source)
    return [str(each) for each in (*docstring_faults("odd.py", tree), *message_faults("odd.py", source, tree))]


def in_page(text: str) -> list[str]:
    return [str(each) for each in page_faults("odd.md", text)]


def test_plain_docstrings_have_no_fault() -> None:
    assert in_code(PLAIN) == []


def test_a_plain_page_has_no_fault() -> None:
    assert in_page(PLAIN_PAGE) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('"""How is a folder read?"""', "1: a module docstring is a statement, without a question"),
        ('"""Reads.\n\nWhen is it read? Later.\n"""', "1: a module docstring is a statement, without a question"),
        ('"""What a folder holds."""', "1: the first line names its subject: 'What a folder holds.'"),
        ('def f():\n    """It waits."""', "2: the first line names its subject: 'It waits.'"),
        ('if f:\n    class F:\n        """Of a mail."""', "3: the first line names its subject: 'Of a mail.'"),
        ('"""Reads.\n\nThe mail\nmail.\n"""', "3: 'mail mail': the word stands twice"),
        ('"""Keeps mails.\n\nThese are what\nwas to be read.\n"""', "3: 'what was to be': name the thing"),
        ('LIMIT = 5\n"""What is read at most."""', "2: the first line names its subject: 'What is read at most.'"),
        ('class F:\n    size: int\n    """Of a mail."""', "3: the first line names its subject: 'Of a mail.'"),
    ],
)
def test_each_pattern_of_a_docstring_is_a_fault(source: str, fault: str) -> None:
    assert f"odd.py:{fault}" in in_code(source)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("x = 1  # which of them is it", "1: 'which of them': name the thing"),
        ("# the body\n# is no\n# mail\nx = 1", "2: 'is no': write `is not a …`"),
        ('raise ValueError(f"{x} is no number")', "1: 'is no': write `is not a …`"),
        ('raise ValueError(\n    "the body is "\n    "no mail"\n)', "2: 'is no': write `is not a …`"),
        ('option("--all", help="nothing is missing")', "1: 'nothing is missing': say that the thing is missing"),
        ('click.echo("this is no mail" if x else y)', "1: 'is no': write `is not a …`"),
        ('fail([f"{x} is no address"])', "1: 'is no': write `is not a …`"),
        ('return Remark("type", "it is no type")', "1: 'is no': write `is not a …`"),
        (
            'LogEvent("a.b", "info", "A mail came.", (), "nothing is due")',
            "1: 'nothing is due': say that the thing is missing",
        ),
        ('Finding(path, "x", todo="this is no mail" + more)', "1: 'is no': write `is not a …`"),
    ],
)
def test_each_phrase_in_a_comment_or_message_is_a_fault(source: str, fault: str) -> None:
    assert in_code(source) == [f"odd.py:{fault}"]


def test_other_strings_of_a_program_are_not_prose() -> None:
    assert in_code('x = "mail mail"  # the mail') == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Mail comes.\nWhat is new, is read.", "2: 'What' opens a sentence: name the thing that the sentence is about"),
        ("- Who asks is told.", "1: 'Who' opens a sentence: name the person or the program"),
        ("**Of a mail** the text is kept.", "1: 'Of a' opens a sentence: begin with the subject"),
        ("1. Whether it is read, a job says.", "1: 'Whether' opens a sentence: begin with the subject"),
        ("| a | this is no mail |", "1: 'is no': write `is not a …`"),
        ("A mail waits; what is\nread is kept.", "1: '; what is': name the thing that the clause is about"),
        ("A mail, one of\nwhich is read.", "1: 'one of which': make two sentences of it"),
        ("The text of what was read.", "1: 'of what was': name the thing"),
        ("The mail.\n\nThe mail mail.", "3: 'mail mail': the word stands twice"),
        (
            f"One.\n\n{' '.join(f'word{number}' for number in range(MAX_WORDS + 1))}.",
            f"3: a sentence of {MAX_WORDS + 1} words (at most {MAX_WORDS}): divide it",
        ),
        (
            "The one that is, that was, which is, who has.",
            f"1: who, which, that and what stand 4 times in a sentence (at most {MAX_CLAUSES}): divide it",
        ),
    ],
)
def test_each_pattern_of_a_page_is_a_fault(text: str, fault: str) -> None:
    assert in_page(text) == [f"odd.md:{fault}"]


def test_proselint_says_file_and_line_of_a_cliche() -> None:
    texts = [Text("plain.md", 1, 'A "mail\n\ncomes.\n'), Text("odd.py", 7, "Reads.\n\nThis is a can of worms.")]
    [fault] = linter_faults(texts)
    assert (fault.file, fault.line) == ("odd.py", 9)
    assert "proselint: cliches" in fault.advice


@pytest.mark.parametrize("text", ["429 among others", "for every mail", "exactly-once delivery", "It is resumed."])
def test_checks_of_proselint_that_are_wrong_here_are_off(text: str) -> None:
    assert list(linter_faults([Text("plain.md", 1, text)])) == []
    assert all(OFF.values())


def test_only_the_unreleased_part_of_the_changelog_is_read() -> None:
    before = "# Changelog\n\n## [Unreleased]\n\n- A line.\n\n"
    assert unreleased(f"{before}## [0.1.0] - 2026-01-05\n\n- Another.\n") == before
    assert unreleased(before) == before


def test_a_module_that_is_not_utf_8_is_one_fault() -> None:
    (fault,) = module_faults("odd.py", b"x = '\xff'\n", [])
    assert str(fault).startswith("odd.py:1: cannot be read as Python: ")
