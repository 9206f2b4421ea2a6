"""Real services for tests. Each pytest-xdist worker is a session and so has its own.

| fixture              | scope   | gives                                                                  |
|----------------------|---------|------------------------------------------------------------------------|
| `run_dir`            | session | a data folder                                                          |
| `postgres`           | session | the server: `.service` can be killed and started, `.url(database)`     |
| `blank_database_url` | module  | a fresh, empty database                                                |
| `database_url`       | module  | a fresh database with every migration applied                          |
| `valkey`, `redis_url`| session | the broker                                                             |
| `anvil`, `rpc_url`   | module  | a chain of the module's own; 1 s blocks and one at every transaction   |
| `deployment`         | module  | the contracts on `anvil`; `deployment_file` is its JSON                |
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from devnet import network
from devnet.anvil import STEADY
from devnet.deploy import Deployment, deploy
from devnet.postgres import Cluster
from devnet.processes import Service, clean_environment, new_run_id

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("deep", max_examples=5_000, deadline=None)


@dataclass(frozen=True)
class Postgres:
    service: Service
    cluster: Cluster
    port: int

    def url(self, database: str = "guildhall") -> str:
        return self.cluster.url(self.port, database)

    def create_database(self, template: str = "template1") -> str:
        """A new database's URL."""
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'create database "{name}" template "{template}"')
        return self.url(name)


@dataclass(frozen=True)
class Anvil:
    service: Service
    rpc_url: str


@pytest.fixture(scope="session")
def run_env() -> dict[str, str]:
    """The environment of the services, with the mark of this run and no URL of a real one."""
    env = clean_environment(os.environ, new_run_id())
    return {name: value for name, value in env.items() if name not in {"DATABASE_URL", "REDIS_URL", "RPC_URLS"}}


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def postgres(run_dir: Path, run_env: dict[str, str]) -> Iterator[Postgres]:
    service, cluster, url = network.start_postgres(run_dir, run_env, None, network.ANY_PORTS, False, None)
    assert service is not None
    assert cluster is not None
    port = psycopg.conninfo.conninfo_to_dict(url)["port"]
    assert port is not None
    try:
        yield Postgres(service, cluster, int(port))
    finally:
        service.stop()
        network.remove_served_by_nobody(run_dir)


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres, run_env: dict[str, str]) -> str:
    """The name of a database that holds every migration: fresh ones are copied from it."""
    name = "migrated"
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    env = run_env | {"DATABASE_URL": postgres.url(name)}
    done = subprocess.run(
        [sys.executable, "-m", "app.migrate"],
        cwd=ROOT,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return name


@pytest.fixture(scope="module")
def blank_database_url(postgres: Postgres) -> str:
    return postgres.create_database()


@pytest.fixture(scope="module")
def database_url(postgres: Postgres, migrated_template: str) -> str:
    return postgres.create_database(migrated_template)


@pytest.fixture(scope="session")
def valkey(run_dir: Path, run_env: dict[str, str]) -> Iterator[tuple[Service, str]]:
    service, url = network.start_valkey(run_dir, run_env, None, network.ANY_PORTS, False)
    assert service is not None
    try:
        yield service, url
    finally:
        service.stop()


@pytest.fixture(scope="session")
def redis_url(valkey: tuple[Service, str]) -> str:
    return valkey[1]


@pytest.fixture(scope="module")
def anvil(tmp_path_factory: pytest.TempPathFactory, run_env: dict[str, str]) -> Iterator[Anvil]:
    folder = tmp_path_factory.mktemp("chain")
    service, url = network.start_anvil(folder, run_env, None, network.ANY_PORTS, False, STEADY)
    assert service is not None
    try:
        yield Anvil(service, url)
    finally:
        service.stop()


@pytest.fixture(scope="module")
def rpc_url(anvil: Anvil) -> str:
    return anvil.rpc_url


@pytest.fixture(scope="module")
def deployment_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deployment") / "deployment.json"


@pytest.fixture(scope="module")
def deployment(anvil: Anvil, deployment_file: Path) -> Deployment:
    return deploy(anvil.rpc_url, deployment_file)
