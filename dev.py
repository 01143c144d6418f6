"""Sets up `.venv` with the locked requirements, and runs the project's commands; needs only Python 3.11+.

    python3 dev.py run   [ARGS]   the main job (`ticketrelay run`)
    python3 dev.py test  [ARGS]   the tests (pytest), in parallel (-n0: one process); tests that need an absent server
                                  are deselected and counted; of generated cases a share that the commit chooses
                                  (--whole: all)
    python3 dev.py check [ARGS]   format, lint, strict types, import rules, limits, prose, schema, statements,
                                  alert rules, known vulnerabilities, tests; --static leaves the tests out. The alert
                                  rules are left out where promtool is missing (Debian: the package prometheus), but
                                  not under CI
    python3 dev.py bench NAME     a benchmark of benchmarks/; --against REV measures this checkout and another revision
                                  alternately, and prints the median of their ratios (docs/benchmarks.md)
    python3 dev.py sql            write docs/sql.md: the statements of the hot paths and their plans (needs PostgreSQL)
    python3 dev.py reference      write docs/reference/: settings, commands and metrics, from the code
    python3 dev.py mixin          write deploy/mixin/: Prometheus' rules, their tests and a dashboard, from the code
    python3 dev.py sbom           print a bill of materials of the runtime requirements (CycloneDX 1.6, JSON)
    python3 dev.py audit          look for known vulnerabilities of them (needs pip-audit and the Internet)
    python3 dev.py trace KIND     the files, functions, returns and types that one message passes (alert or mail)
    python3 dev.py chaos [ARGS]   kill, freeze and crash processes and servers; the last line is JSON (docs/chaos.md)
    python3 dev.py ablate ARGS    switch off the rules of exactly-once delivery in the code, and tell which rules no
                                  test notices: --all, --share SECONDS, --list, or parts of their names
    python3 dev.py install        make or renew `.venv` for development; the other commands do so when it is missing
    python3 dev.py lock           resolve requirements/*.lock anew (needs uv)

Standard library only. Uses uv if it is installed, otherwise pip; both require hashes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
SCHEMA = VENV / "ticketrelay.schema.json"
RUNTIME, DEV = "runtime", "dev"  # one lock file each; dev holds everything in runtime, at the same versions
# Several processes; a later -n0 means one process. Tests run in file order: the tests with real processes take longest
# and come first, so that no process ends the run alone with one of them.
PYTEST = (PYTHON, "-m", "pytest", "-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
MODULES = {
    "trace": "benchmarks.trace",
    "sql": "tests.statements",
    "reference": "tests.reference",
    "mixin": "tests.mixin",
    "chaos": "tests.acceptance.chaos",
    "ablate": "tests.ablations",
}
"""The commands that are one module, which gets the arguments."""
PLAIN_MODULES = {"sbom": "tests.dependencies.sbom", "audit": "tests.dependencies.audit"}  # standard library only
MIXIN = ROOT / "deploy" / "mixin"
MODULE = ("-m", "tests.quietly")  # runs a module, and ends it in order where its output is a closed pipe or a full disk
MEMORY = Path("/dev/shm")  # noqa: S108 — for the tests' databases: they commit thousands of times
LEAST_MEMORY = 2 * 1024**3  # bytes that must be free there
LOCKS = {RUNTIME: ("--group", "build"), DEV: ("--group", "dev")}


def call(*command: str | Path) -> int:
    """Run a command in the project folder, pass SIGTERM and SIGINT on to the command, and return its exit code."""
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the child got the same signal and ends by itself


def must(*command: str | Path) -> None:
    """Run a command; exit with its exit code if the command fails."""
    if code := call(*command):
        raise SystemExit(code)


def lock_file(name: str) -> Path:
    return ROOT / "requirements" / f"{name}.lock"


def stamp(name: str) -> str:
    """Return a fingerprint of an installed environment: lock, project metadata, interpreter version, project folder.

    The folder counts because the installed command names it: a `.venv` that was moved or linked is installed anew.
    """
    content = lock_file(name).read_bytes() + (ROOT / "pyproject.toml").read_bytes() + f"{sys.version}{ROOT}".encode()
    return hashlib.sha256(content).hexdigest()


def installed(name: str) -> bool:
    """True if `.venv` already holds this lock; the dev lock contains the runtime lock."""
    names = (DEV,) if name == DEV else (RUNTIME, DEV)
    return PYTHON.exists() and any(
        path.exists() and path.read_text() == stamp(each) for each in names for path in [VENV / f"installed-{each}"]
    )


def install(name: str) -> None:
    if installed(name):
        return
    uv = shutil.which("uv")
    print(f"dev.py: installing requirements/{name}.lock with {'uv' if uv else 'pip'}", file=sys.stderr, flush=True)
    if not PYTHON.exists():
        if uv:
            must(uv, "venv", "--quiet", "--python", sys.executable, VENV)
        else:
            venv.create(VENV, with_pip=True, clear=True)
    pip: tuple[str | Path, ...] = (
        (uv, "pip", "install", "--quiet", "--python", PYTHON)
        if uv  # Python compiles what is imported: a tenth of the modules, and a third of the time that pip would take
        else (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")
    )
    if not uv and call(PYTHON, "-c", "import pip"):
        must(PYTHON, "-m", "ensurepip", "--upgrade")  # uv made the environment, and uv leaves pip out
    must(*pip, "--require-hashes", "-r", lock_file(name))
    must(*pip, "--no-deps", "--no-build-isolation", "-e", ".")
    (VENV / f"installed-{name}").write_text(stamp(name))


def lock() -> int:
    uv = shutil.which("uv")
    if not uv:
        print("dev.py lock: uv is not installed; install it with: python3 -m pip install uv", file=sys.stderr)
        return 2
    for name, groups in LOCKS.items():
        must(uv, "pip", "compile", "--quiet", "pyproject.toml", "--all-extras", *groups, "--universal",
             "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--upgrade",
             # Without the extras, a pin holds for the plain name only. Older pips (23.2) then take the newest release
             # of `coverage[toml]`, which has no hash in the lock.
             "--no-strip-extras",
             "--custom-compile-command", "python3 dev.py lock", "-o", lock_file(name))  # fmt: skip
    return 0


def pytest(*arguments: str) -> int:
    """Run the tests, with their temporary files in memory if that has room: a commit to a disk takes milliseconds."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > LEAST_MEMORY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    return call(*PYTEST, *arguments)


def check(arguments: list[str]) -> int:
    """Run every check, also after a failed one, so that one call shows all failures."""
    steps: list[tuple[str, tuple[str | Path, ...]]] = [
        ("format", (BIN / "ruff", "format", "--check", ".")),
        ("lint", (BIN / "ruff", "check", ".")),
        ("types", (PYTHON, "-m", "mypy")),
        ("import rules", (BIN / "lint-imports",)),
        ("limits", (PYTHON, "-m", "tests.limits")),
        ("prose", (PYTHON, "-m", "tests.prose")),
        ("schema", (PYTHON, "-m", "worker.cli", "schema", "--to", SCHEMA)),
        ("example", (BIN / "check-jsonschema", "--schemafile", SCHEMA, "ticketrelay.example.yaml")),
        ("statements", (PYTHON, "-m", "tests.statements", "--check")),
        ("vulnerabilities", (PYTHON, "-m", "tests.dependencies.audit", "--check")),
    ]
    if shutil.which("promtool") is not None or os.environ.get("CI") == "true":
        steps += [
            ("alert rules", ("promtool", "check", "rules", MIXIN / "rules.yaml")),
            ("tests of the alert rules", ("promtool", "test", "rules", MIXIN / "rules_test.yaml")),
        ]
    else:
        print("== alert rules: left out, because promtool is missing (Debian: the package prometheus)", flush=True)
    failed = []
    for name, command in steps:
        print(f"== {name}", flush=True)
        if call(*command):
            failed.append(name)
    if "--static" not in arguments:
        print("== tests", flush=True)
        if pytest("--cov", "--cov-report=term", *arguments):
            failed.append("tests")
    print(f"check: {'failed: ' + ', '.join(failed) if failed else 'all green'}", flush=True)
    return 1 if failed else 0


def benchmark_names() -> list[str]:
    return sorted(path.stem for path in (ROOT / "benchmarks").glob("[a-z]*.py"))


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 — explains the requirement to users of an older version
        print(f"Ticketrelay needs Python 3.11 or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if os.name != "posix":
        print("Windows is not supported: Ticketrelay runs on Linux and other POSIX systems (on Windows: in WSL 2)",
              file=sys.stderr)  # fmt: skip
        return 2
    # Tests and benchmarks start hundreds of processes, each of which would compile all modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    command, *rest = arguments or ["--help"]
    match command:
        case "-h" | "--help":
            print(__doc__)
            return 0
        case "run":
            install(RUNTIME)
            return call(PYTHON, "-m", "worker.cli", "run", *rest)
        case "test":
            install(DEV)
            return pytest(*rest)
        case "check":
            install(DEV)
            return check(rest)
        case "bench" if any(each.partition("=")[0] == "--against" for each in rest):
            install(DEV)
            return call(PYTHON, *MODULE, "benchmarks.parts.against", *rest)
        case "bench" if rest and rest[0] in benchmark_names():
            install(DEV)
            return call(PYTHON, *MODULE, f"benchmarks.{rest[0]}", *rest[1:])
        case "bench":
            print(f"dev.py bench: name a benchmark: {', '.join(benchmark_names())}", file=sys.stderr)
            return 2
        case _ if command in MODULES:
            install(DEV)
            return call(PYTHON, *MODULE, MODULES[command], *rest)
        case _ if command in PLAIN_MODULES:
            return call(sys.executable, *MODULE, PLAIN_MODULES[command], *rest)
        case "install":
            install(DEV)
            return 0
        case "lock":
            return lock()
        case _:
            print(f"dev.py: there is no command {command!r}\n\n{__doc__}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    from tests.quietly import quietly

    raise SystemExit(quietly(lambda: main(sys.argv[1:])))
