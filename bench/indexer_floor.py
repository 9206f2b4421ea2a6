"""The floor of a backfill: download the logs, parse their JSON, copy rows that were packed before into the same keyed
tables. The download of one range runs beside the copy of another. Nothing is checked, decoded, folded or announced.

`save` takes the packed rows from a database that the indexer has filled.
"""

import http.client
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import psycopg

from bench.indexer_chain import ADDRESSES, SHAPES
from bench.indexer_clock import Clock

TABLES = ("blocks", "logs", "escrow_events", "agent_events", "feedback_events")
RANGE_BLOCKS, BATCH_BLOCKS = 250, 1_000
WATCHED = [address for name, address in ADDRESSES.items() if name != "MockUSDC"]


def save(database_url: str, folder: Path, blocks: int) -> None:
    """One file for each table and batch."""
    with psycopg.connect(database_url) as connection:
        for first in range(1, blocks + 1, BATCH_BLOCKS):
            for table in TABLES:
                number = "number" if table == "blocks" else "block_number"
                query = (
                    f"COPY (SELECT * FROM chain.{table} WHERE {number} BETWEEN {first} AND {first + BATCH_BLOCKS - 1} "  # noqa: S608 - names from above
                    f"ORDER BY {number}) TO STDOUT (FORMAT BINARY)"
                )
                with connection.cursor().copy(query.encode()) as copied:
                    packed_file(folder, table, first).write_bytes(b"".join(copied))


def packed_file(folder: Path, table: str, first: int) -> Path:
    return folder / f"{table}-{first}"


def main() -> dict[str, float]:
    folder, blocks = Path(os.environ["BENCH_DIR"]), SHAPES[os.environ["BENCH_SHAPE"]].blocks
    firsts = range(1, blocks + 1, BATCH_BLOCKS)
    packed = {(table, first): packed_file(folder, table, first).read_bytes() for table in TABLES for first in firsts}
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection, ThreadPoolExecutor(1) as pool:
        clock = Clock(connection.info.backend_pid)
        ahead = [pool.submit(download, first, first + BATCH_BLOCKS - 1) for first in firsts]
        events = 0
        for first, logs in zip(firsts, ahead, strict=True):
            events += logs.result()
            for table in TABLES:
                with connection.cursor().copy(f"COPY chain.{table} FROM STDIN (FORMAT BINARY)".encode()) as target:
                    target.write(packed[table, first])
            connection.commit()
        return {**clock.since(), "events": events}


def download(first: int, last: int) -> int:
    """How many logs were parsed."""
    return sum(len(parsed) for parsed in ranges(first, last))


def ranges(first: int, last: int) -> Iterator[list[object]]:
    connection = http.client.HTTPConnection(urlsplit(os.environ["RPC_URLS"]).netloc, timeout=60)
    for begin in range(first, last + 1, RANGE_BLOCKS):
        wanted = {"address": WATCHED, "fromBlock": hex(begin), "toBlock": hex(begin + RANGE_BLOCKS - 1)}
        call = {"jsonrpc": "2.0", "id": 0, "method": "eth_getLogs", "params": [wanted]}
        connection.request("POST", "/", orjson.dumps(call), {"content-type": "application/json"})
        yield orjson.loads(connection.getresponse().read())["result"]
    connection.close()


if __name__ == "__main__":
    print(json.dumps(main()))
