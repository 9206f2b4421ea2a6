"""Commitments and reveals accepted a second by one process, on services of its own; see bench/auctions_run.py.

Goals on 2 cores that the database shares: 700 commitments a second one by one, 2,000 in batches of a hundred, beside
recovering a signature and inserting a row as often. Then the crowd: every bidder on every auction at once, all revealed
and awarded, each outcome equal to a serial replay in the order of the commitments.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from app.migrate import migrate
from devnet import network
from devnet.deploy import deploy
from devnet.keys import Role, role_key, write_key_file
from devnet.processes import clean_environment, new_run_id

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 3_000
GOALS = {"singly": 700, "in_batches": 2_000}


def main(auctions: int, bidders: int) -> None:
    """Prints the rates beside their floor, and the crowd's outcome."""
    with tempfile.TemporaryDirectory() as folder:
        env = clean_environment(os.environ, new_run_id())
        with network.start(Path(folder), env=env) as net:
            deployment = Path(folder) / "deployment.json"
            deploy(net.endpoints.rpc_url, deployment)
            migrate(net.endpoints.database_url)
            key = write_key_file(Path(folder), "auctioneer", role_key(Role.AUCTIONEER))
            env |= {
                "ENVIRONMENT": "development",
                "DATABASE_URL": net.endpoints.database_url,
                "REDIS_URL": net.endpoints.redis_url,
                "RPC_URLS": net.endpoints.rpc_url,
                "DEPLOYMENT_FILE": str(deployment),
                "CONTENT_DIR": str(Path(folder) / "content"),
                "AUCTIONEER_KEY_FILE": str(key),
                "PUBLIC_URL": "http://127.0.0.1:8000",
            }
            argv = [sys.executable, "-m", "bench.auctions_run", str(auctions), str(bidders)]
            shown = subprocess.run(
                argv, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, timeout=LIMIT_SECONDS
            ).stdout
    found = json.loads(shown.splitlines()[-1])
    for name, goal in GOALS.items():
        beside = f"{found[name] / found['floor']:.2f} of the floor {found['floor']:,.0f}/s"
        print(f"commitments {name}: {found[name]:,.0f}/s (goal {goal:,}), {beside}")
    print(f"reveals: {found['revealed']:,.0f}/s")
    print(
        f"crowd: {bidders} bidders on each of {auctions} auctions, {found['crowd']:,.0f} commitments/s; "
        f"{found['awarded']} awarded, {found['equal']} equal to the serial replay"
    )
