"""`scripts/bench relayer [INTENTS] [--keys N] [--runs N]`: signed registrations, carried by one process.

Floor, in the same run on the same chain: transactions of as many keys, signed before, each key's sent one after the
other, until all are mined. *Accepted* is what stores one intent a transaction, 16 at once; *carried* is what the
worker's sweeps do with them (simulate, book the gas, sign, store, send, receipts, announcements) from the first to the
last that is mined. Goals: 300 accepted and 150 carried a second, on 2 cores that chain and database share.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from app.migrate import migrate
from devnet import network
from devnet.anvil import Mining
from devnet.deploy import deploy
from devnet.processes import clean_environment, new_run_id

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 600
BLOCKS = Mining(block_seconds=0.25, mixed=False)
"""A chain that makes a block for each transaction loses some of those that several keys send at the same time."""
GOALS = {"accepted": 300, "carried": 150}


def main(arguments: Sequence[str]) -> int:
    """Prints each run and the medians."""
    parser = argparse.ArgumentParser(prog="scripts/bench relayer")
    parser.add_argument("intents", nargs="?", type=int, default=3_000)
    parser.add_argument("--keys", type=int, default=4)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args(arguments)
    runs = [measure(given.intents, given.keys) for _ in range(given.runs)]
    for name in ("accepted", "carried"):
        rate = median(run[name] for run in runs)
        print(
            f"{name}: {rate:,.0f}/s (goal {GOALS[name]}), {median(run[name] / run['raw'] for run in runs):.2f} of raw"
        )
    return 0


def measure(intents: int, keys: int) -> dict[str, float]:
    """One run on services of its own."""
    with tempfile.TemporaryDirectory() as folder:
        env = clean_environment(os.environ, new_run_id())
        with network.start(Path(folder), env=env, mining=BLOCKS) as net:
            deployment = Path(folder) / "deployment.json"
            deploy(net.endpoints.rpc_url, deployment)
            migrate(net.endpoints.database_url)
            env |= {"DATABASE_URL": net.endpoints.database_url, "RPC_URLS": net.endpoints.rpc_url}
            argv = [sys.executable, "-m", "bench.relayer_run", str(deployment), str(intents), str(keys)]
            shown = subprocess.run(
                argv, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, timeout=LIMIT_SECONDS
            ).stdout
    figures: dict[str, float] = json.loads(shown.splitlines()[-1])
    print("  " + ", ".join(f"{name} {value:,.0f}" for name, value in figures.items()), flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
