"""The whole of Guildhall on a development network: services, contracts, tables, indexer, API, workers and beat."""

import http.client
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from devnet import network
from devnet.anvil import STEADY, Mining
from devnet.binaries import ROOT
from devnet.continuity import require_same_chain
from devnet.deploy import Deployment, deploy
from devnet.keys import Role, role_key, write_key_file, write_token_keys
from devnet.network import ANY_PORTS, Network, Ports
from devnet.ports import free_port
from devnet.processes import RUN_ID_VARIABLE, Command, Processes, ProcessFailed, Service, clean_environment, new_run_id

PYTHON = (sys.executable, "-m")
WORKER = ("celery", "-A", "app.worker", "worker", "--pool", "solo", "--without-gossip", "--without-mingle")
READY_SECONDS = 60
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stack:
    """A running network. `processes["indexer"]`, `["api"]`, `["worker"]`, `["relayer"]` and `["beat"]` are Services."""

    network: Network
    deployment: Deployment
    deployment_file: Path
    url: str
    env: Mapping[str, str]
    data_dir: Path
    processes: Processes

    def failed(self) -> list[Service]:
        """What ended although nobody stopped it."""
        ended = [service for service in self.network.services() if service.exit_code() is not None]
        return ended + self.processes.failed()

    def restart(self, name: str, *, wait_ready: bool = True, **changed: str) -> Service:
        """Stops a process if it runs and starts it with `changed` variables; an empty value takes one away."""
        service = self.processes[name]
        service.stop()
        env = {**service.command.env, **changed}
        service.command = replace(service.command, env={key: value for key, value in env.items() if value})
        service.spawn()
        if wait_ready:
            service.wait_ready()
        return service


@contextmanager
def start(
    data_dir: Path,
    *,
    env: Mapping[str, str] = os.environ,
    ports: Ports = ANY_PORTS,
    mining: Mining = STEADY,
    durable: bool = False,
    process_env: Mapping[str, Mapping[str, str]] | None = None,
    said: Callable[[str], None] = logger.info,
) -> Iterator[Stack]:
    """Ready when it yields. `process_env` adds variables to a process by name; `said` is told each step.

    Raises ProcessFailed, ChainBehindDatabase, DeploymentFailed; everything is stopped on the way out.
    """
    data_dir = data_dir.resolve()
    env = {**env, RUN_ID_VARIABLE: env.get(RUN_ID_VARIABLE) or new_run_id()}
    said("starting PostgreSQL, Valkey and Anvil")
    with network.start(data_dir, env=env, ports=ports, mining=mining, durable=durable) as net:
        file = data_dir / "deployment.json"
        said("deploying contracts and migrating the database")
        require_same_chain(net.endpoints.database_url, net.endpoints.rpc_url, file)
        deployment = deploy_and_migrate(net, file, data_dir, env)
        port = ports.api or free_port()
        children = process_environment(net, file, data_dir, port, env)
        with Processes() as processes:
            said("starting indexer, API, workers and beat")
            processes.start(*commands(children, data_dir, port, process_env or {}))
            yield Stack(net, deployment, file, children["PUBLIC_URL"], children, data_dir, processes)


def deploy_and_migrate(net: Network, file: Path, data_dir: Path, env: Mapping[str, str]) -> Deployment:
    """Side by side: the one waits for the chain, the other for PostgreSQL."""
    child = clean_environment(env, env[RUN_ID_VARIABLE]) | {"DATABASE_URL": net.endpoints.database_url}
    migration = Service(
        Command("migrate", [*PYTHON, "app.migrate"], child, data_dir / "logs" / "migrate.log", cwd=ROOT)
    )
    migration.spawn()
    try:
        deployment = deploy(net.endpoints.rpc_url, file)
        if code := migration.wait(60):
            raise ProcessFailed("migrate", f"ended with exit code {code}", migration.command.log)
    finally:
        migration.stop()
    return deployment


def process_environment(net: Network, file: Path, data_dir: Path, port: int, env: Mapping[str, str]) -> dict[str, str]:
    """What every process of the application is told."""
    keys, content = data_dir / "keys", data_dir / "content"
    content.mkdir(exist_ok=True)
    return clean_environment(env, env[RUN_ID_VARIABLE]) | {
        "ENVIRONMENT": "development",
        "DATABASE_URL": net.endpoints.database_url,
        "REDIS_URL": net.endpoints.redis_url,
        **node_urls(env, net.endpoints.rpc_url),
        "DEPLOYMENT_FILE": str(file),
        "CONTENT_DIR": str(content),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "API_HOST": "127.0.0.1",
        "API_PORT": str(port),
        "TOKEN_KEYS_FILE": str(write_token_keys(keys)),
        "RELAYER_KEY_FILE": str(write_key_file(keys, "relayer", role_key(Role.RELAYER))),
        "AUCTIONEER_KEY_FILE": str(write_key_file(keys, "auctioneer", role_key(Role.AUCTIONEER))),
        "SEQUENCER_KEY_FILE": str(write_key_file(keys, "sequencer", role_key(Role.SEQUENCER))),
        "PRIVATE_ENDPOINTS": "true",
        "GAS_START_WEI": str(10**18),  # a development chain's gas costs nobody anything
        "GAS_CONTRACT_START_WEI": str(10**18),
        "ARBITERS": role_key(Role.ARBITER).address,
        "OPERATORS": role_key(Role.OPERATOR).address,
        "AUDIT_KEY": "for development: whoever reads this knows what is drawn",
    }


def node_urls(env: Mapping[str, str], local: str) -> dict[str, str]:
    """The nodes that `env` names; else the local chain, which serves subscriptions at the same port."""
    if env.get("RPC_URLS"):
        return {name: env[name] for name in ("RPC_URLS", "RPC_WS_URL") if env.get(name)}
    return {"RPC_URLS": local, "RPC_WS_URL": local.replace("http", "ws", 1)}


def commands(
    env: Mapping[str, str], data_dir: Path, port: int, process_env: Mapping[str, Mapping[str, str]]
) -> list[Command]:
    beat = ("celery", "-A", "app.worker", "beat", "-s", str(data_dir / "beat-schedule"))
    modules = {
        "indexer": ("indexer.main",),
        "api": ("app.main",),
        "worker": (*WORKER, "-Q", "default", "-n", "default@%h"),
        "relayer": (*WORKER, "-Q", "relayer", "-n", "relayer@%h"),
        "beat": beat,
    }
    return [
        Command(
            name=name,
            argv=[*PYTHON, *module],
            env={**env, **process_env.get(name, {})},
            log=data_dir / "logs" / f"{name}.log",
            ready=(lambda: answers_ready(port)) if name == "api" else (lambda: True),
            ready_seconds=READY_SECONDS,
            cwd=ROOT,
        )
        for name, module in modules.items()
    ]


def answers_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False  # not up yet: the caller asks again until its deadline
    finally:
        connection.close()
