"""Commitments and reveals accepted a second by one process, on services of its own; see bench/auctions_run.py.

Goals on 2 cores that the database shares: 700 commitments a second one by one, 2,000 in batches of a hundred, beside
recovering a signature and inserting a row as often. Then the crowd: every bidder on every auction at once, all revealed
and awarded, each outcome equal to a serial replay in the order of the commitments.
"""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.services import running_services
from devnet.keys import Role, role_key, write_key_file

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 3_000
GOALS = {"singly": 700, "in_batches": 2_000}


def main(auctions: int, bidders: int) -> None:
    """Prints the rates beside their floor, and the crowd's outcome."""
    with running_services() as services:
        key = write_key_file(services.folder, "auctioneer", role_key(Role.AUCTIONEER))
        env = services.env | {"AUCTIONEER_KEY_FILE": str(key)}
        argv = [sys.executable, "-m", "bench.auctions_run", str(auctions), str(bidders)]
        run = partial(subprocess.run, argv, cwd=ROOT, env=env, check=True, timeout=LIMIT_SECONDS)
        shown = run(stdout=subprocess.PIPE).stdout
    found = json.loads(shown.splitlines()[-1])
    for name, goal in GOALS.items():
        beside = f"{found[name] / found['floor']:.2f} of the floor {found['floor']:,.0f}/s"
        print(f"commitments {name}: {found[name]:,.0f}/s (goal {goal:,}), {beside}")
    print(f"reveals: {found['revealed']:,.0f}/s")
    print(
        f"crowd: {bidders} bidders on each of {auctions} auctions, {found['crowd']:,.0f} commitments/s; "
        f"{found['awarded']} awarded, {found['equal']} equal to the serial replay"
    )
