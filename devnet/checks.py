"""`scripts/test`: every check of the project, all of them even when one fails; red if any is.

With patterns or options after it, only pytest runs, with those: `scripts/test tests/unit -k money`.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devnet.binaries import ROOT
from devnet.processes import RUN_ID_VARIABLE, Command, Processes, Service, clean_environment, new_run_id, run_members

PYTHON = (sys.executable, "-m")
# Each file stays on one of the two workers, whose services are its own.
PYTEST = (*PYTHON, "pytest", "-q", "--durations=5")
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile")
MEASURED = ("--cov=app", "--cov-report=")

# What handles money, the market and what is said: their tests must reach nearly every line and branch.
LEAST_COVERAGE = 95
# A run leaves 2 GB, and its services take as much again.
MEMORY_BYTES = 12 << 30
COVERED = {
    "money": (
        "money.py",
        "escrow/*",
        "relayer/*",
        "signing/*",
        "spending/*",
        "payments/*",
        "channels/*",
        "referrals/*",
    ),
    "market": (
        *("agents/*", "catalogue/*", "listings/*", "tasks/*", "auctions/*", "disputes/*", "reputation/*"),
        *("search/*", "analytics/*", "membership/*", "routing/*", "pricing/*"),
    ),
    "messaging": ("announcements/*", "streams/*"),
}


@dataclass(frozen=True)
class Check:
    """`early`: started at once beside the others, since it keeps one core busy for long; shown in its turn."""

    name: str
    argv: Sequence[str]
    limit_seconds: int = 300
    env: Mapping[str, str] = field(default_factory=dict)
    early: bool = False


# Each brings its tool at its first use, and ends with one line that sums it up.
PROOFS = (
    Check("static analysis (slither)", [*PYTHON, "devnet.proofs.slither"], 1800),
    Check("symbolic proofs (halmos)", [*PYTHON, "devnet.proofs.halmos"], 7200),
    Check("mutation testing", [*PYTHON, "devnet.proofs.mutation"], 14_400),
)


def checks(*, deep: bool) -> list[Check]:
    extra = ("--hypothesis-profile", "deep") if deep else ("-m", "not deep")
    profile = {"FOUNDRY_PROFILE": "deep" if deep else "default"}
    forge = [*PYTHON, "devnet.walks"] if deep else [*PYTHON, "devnet.contracts", "test"]
    return [
        Check("ruff check", [*PYTHON, "ruff", "check", "."]),
        Check("ruff format", [*PYTHON, "ruff", "format", "--check", "."]),
        Check("forge fmt", [*PYTHON, "devnet.contracts", "fmt", "--check", "contracts"]),
        Check("import floors", [lint_imports()]),
        Check("mypy", [*PYTHON, "mypy"]),
        Check(
            "unit and integration", [*PYTEST, *SIDE_BY_SIDE, *MEASURED, *extra, "tests/unit", "tests/integration"], 3600
        ),
        *(coverage_of(group, *parts) for group, parts in COVERED.items()),
        Check("contracts (forge)", forge, 7200 if deep else 900, profile, early=True),
        Check("contracts (ape)", [*PYTHON, "devnet.contracts", "ape", "test"], 600),
        Check("journeys", [*PYTEST, *SIDE_BY_SIDE, *extra, "tests/journeys"], 3600),
        *(PROOFS if deep else ()),
    ]


def coverage_of(group: str, *parts: str) -> Check:
    """Of the unit and integration tests, which ran just before."""
    include = ",".join(f"app/{part}" for part in parts)
    report = ["coverage", "report", f"--include={include}", f"--fail-under={LEAST_COVERAGE}", "--skip-covered", "-m"]
    return Check(f"coverage of {group}", [*PYTHON, *report])


def main() -> int:
    arguments = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        if arguments and arguments != ["--deep"]:
            return run_alone(Check("pytest", [*PYTHON, "pytest", *arguments], 7200))
        return run_all(checks(deep=bool(arguments)))
    except KeyboardInterrupt:
        return 130


def run_alone(check: Check) -> int:
    with tempfile.TemporaryDirectory(prefix="guildhall-test-", ignore_cleanup_errors=True) as folder:
        return finished(spawned(check, environment(Path(folder)), None), check)


def run_all(wanted: Sequence[Check]) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="guildhall-test-", dir=memory(), ignore_cleanup_errors=True) as name,
        Processes() as group,
    ):
        folder = Path(name)
        env = environment(folder)
        early = {c.name: group.add(spawned(c, env, folder / f"{c.name}.log")) for c in wanted if c.early}
        results = [(check, *timed(check, early.get(check.name), env)) for check in wanted]
    return report(results, run_members(env[RUN_ID_VARIABLE]))


def memory(folder: Path = Path("/dev/shm"), least_free_bytes: int = MEMORY_BYTES) -> Path | None:  # noqa: S108 - made
    """A memory-backed folder in which programs may run, where there is one with room: tests fill and delete gigabytes
    of databases. None is the system's own folder."""
    try:
        state = os.statvfs(folder)
        available = int(re.findall(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())[0]) * 1024
    except (OSError, IndexError):
        return None
    free = min(state.f_bavail * state.f_frsize, available)
    return (
        folder if free >= least_free_bytes and not state.f_flag & os.ST_NOEXEC and os.access(folder, os.W_OK) else None
    )


def report(results: Sequence[tuple[Check, int, float]], left: Sequence[int]) -> int:
    """Says what passed; the exit code."""
    print()
    for check, code, seconds in results:
        print(f"{'passed' if code == 0 else 'FAILED'}  {seconds:6.1f} s  {check.name}")
    if left:
        print(f"FAILED  processes that stayed: {left}")
    failed = sum(code != 0 for _, code, _ in results)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or left else 0


def environment(folder: Path) -> dict[str, str]:
    """Tests bring their own services; a folder of this run takes what they leave, tools' notes in HOME too."""
    env = clean_environment(os.environ, new_run_id())
    kept = {name: value for name, value in env.items() if name not in SERVICES}
    return kept | {"TMPDIR": str(folder), "HOME": str(folder), "COVERAGE_FILE": str(folder / "coverage")}


SERVICES = frozenset({"DATABASE_URL", "REDIS_URL", "RPC_URLS"})


def timed(check: Check, early: Service | None, env: Mapping[str, str]) -> tuple[int, float]:
    print(f"\n== {check.name}", flush=True)
    started = time.monotonic()
    code = finished(early or spawned(check, env, None), check)
    if early is not None and early.command.log is not None:
        print(early.command.log.read_text(errors="replace"), flush=True)
    return code, time.monotonic() - started


def spawned(check: Check, env: Mapping[str, str], log: Path | None) -> Service:
    service = Service(Command(check.name, check.argv, {**env, **check.env}, log, cwd=ROOT))
    service.spawn()
    return service


def finished(service: Service, check: Check) -> int:
    """The exit code; 1 for a check that did not end within its limit."""
    try:
        return service.wait(check.limit_seconds)
    except subprocess.TimeoutExpired:
        print(f"{check.name} did not end within {check.limit_seconds} s", file=sys.stderr)
        return 1
    finally:
        service.stop()


def lint_imports() -> str:
    return str(Path(sys.executable).with_name("lint-imports"))


if __name__ == "__main__":
    sys.exit(main())
