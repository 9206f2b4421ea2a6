"""Anvil, the development chain, where RPC_URLS names none."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devnet.binaries import foundry_binary
from devnet.keys import MNEMONIC
from devnet.processes import Command

CHAIN_ID = 31337


@dataclass(frozen=True)
class Mining:
    """How the chain advances. With an epoch of N slots, `finalized` is the head minus 2N blocks."""

    block_seconds: float | None = 1
    mixed: bool = True
    slots_in_an_epoch: int = 4


STEADY = Mining()


def anvil_command(
    data_dir: Path, port: int, env: Mapping[str, str], *, mining: Mining = STEADY, state_seconds: int | None = None
) -> Command:
    """The command that serves `http://127.0.0.1:port`; with `state_seconds` the chain is saved that often."""
    folder = data_dir / "anvil"
    folder.mkdir(parents=True, exist_ok=True)
    argv = [str(foundry_binary("anvil")), "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    argv += ["--chain-id", str(CHAIN_ID), "--mnemonic", MNEMONIC, "--accounts", "30"]
    argv += ["--slots-in-an-epoch", str(mining.slots_in_an_epoch)]
    if mining.block_seconds is not None:
        argv += ["--block-time", f"{mining.block_seconds:g}", *(["--mixed-mining"] if mining.mixed else [])]
    if state_seconds is not None:
        argv += ["--state", str(folder / "state.json"), "--state-interval", str(state_seconds)]
        argv += ["--preserve-historical-states"]
    return Command(
        name="anvil",
        argv=argv,
        # Anvil writes below HOME, which may be read-only or shared with another run.
        env={**env, "HOME": str(folder)},
        log=data_dir / "logs" / "anvil.log",
        ready=lambda: answers_chain_id(port),
        cwd=folder,
    )


def answers_chain_id(port: int) -> bool:
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("POST", "/", request, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        return int(answer["result"], 16) == CHAIN_ID
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()
