"""The three services that everything runs on: PostgreSQL, a broker and a chain, started where no URL names one."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devnet.anvil import STEADY, Mining, anvil_command
from devnet.ports import accepts_connections, free_port
from devnet.postgres import Cluster, nobody_folder, postgres_command, prepare_cluster
from devnet.processes import (
    RUN_ID_VARIABLE,
    Command,
    Identity,
    ProcessFailed,
    Service,
    clean_environment,
    new_run_id,
)
from devnet.valkey import redis_url, valkey_command


@dataclass(frozen=True)
class Ports:
    """Fixed ports; None means any free one."""

    postgres: int | None = None
    valkey: int | None = None
    anvil: int | None = None
    api: int | None = None


ANY_PORTS = Ports()


@dataclass(frozen=True)
class Endpoints:
    database_url: str
    redis_url: str
    rpc_url: str
    run_id: str


@dataclass(frozen=True)
class Network:
    """`postgres`, `valkey` and `anvil` are None where a URL of the environment is used instead."""

    endpoints: Endpoints
    postgres: Service | None
    valkey: Service | None
    anvil: Service | None

    def services(self) -> list[Service]:
        return [service for service in (self.anvil, self.valkey, self.postgres) if service is not None]


@contextmanager
def start(
    data_dir: Path,
    *,
    env: Mapping[str, str] = os.environ,
    ports: Ports = ANY_PORTS,
    mining: Mining = STEADY,
    durable: bool = False,
    postgres_identity: Identity | None = None,
) -> Iterator[Network]:
    """DATABASE_URL, REDIS_URL and RPC_URLS (the first of its comma-separated list) of `env` win over a local service.

    Durable keeps the broker's queue and the chain's state on disk and syncs the database. Raises ProcessFailed.
    """
    data_dir = data_dir.resolve()
    run_id = env.get(RUN_ID_VARIABLE) or new_run_id()
    children = clean_environment(env, run_id)
    with ThreadPoolExecutor(3) as pool:
        database = pool.submit(
            start_postgres, data_dir, children, env.get("DATABASE_URL"), ports, durable, postgres_identity
        )
        broker = pool.submit(start_valkey, data_dir, children, env.get("REDIS_URL"), ports, durable)
        chain = pool.submit(start_anvil, data_dir, children, env.get("RPC_URLS"), ports, durable, mining)
    started = [future.result()[0] for future in (database, broker, chain) if future.exception() is None]
    try:
        (postgres, _, database_url), (valkey, broker_url), (anvil, rpc_url) = (
            database.result(),
            broker.result(),
            chain.result(),
        )
        yield Network(Endpoints(database_url, broker_url, rpc_url, run_id), postgres, valkey, anvil)
    finally:
        stop_all([service for service in started if service is not None])
        if not durable:
            remove_served_by_nobody(data_dir)


def start_postgres(
    data_dir: Path, env: Mapping[str, str], url: str | None, ports: Ports, durable: bool, identity: Identity | None
) -> tuple[Service | None, Cluster | None, str]:
    if url:
        return None, None, url
    cluster = prepare_cluster(data_dir, env, identity=identity)
    service, port = start_on_port(ports.postgres, lambda port: postgres_command(cluster, port, env, durable=durable))
    return service, cluster, cluster.url(port)


def start_valkey(
    data_dir: Path, env: Mapping[str, str], url: str | None, ports: Ports, durable: bool
) -> tuple[Service | None, str]:
    if url:
        return None, url
    service, port = start_on_port(ports.valkey, lambda port: valkey_command(data_dir, port, env, durable=durable))
    return service, redis_url(data_dir, port)


def start_anvil(
    data_dir: Path, env: Mapping[str, str], urls: str | None, ports: Ports, durable: bool, mining: Mining
) -> tuple[Service | None, str]:
    if urls:
        return None, urls.split(",")[0].strip()
    state_seconds = 2 if durable else None
    service, port = start_on_port(
        ports.anvil, lambda port: anvil_command(data_dir, port, env, mining=mining, state_seconds=state_seconds)
    )
    return service, f"http://127.0.0.1:{port}"


def start_on_port(fixed: int | None, make: Callable[[int], Command]) -> tuple[Service, int]:
    """On a fixed port, or on a free one; another process may take a free port first, so that is tried again."""
    for attempts_left in (2, 1, 0):
        port = fixed or free_port()
        command = make(port)
        if accepts_connections(port):
            if fixed:
                raise ProcessFailed(command.name, f"cannot listen: port {port} is already in use", command.log)
            continue
        service = Service(command)
        try:
            service.start()
        except ProcessFailed:
            if fixed or attempts_left == 0:
                raise
        else:
            return service, port
    raise OSError("no port stayed free")


def stop_all(services: list[Service]) -> None:
    if services:
        with ThreadPoolExecutor(len(services)) as pool:
            list(pool.map(Service.stop, services))


def remove_served_by_nobody(data_dir: Path) -> None:
    """Removes what lies outside `data_dir` because nobody had to reach it; does nothing elsewhere."""
    shutil.rmtree(nobody_folder(data_dir), ignore_errors=True)
