"""`scripts/deploy`: the contracts come to a development chain or to a public one."""

import argparse
import os
import re
import sys
from pathlib import Path

import httpx

from devnet.deploy import deploy
from devnet.public_deploy import Deployed, Order, deploy_publicly
from devnet.public_networks import PUBLIC_NETWORKS
from devnet.release import DeploymentFailed
from devnet.rpc import Chain, RpcFailed
from devnet.verification import described_contract, record_verification

ROLES = ("guardian", "fee-owner", "relayer", "auctioneer", "arbiter")
PRIVATE_KEY = re.compile("0x[0-9a-fA-F]{64}")
LOCAL_URL = "http://127.0.0.1:8545"


def main() -> int:
    options = parsed()
    try:
        if options.network == "local":
            return deploy_locally(options)
        return deploy_to_public(options)
    except (DeploymentFailed, RpcFailed) as error:
        print(error, file=sys.stderr)
    except httpx.HTTPError as error:
        # Its message holds the URL, and a provider's URL holds a key.
        print(f"the node does not answer ({type(error).__name__})", file=sys.stderr)
    return 1


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/deploy", description="Deploy the contracts to a chain.")
    parser.add_argument("--network", choices=["local", *PUBLIC_NETWORKS], default="local")
    parser.add_argument("--rpc-url", default=os.environ.get("RPC_URLS", LOCAL_URL).split(",")[0], help="the node")
    parser.add_argument("--file", type=Path, help="where it is recorded, also for a run that goes on")
    public = parser.add_argument_group("on a public chain")
    public.add_argument("--deployer-key-file", type=Path, help="0x and 64 hex digits; it pays, and has no power after")
    for role in ROLES:
        public.add_argument(f"--{role}", metavar="ADDRESS", help="each a different account")
    public.add_argument("--fee-bps", type=int, default=100, help="basis points, for ever (100 is 1%%)")
    public.add_argument("--salt", default="", help="for a second deployment of the same code and parameters")
    public.add_argument("--start-block", type=int, help="before the first contract, where the notes of a run are lost")
    public.add_argument("--limit-seconds", type=float, default=300, help="how long a transaction may take to be mined")
    public.add_argument("--yes", action="store_true", help="spend; without it the cost is only told")
    return parser.parse_args()


def deploy_locally(options: argparse.Namespace) -> int:
    deployment = deploy(options.rpc_url, options.file or Path(".guildhall/deployment.json"))
    for name, address in deployment.contracts.items():
        print(f"{name:20} {address}")
    return 0


def deploy_to_public(options: argparse.Namespace) -> int:
    order = order_of(options)
    with Chain(options.rpc_url, timeout_seconds=30) as chain:
        deployed = deploy_publicly(chain, order, said=print)
    record = record_verification(order.file.parent, deployed)
    show(deployed)
    print(f"recorded in {order.file} and {record}")
    return 0


def order_of(options: argparse.Namespace) -> Order:
    """Raises DeploymentFailed where an option is missing."""
    values = {role: getattr(options, role.replace("-", "_")) for role in ROLES}
    missing = [name for name, value in {"deployer-key-file": options.deployer_key_file, **values}.items() if not value]
    if missing:
        raise DeploymentFailed(f"on a public chain name {', '.join(f'--{name}' for name in missing)}")
    return Order(
        network=PUBLIC_NETWORKS[options.network],
        key=read_key(options.deployer_key_file),
        roles={role.replace("-", " "): value for role, value in values.items()},
        fee_bps=options.fee_bps,
        salt=options.salt,
        file=options.file or Path("deployments") / options.network / "deployment.json",
        start_block=options.start_block,
        may_spend=options.yes,
        limit_seconds=options.limit_seconds,
    )


def read_key(file: Path) -> str:
    """Raises DeploymentFailed for a file that is missing, that others may read, or that holds no key."""
    if not file.is_file():
        raise DeploymentFailed(f"there is no key file {file}")
    if file.stat().st_mode & 0o077:
        raise DeploymentFailed(f"others than its owner may read {file}: chmod 600")
    key = file.read_text().strip()
    if not PRIVATE_KEY.fullmatch(key):
        raise DeploymentFailed(f"{file} holds no key of 0x and 64 hex digits")
    return key


def show(deployed: Deployed) -> None:
    for step in deployed.steps:
        about = described_contract(step)
        print(f"\n{step.name} {step.address}")
        print(f"  {about['contract']}, {about['compiler']}, {about['optimizer_runs']:,} optimizer runs")
        for argument in step.arguments:
            print(f"  {argument.name} = {argument.value}")


if __name__ == "__main__":
    sys.exit(main())
