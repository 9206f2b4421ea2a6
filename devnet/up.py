"""`scripts/up`: the network on fixed ports, kept until Ctrl-C; its data survive."""

import argparse
import fcntl
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devnet import stack
from devnet.binaries import ROOT
from devnet.continuity import ChainBehindDatabase
from devnet.deploy import fund
from devnet.keys import Role, participant_key, role_key, write_key_file
from devnet.network import Ports, remove_served_by_nobody
from devnet.processes import ProcessFailed
from devnet.release import DeploymentFailed
from devnet.stack import Stack

PARTICIPANTS = 6
DEVELOPMENT_USDC = 1_000_000 * 10**6
CHAIN_BEHIND_EXIT_CODE = 4


def main() -> int:
    options = read_options()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with sole_user(options.data):
            if options.fresh:
                empty(options.data)
            ports = Ports(
                postgres=options.postgres_port,
                valkey=options.valkey_port,
                anvil=options.anvil_port,
                api=options.api_port,
            )
            with stack.start(options.data, ports=ports, durable=True, said=say) as running:
                fund_participants(running)
                say(description(running))
                say("Ctrl-C stops it; the data stay.")
                return watch(running)
    except (ProcessFailed, ChainBehindDatabase, DeploymentFailed, AlreadyUp) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def say(line: str) -> None:
    print(line, flush=True)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/up", description="Start the network on fixed ports and keep it.")
    parser.add_argument("--fresh", action="store_true", help="empty the database and the chain first")
    parser.add_argument("--data", type=Path, default=ROOT / ".guildhall", help="where its data are kept")
    parser.add_argument("--api-port", type=int, default=8000)
    parser.add_argument("--anvil-port", type=int, default=8545)
    parser.add_argument("--postgres-port", type=int, default=15432)
    parser.add_argument("--valkey-port", type=int, default=16379)
    return parser.parse_args()


class AlreadyUp(Exception):
    """Another process holds the data folder."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(f"a network already runs on {data_dir}; stop it, or name another folder with --data and ports")


@contextmanager
def sole_user(data_dir: Path) -> Iterator[None]:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (data_dir / "lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(data_dir) from None
        yield


def empty(data_dir: Path) -> None:
    remove_served_by_nobody(data_dir)
    for entry in data_dir.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()


def fund_participants(running: Stack) -> None:
    """Once per chain: a restart must not move money that the database has not seen move."""
    marker = running.data_dir / "funded"
    escrow = running.deployment.contracts["TaskEscrow"]
    if not marker.exists() or marker.read_text() != escrow:
        addresses = [participant_key(number).address for number in range(PARTICIPANTS)]
        fund(running.network.endpoints.rpc_url, running.deployment, addresses, DEVELOPMENT_USDC)
        marker.write_text(escrow)


def write_keys(running: Stack) -> Path:
    """A file for each key that a person may want to act with, in a folder that only the owner can read."""
    folder = running.data_dir / "keys"
    write_key_file(folder, "arbiter", role_key(Role.ARBITER))
    write_key_file(folder, "operator", role_key(Role.OPERATOR))
    for number in range(PARTICIPANTS):
        write_key_file(folder, f"participant-{number}", participant_key(number))
    return folder


def description(running: Stack) -> str:
    """Plain lines: addresses and keys are there to be copied, whatever the terminal's width."""
    endpoints = running.network.endpoints
    lines = [("API", f"{running.url} (documentation: {running.url}/docs)")]
    lines += [("chain", f"{endpoints.rpc_url} (id {running.deployment.chain_id})")]
    lines += [("database", endpoints.database_url), ("broker", endpoints.redis_url)]
    lines += [("logs", str(running.data_dir / "logs")), ("key files", str(write_keys(running)))]
    lines += running.deployment.contracts.items()
    keys = [(role.name.lower().replace("_", " "), role_key(role)) for role in Role]
    keys += [(f"participant {number}", participant_key(number)) for number in range(PARTICIPANTS)]
    lines += [(name, f"{key.address} {key.private_key}") for name, key in keys]
    return "\n".join(f"  {name:20} {value}" for name, value in lines)


def watch(running: Stack) -> int:
    """Until a part ends; Ctrl-C leaves as KeyboardInterrupt."""
    while not (ended := running.failed()):
        time.sleep(0.5)
    for service in ended:
        if service.name == "indexer" and service.exit_code() == CHAIN_BEHIND_EXIT_CODE:
            print("the chain came back behind the database; start with --fresh to empty both", file=sys.stderr)
        print(
            ProcessFailed(service.name, f"ended with exit code {service.exit_code()}", service.command.log),
            file=sys.stderr,
        )
    return 1


if __name__ == "__main__":
    sys.exit(main())
