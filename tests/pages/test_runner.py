"""The runner of pages: what makes a page fail, and that the failure names the page, the line and the block."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.limits import ROOT
from tests.pages.markdown import UnreadablePage, page_blocks
from tests.pages.runner import CLONE_URL, GIT, Machine
from tests.pages.shell import PageFailed


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine", patience_s=20, root=tmp_path)


def write(machine: Machine, text: str) -> Path:
    page = machine.folder.parent / "page.md"
    page.write_text(text)
    return page


def failure(machine: Machine, text: str) -> str:
    with pytest.raises(PageFailed) as raised:
        machine.run(write(machine, text))
    return str(raised.value)


def test_a_variable_and_a_folder_of_one_block_hold_for_the_next_one(machine: Machine) -> None:
    machine.run(
        write(
            machine,
            """\
```sh
mkdir here
cd here
export COLOUR=green
```

Text in between.

```sh
echo "$COLOUR $(basename "$PWD")"
echo 2026-01-05 at 10:00
```

```text
green here
… at …
```
""",
        )
    )


def test_a_command_that_fails_ends_the_page_with_its_place_block_and_output(machine: Machine) -> None:
    said = failure(machine, "# Page\n\n```sh\necho before\nfalse\necho after\n```\n\n```sh\ntouch later\n```\n")
    assert said.startswith("page.md:3: it failed with exit code 1\n--- block ---\necho before\nfalse\n")
    assert said.endswith("--- output ---\nbefore\n")
    assert not (machine.folder / "work" / "later").exists()


def test_a_variable_that_is_not_set_and_the_first_part_of_a_pipe_are_failures(machine: Machine) -> None:
    assert "page.md:1: it failed" in failure(machine, '```sh\necho "$NO_SUCH_VARIABLE"\n```\n')
    assert "page.md:1: it failed" in failure(machine, "```sh\nfalse | cat\n```\n")


def test_a_missing_line_fails_and_so_do_lines_in_another_order(machine: Machine) -> None:
    said = failure(machine, "```sh\necho one\necho two\n```\n\n```text\none\nthree\n```\n")
    assert said.startswith("page.md:1: its output lacks the line 'three', or has it out of order")
    assert "lacks the line 'one'" in failure(machine, "```sh\necho one\necho two\n```\n```text\ntwo\none\n```\n")
    assert "lacks the line 'tw'" in failure(machine, "```sh\necho two\n```\n```text\ntw\n```\n")


def test_text_that_does_not_directly_follow_is_no_output(machine: Machine) -> None:
    machine.run(write(machine, "```sh\necho one\n```\n\nA file looks so:\n\n```text\nsomething else\n```\n"))


@pytest.mark.parametrize(
    "directive", ["in the backgrund", "here instead:", "not here", "not here:", "background until", "exit code x"]
)
def test_an_unknown_or_incomplete_directive_is_refused(machine: Machine, directive: str) -> None:
    with pytest.raises(UnreadablePage, match=r"^page.md:2: unknown directive") as raised:
        machine.run(write(machine, f"\n<!-- page test: {directive} -->\n```sh\ntrue\n```\n"))
    assert directive in str(raised.value)


def test_a_directive_that_no_fence_follows_is_refused(machine: Machine) -> None:
    with pytest.raises(UnreadablePage, match=r"^page.md:2: a directive stands directly before a fence"):
        machine.run(write(machine, "<!-- page test: not here: no machine -->\n\n```sh\nfalse\n```\n"))
    with pytest.raises(UnreadablePage, match=r"at the end$"):
        machine.run(write(machine, "<!-- page test: not here: no machine -->\n"))


def test_a_block_without_an_end_is_refused(machine: Machine) -> None:
    with pytest.raises(UnreadablePage, match=r"^page.md:1: this block has no end"):
        machine.run(write(machine, "```sh\ntrue\n"))


def test_a_block_that_is_not_for_here_is_left_out(machine: Machine) -> None:
    machine.run(write(machine, "<!-- page test: not here: needs systemd -->\n```sh\nfalse\n```\n"))
    machine.run(write(machine, "```sh\ntrue\n```\n<!-- page test: not here: varies -->\n```text\nsomething\n```\n"))


def test_another_command_can_stand_for_a_block(machine: Machine) -> None:
    machine.run(write(machine, "<!-- page test: here instead: echo here -->\n```sh\nfalse\n```\n```text\nhere\n```\n"))


def test_a_block_is_left_out_without_its_program_except_under_ci(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "<!-- page test: where installed: no-such-program -->\n```sh\nno-such-program\n```\n"
    monkeypatch.delenv("CI", raising=False)
    assert machine.run(write(machine, page)) == {"no-such-program"}
    monkeypatch.setenv("CI", "true")
    assert "it failed with exit code 127" in failure(machine, page)


def test_a_block_that_never_ends_fails_and_is_ended(tmp_path: Path) -> None:
    (tmp_path / "machine").mkdir()
    machine = Machine(tmp_path / "machine", patience_s=1, root=tmp_path)
    said = failure(machine, "```sh\necho $BASHPID > pid\ntail -f /dev/null\n```\n")
    assert said.startswith("page.md:1: it did not end within 1 s; what stays needs the directive `background until")
    assert not Path(f"/proc/{(machine.folder / 'work' / 'pid').read_text().strip()}").exists()


def test_a_background_block_goes_on_beside_the_next_ones_and_is_ended_with_the_page(machine: Machine) -> None:
    machine.run(
        write(
            machine,
            """\
<!-- page test: background until test -s started -->
```sh
python3 -u -c '
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path("ended").touch(), sys.exit()))
print("ready")
pathlib.Path("started").write_text(str(os.getpid()))
while True: signal.pause()'
```

```text
ready
```

```sh
kill -0 "$(cat started)"
test ! -e ended
```
""",
        )
    )
    assert (machine.folder / "work" / "ended").exists()


def test_a_background_block_that_ends_by_itself_is_a_failure(machine: Machine) -> None:
    said = failure(machine, "<!-- page test: background until test -e never -->\n```sh\necho no such thing\n```\n")
    assert said.startswith("page.md:2: it ended, and should go on in the background")
    assert "no such thing" in said


def test_a_background_block_that_ended_is_a_failure_although_its_condition_holds(machine: Machine) -> None:
    said = failure(machine, "<!-- page test: background until sleep 0.3 -->\n```sh\nexit 9\n```\n")
    assert said.startswith("page.md:2: it ended, and should go on in the background")


def test_a_block_that_ends_the_shell_fails_at_once(machine: Machine) -> None:
    for block in ("exec true", "kill -9 $$"):
        began = time.monotonic()
        said = failure(machine, f"```sh\n{block}\n```\n")
        assert said.startswith("page.md:1: it ended the shell in which the page runs")
        assert time.monotonic() - began < 10


def test_an_exit_code_can_be_expected(machine: Machine) -> None:
    machine.run(write(machine, "<!-- page test: exit code 3 -->\n```sh\n(exit 3)\n```\n```sh\ntrue\n```\n"))
    said = failure(machine, "<!-- page test: exit code 3 -->\n```sh\ntrue\n```\n")
    assert said.startswith("page.md:2: exit code 0, not 3")


@pytest.mark.parametrize(
    "text", ["false\n(exit 3)", "false; (exit 3)", "true && (exit 3)", "true || (exit 3)", "sleep 1 & (exit 3)", "'"]
)
def test_a_block_with_an_exit_code_has_one_command(machine: Machine, text: str) -> None:
    with pytest.raises(UnreadablePage, match=r"^page.md:2: a block with `exit code` has one command"):
        machine.run(write(machine, f"<!-- page test: exit code 3 -->\n```sh\n{text}\n```\n"))


@pytest.mark.parametrize(
    "text",
    ["# It's a comment.\nsh -c 'true; \\\nexit 3'", "sh -c 'true\nexit 3' 2>&1 | cat", "sh -c \\\n 'exit 3' &> file"],
)
def test_one_command_may_have_several_lines(machine: Machine, text: str) -> None:
    machine.run(write(machine, f"<!-- page test: exit code 3 -->\n```sh\n{text}\n```\n"))


@pytest.mark.parametrize("output", ["", "```text\n…\n```\n", "\nA text.\n\n```text\n3\n```\n"])
def test_a_repeated_block_without_expected_lines_is_refused(machine: Machine, output: str) -> None:
    with pytest.raises(UnreadablePage, match=r"^page.md:2: `repeat until shown` needs a `text` block"):
        machine.run(write(machine, f"<!-- page test: repeat until shown -->\n```sh\nfalse\n```\n{output}"))


@pytest.mark.parametrize("fence", ["bash", "console", "Shell"])
def test_a_block_of_another_shell_is_refused(machine: Machine, fence: str) -> None:
    with pytest.raises(UnreadablePage, match=f"^page.md:2: write `sh`: a block of '{fence}' would not be run"):
        machine.run(write(machine, f"\n```{fence}\ntrue\n```\n"))


@pytest.mark.parametrize("fence", ["   ```sh", "~~~sh", "``` sh", "```sh title", "```shell-session"])
def test_a_fence_that_would_be_left_out_is_refused(machine: Machine, fence: str) -> None:
    with pytest.raises(UnreadablePage, match=r"^page.md:2: a fence is backticks and one word"):
        machine.run(write(machine, f"\n{fence}\ntrue\n```\n"))


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.stem)
def test_no_page_has_a_block_that_is_refused(page: Path) -> None:
    page_blocks(page, ROOT)


def test_a_block_can_be_repeated_until_its_output_is_there(machine: Machine) -> None:
    machine.run(
        write(
            machine,
            "<!-- page test: repeat until shown -->\n"
            '```sh\necho x >> count\nwc -l < count\ntest "$(wc -l < count)" -gt 1\n```\n```text\n3\n```\n',
        )
    )


def test_a_block_can_be_saved_as_a_file_where_the_shell_is(machine: Machine) -> None:
    page = "```sh\nmkdir here\ncd here\n```\n\n<!-- page test: save as a.yml -->\n```yaml\na: 1\n```\n\n"
    machine.run(write(machine, f"{page}```sh\ncat ../here/a.yml\n```\n```text\na: 1\n```\n"))


def test_replacements_hold_for_commands_conditions_and_outputs(tmp_path: Path) -> None:
    (tmp_path / "machine").mkdir()
    machine = Machine(tmp_path / "machine", replacements=[("8080", "9999")], patience_s=20, root=tmp_path)
    machine.run(
        write(machine, "```sh\necho port 8080 > file\ncat file; grep -q 99 file\n```\n```text\nport 8080\n```\n")
    )


def test_blocks_before_a_page_leave_its_lines_and_outputs_as_they_are(machine: Machine) -> None:
    before = "```sh\nexport COLOUR=green\n(while test ! -e end; do sleep 0.1; done; echo late) & late=$!\n```\n"
    page = write(machine, '```sh\necho "$COLOUR"\ntouch end\nwait $late\nfalse\n```\n')
    with pytest.raises(PageFailed, match=r"^page.md:1: it failed") as raised:
        machine.run(page, before=before)
    assert str(raised.value).endswith("--- output ---\ngreen\n")
    with pytest.raises(PageFailed, match=r"^before the page:2: it failed"):
        machine.run(page, before="\n```sh\nfalse\n```\n")


def test_a_page_begins_with_an_empty_home_and_without_our_settings(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TICKETRELAY_API__URL", "http://elsewhere")
    machine.run(write(machine, '```sh\nls -A | wc -l\nls -A ~ | wc -l\nenv | grep -c TICKETRELAY_ || true\n```\n'
                               "```text\n0\n0\n0\n```\n"))  # fmt: skip
    assert "TICKETRELAY_API__URL" in os.environ


def test_the_printed_clone_is_of_the_files_as_they_are(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("first")
    (tree / ".gitignore").write_text("ignored")
    make_repository_of(tree)
    for name in ("file", "new", "ignored"):
        (tree / name).write_text(f"{name} ")
    page = tree / "page.md"
    page.write_text(
        f"```sh\ngit clone {CLONE_URL}\ncd ticketrelay\ncat file new\nls\n```\n```text\nfile new file\nnew\n```\n"
    )
    (tmp_path / "machine").mkdir()
    Machine(tmp_path / "machine", patience_s=20, root=tree).run(page)
    assert not (tmp_path / "machine" / "work" / "ticketrelay" / "ignored").exists()


def make_repository_of(tree: Path) -> None:
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run([GIT, *command], cwd=tree, check=True)
