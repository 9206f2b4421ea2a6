"""Where the indexer is measured: a database of its own, a node that costs nothing, and the contracts' addresses."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.indexer_chain import ADDRESSES, CHAIN_ID, Shape, open_chain
from devnet import network
from devnet.processes import clean_environment, new_run_id

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "measured"
LIMIT_SECONDS = 1_800


@dataclass(frozen=True)
class World:
    """`run` measures one module in a process of its own, on a database of its own."""

    env: Mapping[str, str]
    server_url: str
    shape: Shape

    def database(self) -> str:
        """A new, migrated one's URL."""
        name = f"run_{secrets.token_hex(4)}"
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}'.encode())
            connection.execute("CHECKPOINT")
        return self.server_url.rsplit("/", 1)[0] + "/" + name

    def drop(self, database_url: str) -> None:
        name = database_url.rsplit("/", 1)[1]
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    def run(self, module: str, database_url: str, *arguments: str) -> dict[str, Any]:
        """What `python -m module` prints as its last line, in JSON."""
        argv, env = [sys.executable, "-m", module, *arguments], {**self.env, "DATABASE_URL": database_url}
        shown = subprocess.run(argv, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, timeout=LIMIT_SECONDS)
        figures: dict[str, Any] = json.loads(shown.stdout.splitlines()[-1])
        return figures


@contextmanager
def start(shape: Shape, folder: Path) -> Iterator[World]:
    """The database server and the node, until the end."""
    env = clean_environment(os.environ, new_run_id())
    open_chain(shape)
    service, _cluster, url = network.start_postgres(folder, env, None, network.ANY_PORTS, False, None)
    try:
        template = url.rsplit("/", 1)[0] + "/" + TEMPLATE
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
        migrate = [sys.executable, "-m", "app.migrate"]
        subprocess.run(migrate, cwd=ROOT, env={**env, "DATABASE_URL": template}, check=True, timeout=LIMIT_SECONDS)
        with node(shape) as rpc_url:
            yield World({**env, **settings(shape, folder, rpc_url)}, url, shape)
    finally:
        if service is not None:
            service.stop()
        network.remove_served_by_nobody(folder)


@contextmanager
def node(shape: Shape) -> Iterator[str]:
    argv = [sys.executable, "-m", "bench.indexer_server", shape.name]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as served:
        if served.stdout is None or served.stdin is None:
            raise RuntimeError("the node has no pipes")
        yield f"http://127.0.0.1:{served.stdout.readline().strip()}"
        served.stdin.close()


def settings(shape: Shape, folder: Path, rpc_url: str) -> dict[str, str]:
    deployment = folder / "deployment.json"
    deployment.write_text(json.dumps({"chain_id": CHAIN_ID, "start_block": 1, "contracts": ADDRESSES}))
    return {
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "RPC_URLS": rpc_url,
        "DEPLOYMENT_FILE": str(deployment),
        "CONTENT_DIR": str(folder),
        "PUBLIC_URL": "http://127.0.0.1",
        "ENVIRONMENT": "development",
        "BENCH_DIR": str(folder),
        "BENCH_SHAPE": shape.name,
    }
