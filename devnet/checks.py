"""`scripts/test`: every check of the project, all of them even when one fails; red if any is.

With patterns or options after it, only pytest runs, with those: `scripts/test tests/unit -k money`.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devnet.binaries import ROOT
from devnet.processes import Command, ProcessFailed, Service, clean_environment, new_run_id, run_members

PYTHON = (sys.executable, "-m")
# Each file stays on one of the two workers, whose services are its own.
PYTEST = (*PYTHON, "pytest", "-q", "--durations=5")
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile")


@dataclass(frozen=True)
class Check:
    name: str
    argv: Sequence[str]
    limit_seconds: int = 300
    env: Mapping[str, str] = field(default_factory=dict)


def checks(*, deep: bool) -> list[Check]:
    extra = ("--hypothesis-profile", "deep") if deep else ("-m", "not deep")
    profile = {"FOUNDRY_PROFILE": "deep" if deep else "default"}
    return [
        Check("ruff check", [*PYTHON, "ruff", "check", "."]),
        Check("ruff format", [*PYTHON, "ruff", "format", "--check", "."]),
        Check("import floors", [lint_imports()]),
        Check("mypy", [*PYTHON, "mypy"]),
        Check("contracts (forge)", [*PYTHON, "devnet.contracts", "test"], 7200 if deep else 400, profile),
        Check("contracts (ape)", [*PYTHON, "devnet.contracts", "ape", "test"], 400),
        Check("unit and integration", [*PYTEST, *SIDE_BY_SIDE, *extra, "tests/unit", "tests/integration"], 3600),
        Check("journeys", [*PYTEST, *extra, "tests/journeys"], 3600),
    ]


def main() -> int:
    arguments = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        if arguments and arguments != ["--deep"]:
            return run(Check("pytest", [*PYTHON, "pytest", *arguments], 7200), environment(Path(tempfile.mkdtemp())))
        return run_all(checks(deep=bool(arguments)))
    except KeyboardInterrupt:
        return 130


def run_all(wanted: Sequence[Check]) -> int:
    folder = Path(tempfile.mkdtemp(prefix="guildhall-test-"))
    env = environment(folder)
    try:
        results = [(check, *timed(check, env)) for check in wanted]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print()
    for check, code, seconds in results:
        print(f"{'passed' if code == 0 else 'FAILED'}  {seconds:6.1f} s  {check.name}")
    left = run_members(env["GUILDHALL_RUN_ID"])
    if left:
        print(f"FAILED  processes that stayed: {left}")
    failed = sum(code != 0 for _, code, _ in results) + bool(left)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def environment(folder: Path) -> dict[str, str]:
    """Tests bring their own services; a folder of this run takes what they leave, tools' notes in HOME too."""
    env = clean_environment(os.environ, new_run_id())
    kept = {name: value for name, value in env.items() if name not in SERVICES}
    return kept | {"TMPDIR": str(folder), "HOME": str(folder)}


SERVICES = frozenset({"DATABASE_URL", "REDIS_URL", "RPC_URLS"})


def timed(check: Check, env: Mapping[str, str]) -> tuple[int, float]:
    print(f"\n== {check.name}", flush=True)
    started = time.monotonic()
    return run(check, env), time.monotonic() - started


def run(check: Check, env: Mapping[str, str]) -> int:
    """The exit code; 1 for a check that did not end within its limit."""
    service = Service(Command(check.name, check.argv, {**env, **check.env}, None, cwd=ROOT))
    try:
        service.spawn()
        return service.wait(check.limit_seconds)
    except subprocess.TimeoutExpired:
        print(f"{check.name} did not end within {check.limit_seconds} s", file=sys.stderr)
        return 1
    except ProcessFailed as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        service.stop()


def lint_imports() -> str:
    return str(Path(sys.executable).with_name("lint-imports"))


if __name__ == "__main__":
    sys.exit(main())
