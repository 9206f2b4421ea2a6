"""Services of a benchmark's own: database, broker and chain with the contracts, and the environment that names them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.migrate import migrate
from devnet import network
from devnet.deploy import deploy
from devnet.processes import clean_environment, new_run_id


@dataclass(frozen=True)
class Services:
    """`env` is a development deployment's; keys go into `folder`."""

    folder: Path
    database_url: str
    env: dict[str, str]


@contextmanager
def running_services() -> Iterator[Services]:
    """Starts them in a folder that goes with them."""
    with tempfile.TemporaryDirectory() as name:
        folder, env = Path(name), clean_environment(os.environ, new_run_id())
        with network.start(folder, env=env) as net:
            deployment = folder / "deployment.json"
            deploy(net.endpoints.rpc_url, deployment)
            migrate(net.endpoints.database_url)
            named = {
                "ENVIRONMENT": "development",
                "DATABASE_URL": net.endpoints.database_url,
                "REDIS_URL": net.endpoints.redis_url,
                "RPC_URLS": net.endpoints.rpc_url,
                "DEPLOYMENT_FILE": str(deployment),
                "CONTENT_DIR": str(folder / "content"),
                "PUBLIC_URL": "http://127.0.0.1:8000",
            }
            yield Services(folder, net.endpoints.database_url, env | named)
