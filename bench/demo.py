"""`scripts/bench demo [RUNS]`: how long until the network is ready, and until every story is told.

Floors, in the same run: the three services alone (PostgreSQL, Valkey, Anvil), and one Python process that imports the
API and ends. Goals on an idle machine with 2 cores: network ready within 10 s, the whole demo within 90 s.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from devnet import network

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 300
READY = re.compile(r"the network is ready after ([0-9.]+) s")
TOLD = re.compile(r"([0-9]+) stories told, [0-9]+ tasks, ([0-9]+) s")


def main(arguments: list[str]) -> int:
    """Prints each run and the medians; 1 when a demo fails."""
    runs = int(arguments[0]) if arguments else 3
    services, imports = timed(start_services), timed(import_api)
    print(f"floor: services alone {services:.1f} s, importing the API {imports:.1f} s")
    figures = [run_demo() for _ in range(runs)]
    for ready, told in figures:
        print(f"network ready {ready:.1f} s ({ready / services:.1f} x services), demo {told:.0f} s")
    ready, told = median(each[0] for each in figures), median(each[1] for each in figures)
    print(f"median of {runs}: network ready {ready:.1f} s of 10, demo {told:.0f} s of 90")
    return 0


def timed(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def start_services() -> None:
    with tempfile.TemporaryDirectory() as folder, network.start(Path(folder)):
        pass


def import_api() -> None:
    subprocess.run([sys.executable, "-c", "import app.main"], cwd=ROOT, check=True, timeout=LIMIT_SECONDS)


def run_demo() -> tuple[float, float]:
    """Seconds until the network was ready, and until the ledger was closed. Raises where the demo fails."""
    argv = [sys.executable, "-m", "demo"]
    shown = subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True, timeout=LIMIT_SECONDS).stdout
    ready, told = READY.search(shown), TOLD.search(shown)
    if ready is None or told is None:
        raise ValueError("the demo ended well and did not say how long it took")
    return float(ready[1]), float(told[2])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
