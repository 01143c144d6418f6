"""Files and functions that are too long are found, and an exception must still be needed."""

from __future__ import annotations

from tests.limits import MAX_EXCEPTIONS, MAX_FILE, MAX_FUNCTION, checked, problems, too_long


def function(lines: int) -> str:
    return "\n".join(["async def long() -> None:", *["    pass"] * (lines - 1)])


def test_a_file_may_have_as_many_lines_as_the_limit_and_no_more() -> None:
    assert list(too_long("a.py", "x = 1\n" * MAX_FILE)) == []
    assert list(too_long("a.py", "x = 1\n" * (MAX_FILE + 1))) == [("a.py", MAX_FILE + 1)]


def test_a_function_may_have_as_many_lines_as_the_limit_and_no_more() -> None:
    assert list(too_long("a.py", function(MAX_FUNCTION))) == []
    assert list(too_long("a.py", function(MAX_FUNCTION + 1))) == [("a.py:long", MAX_FUNCTION + 1)]


def test_a_method_is_a_function() -> None:
    source = "class A:\n" + "\n".join(f"    {line}" for line in function(MAX_FUNCTION + 1).splitlines())
    assert list(too_long("a.py", source)) == [("a.py:long", MAX_FUNCTION + 1)]


def test_an_exception_ends_when_the_code_is_short_enough() -> None:
    assert problems({"a.py": 401}, {}) == ["a.py has 401 lines"]
    assert problems({"a.py": 401}, {"a.py": "a table"}) == []
    assert problems({}, {"a.py": "a table"}) == ["a.py is short enough: end its exception"]


def test_there_are_few_exceptions() -> None:
    found = {f"{number}.py": 401 for number in range(MAX_EXCEPTIONS + 1)}
    assert problems(found, dict.fromkeys(found, "a table")) == [f"{len(found)} exceptions, at most {MAX_EXCEPTIONS}"]


def test_a_file_that_is_not_utf_8_is_named_and_the_others_are_checked() -> None:
    odd, long = ("odd.py", b"x = '\xff'\n"), ("long.py", b"x = 1\n" * (MAX_FILE + 1))
    unreadable, too_many_lines = checked([odd, long], {})
    assert unreadable.startswith("odd.py: cannot be read as Python: ")
    assert too_many_lines == f"long.py has {MAX_FILE + 1} lines"
