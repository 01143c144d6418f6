"""Tests of the prose check: it finds each kind of fault, and nothing in plain docstrings."""

from __future__ import annotations

import pytest

from tests.prose import faults

PLAIN = '''"""Reads mailboxes.

A folder without `?` in its name is read once.
"""


def folder() -> None:
    """Return the folder; None if it is missing."""
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
        ('"""Reads where nothing is no id."""', "1: 'nothing is no': write that the thing is missing"),
        ('"""Keeps what is to be read."""', "1: 'what is to be': name the thing"),
    ],
)
def test_each_pattern_is_a_fault(source: str, fault: str) -> None:
    assert f"odd.py:{fault}" in list(faults("odd.py", source))
