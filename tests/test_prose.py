"""Tests of the prose check: it finds each kind of fault, and nothing in plain docstrings."""

from __future__ import annotations

import pytest

from tests.prose import faults

PLAIN = '''"""Reads mailboxes.

A folder without `?` in its name is read once, as in https://mail.example/?folder=INBOX.
"""


def folder() -> None:
    """Return the folder; None if it is missing."""


LIMIT = 5
"""How many mails are read at a time."""
'''


def test_plain_docstrings_have_no_fault() -> None:
    assert list(faults("plain.py", PLAIN)) == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('"""How is a folder read?"""', "1: a module docstring is a statement, without a question"),
        ('"""Reads.\n\nWhen is it read? Later.\n"""', "1: a module docstring is a statement, without a question"),
        ('"""What a folder holds."""', "1: the first line names its subject: 'What a folder holds.'"),
        ('def f():\n    """It waits."""', "2: the first line names its subject: 'It waits.'"),
        ('class F:\n    """Of a mail."""', "2: the first line names its subject: 'Of a mail.'"),
        (
            '"""Reads the id.\n\nHere nothing\nis neither.\n"""',
            "1: 'nothing is neither': write that the thing is missing",
        ),
        ('"""Keeps mails.\n\nThese are what\nwas to be read.\n"""', "1: 'what was to be': name the thing"),
        ('LIMIT = 5\n"""What is read at most."""', "2: the first line names its subject: 'What is read at most.'"),
        ('class F:\n    size: int\n    """Of a mail."""', "3: the first line names its subject: 'Of a mail.'"),
    ],
)
def test_each_pattern_is_a_fault(source: str, fault: str) -> None:
    assert f"odd.py:{fault}" in list(faults("odd.py", source))


def test_a_file_that_is_not_utf_8_is_one_fault() -> None:
    (fault,) = faults("odd.py", b"x = '\xff'\n")
    assert fault.startswith("odd.py: cannot be read as Python: ")
