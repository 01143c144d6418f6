"""One bash that runs the blocks of a page one after the other, some of them in the background.

Each block is a file that the bash sources, so that a variable, `cd` or `export` holds for the blocks after it. Input is
empty, and output goes to a file. The bash reports each end on a pipe.
"""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.pages.markdown import Block

BASH = shutil.which("bash") or "bash"
PAUSE_S = 0.2
ENDED_SHELL = "it ended the shell in which the page runs"
END_PATIENCE_S = 60.0  # until a background process has ended after SIGTERM


class PageFailed(AssertionError):
    """A block did not do what its page says."""

    def __init__(self, block: Block, problem: str, output: str) -> None:
        super().__init__(f"{block.place}: {problem}\n--- block ---\n{block.text}--- output ---\n{output[-6000:]}")


class Shell:
    """A bash in a session of its own."""

    def __init__(self, work: Path, blocks: Path, environment: Mapping[str, str], patience_s: float) -> None:
        """Start in `work`; `blocks` is where scripts and outputs are kept, and `patience_s` limits each block."""
        self._blocks = blocks
        self._patience_s = patience_s
        self._background: list[tuple[int, Block]] = []
        self._reports, reported = os.pipe()
        self._received = b""
        self._bash = subprocess.Popen(
            [BASH, "--noprofile", "--norc"],
            cwd=work,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[reported],
            start_new_session=True,
            text=True,
        )
        # After a failure the bash stays until `end`, to collect its background processes.
        self._say(
            f"exec 3>&{reported} {reported}>&- 4<&0\n"
            "set -euo pipefail\n"
            """trap 'echo "exit $?" >&3; while read -r _ <&4; do :; done' EXIT"""
        )
        os.close(reported)

    def run(self, block: Block, text: str, *, may_fail: bool = False) -> str:
        """Run a block and return its output. Raises PageFailed for another exit code, and when it does not end."""
        script, output = self._write(block, text)
        if may_fail or block.exit_code:
            self._say(f"source {script} </dev/null >{output} 2>&1 && echo done 0 >&3 || echo done $? >&3")
        else:
            self._say(f"source {script} </dev/null >{output} 2>&1\necho done 0 >&3")
        code = self._report(block)
        if code != block.exit_code and not may_fail:
            raise PageFailed(block, f"exit code {code}, not {block.exit_code}", self.output_of(block))
        return self.output_of(block)

    def start(self, block: Block, text: str, until: str) -> None:
        """Start a block in the background, in a process group of its own; return when the command `until` succeeds."""
        script, output = self._write(block, text)
        asked, answer = self._blocks / "until.sh", self._blocks / "until.out"
        asked.write_text(f"{until}\n")
        # The subshell survives SIGTERM, so that it ends after its command.
        self._say(
            f"set -m\n( trap : TERM; source {script} ) </dev/null >{output} 2>&1 3>&- 4<&- &\nset +m\necho done $! >&3"
        )
        pid = self._report(block)
        self._background.append((pid, block))
        deadline = time.monotonic() + self._patience_s
        while True:
            has_ended = not _is_running(pid)
            self._say(f"source {asked} </dev/null >{answer} 2>&1 && echo done 0 >&3 || echo done $? >&3")
            succeeded = self._report(block) == 0
            if succeeded and _is_running(pid):
                return
            if has_ended or succeeded:
                raise PageFailed(block, "it ended, and should go on in the background", self.output_of(block))
            if time.monotonic() > deadline:
                problem = f"after {self._patience_s:g} s this does not succeed: {until}\n{answer.read_text()}"
                raise PageFailed(block, problem, self.output_of(block))
            time.sleep(PAUSE_S)

    def until_shown(self, block: Block, read: Callable[[], str], expected: Sequence[str]) -> None:
        """Call `read` until what it returns has the expected lines. Raises PageFailed when that takes too long."""
        deadline = time.monotonic() + self._patience_s
        while (missing := missing_line(expected, output := read())) is not None:
            if time.monotonic() > deadline:
                problem = f"after {self._patience_s:g} s its output lacks the line {missing!r}, or has it out of order"
                raise PageFailed(block, problem, output)
            time.sleep(PAUSE_S)

    def save(self, block: Block, text: str) -> None:
        """Write a block into the file that its page names, in the folder where the shell is now."""
        assert block.save_as is not None
        (Path(f"/proc/{self._bash.pid}/cwd").resolve() / block.save_as).write_text(text, encoding="utf-8")

    def output_of(self, block: Block) -> str:
        return self._file(block, "out").read_text(encoding="utf-8", errors="replace")

    def background_outputs(self) -> str:
        """Return the last output of each background block, for a message about a failure."""
        return "".join(f"--- {block.place}, in the background ---\n{self.output_of(block)[-3000:]}\n"
                       for _, block in self._background)  # fmt: skip

    def end(self) -> None:
        """End the background processes in reverse order by SIGTERM, then the bash."""
        for pid, _ in reversed(self._background):
            _end_group(pid)
        with suppress(BrokenPipeError):
            self._bash.stdin.close() if self._bash.stdin else None
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.wait()
        os.close(self._reports)

    def _file(self, block: Block, kind: str) -> Path:
        return self._blocks / f"{block.place.replace('/', '-')}.{kind}"

    def _write(self, block: Block, text: str) -> tuple[str, str]:
        self._file(block, "sh").write_text(text, encoding="utf-8")
        return shlex.quote(str(self._file(block, "sh"))), shlex.quote(str(self._file(block, "out")))

    def _say(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{text}\n")
        self._bash.stdin.flush()

    def _report(self, block: Block) -> int:
        """Wait for the next report and return its number: an exit code, or a process id. Raises PageFailed."""
        deadline = time.monotonic() + self._patience_s
        while b"\n" not in self._received:
            if time.monotonic() > deadline:
                problem = (
                    f"it did not end within {self._patience_s:g} s; what stays needs the directive"
                    " `background until COMMAND`"
                )
                raise PageFailed(block, problem, self.output_of(block))
            if select.select([self._reports], [], [], PAUSE_S)[0]:
                chunk = os.read(self._reports, 1000)
                if not chunk:  # the shell is gone, and all that could report
                    raise PageFailed(block, ENDED_SHELL, self.output_of(block))
                self._received += chunk
            elif self._bash.poll() is not None:
                raise PageFailed(block, ENDED_SHELL, self.output_of(block))
        report, _, self._received = self._received.partition(b"\n")
        kind, _, number = report.decode().partition(" ")
        if kind == "exit":
            raise PageFailed(block, f"it failed with exit code {number}", self.output_of(block))
        return int(number)


def missing_line(expected: Sequence[str], output: str) -> str | None:
    """Return the first expected line that the output lacks, or None; `…` in a line matches anything.

    Each line is looked for after the one before.
    """
    lines = iter(output.splitlines())
    for wanted in expected:
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("…")) + r"\s*")
        if not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _end_group(pid: int) -> None:
    """Send SIGTERM to a process group and wait for its leader; whatever is left then is killed."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGTERM)
    deadline = time.monotonic() + END_PATIENCE_S
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
