"""`scripts/bench live [BLOCKS]`: from a mined block to the moment in which the API shows it.

With a subscription to new heads, and by polling alone; goals on an idle machine: 10 ms at the median and 50 ms at the
99th percentile with it, twice the poll interval without. Floor, in the same run: a bare script that hears of the head,
asks for the block's logs and commits one row. What the asking itself costs, one answer of the API, is printed beside.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles

import httpx
import orjson
import psycopg
from websockets.sync.client import connect

from devnet import stack
from devnet.rpc import Chain
from indexer.heads import SUBSCRIBE

BLOCKS = 200
POLL_SECONDS = 0.25
LIMIT_SECONDS = 10.0
PAUSE_SECONDS = 0.05
"""Before each block: a node that sends two notices at once holds the second until the first is acknowledged."""
FREE = {"ANONYMOUS_REQUESTS_PER_SECOND": "100000", "POLL_SECONDS": str(POLL_SECONDS)}


def main(arguments: Sequence[str]) -> int:
    """Prints the figures."""
    blocks = int(arguments[0]) if arguments else BLOCKS
    with tempfile.TemporaryDirectory() as folder, stack.start(Path(folder), env={**os.environ, **FREE}) as running:
        chain_url = running.network.endpoints.rpc_url
        with Chain(chain_url) as chain, httpx.Client(base_url=running.url, timeout=5, trust_env=False) as api:
            bare = floor(chain, chain_url, running.network.endpoints.database_url, blocks)
            asked = [timed(lambda: shown(api)) for _ in range(blocks)]
            subscribed = [visible(chain, api) for _ in range(blocks)]
            running.restart("indexer", RPC_WS_URL="")
            visible(chain, api)  # once it has begun again
            polled = [visible(chain, api) for _ in range(max(20, blocks // 5))]
    tell("floor: notice, logs, one row", bare)
    tell("one answer of the API", asked)
    tell("subscribed (goal 10 and 50)", subscribed)
    tell(f"polling each {POLL_SECONDS * 1_000:.0f} ms (goal {POLL_SECONDS * 2_000:.0f})", polled)
    print(f"  subscribed at {median(subscribed) / median(bare):.1f} of the floor")
    return 0


def tell(what: str, seconds: Sequence[float]) -> None:
    worst = quantiles(seconds, n=100)[98]
    print(f"  {what:32} {median(seconds) * 1_000:>7.1f} ms at the median, {worst * 1_000:>7.1f} ms at p99", flush=True)


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def shown(api: httpx.Client) -> int:
    """The newest block that the API knows of."""
    found: int = api.get("/v1/network").raise_for_status().json()["block_number"]
    return found


def visible(chain: Chain, api: httpx.Client) -> float:
    """Seconds until a block that was just mined is shown. Raises TimeoutError."""
    time.sleep(PAUSE_SECONDS)
    chain.ask("anvil_mine", "0x1")
    began, number = time.perf_counter(), chain.block_number()
    while shown(api) < number:
        if time.perf_counter() - began > LIMIT_SECONDS:
            raise TimeoutError(f"block {number} is not shown after {LIMIT_SECONDS} s")
    return time.perf_counter() - began


def floor(chain: Chain, chain_url: str, database_url: str, blocks: int) -> list[float]:
    """Seconds from a mined block to a committed row, for each, with everything connected before."""
    with connect(chain_url.replace("http", "ws", 1), proxy=None) as heads, psycopg.connect(database_url) as connection:
        heads.send(SUBSCRIBE)
        heads.recv(timeout=LIMIT_SECONDS)
        connection.execute("CREATE TEMP TABLE seen (number bigint)")
        connection.commit()

        def once() -> None:
            head = orjson.loads(heads.recv(timeout=LIMIT_SECONDS))["params"]["result"]
            chain.ask("eth_getLogs", {"blockHash": head["hash"]})
            connection.execute("INSERT INTO seen VALUES (%s)", [int(head["number"], 16)])
            connection.commit()

        found = []
        for _ in range(blocks):
            time.sleep(PAUSE_SECONDS)
            chain.ask("anvil_mine", "0x1")
            found.append(timed(once))
        return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
