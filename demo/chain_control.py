"""What only the conductor may do: blacklist as the token's owner, replace blocks, jump in time (Anvil only)."""

import time
from dataclasses import dataclass
from typing import Any

from devnet.deploy import Deployment
from devnet.keys import DevelopmentKey, Role, role_key
from devnet.release import function_abi
from devnet.rpc import Chain, calldata

REORG_BLOCKS = 5
TRANSFER_GAS = 200_000
TAGS = ("latest", "finalized")


class ReorgTooDeep(Exception):
    """The blocks to replace are about to be final: the machine was too slow for this scene."""

    def __init__(self, depth: int, final_after: int) -> None:
        self.depth, self.final_after = depth, final_after
        super().__init__(f"a reorg of {depth} blocks would reach finality, {final_after} blocks behind the head")


@dataclass(frozen=True)
class DroppedTransaction:
    """A transaction that the relayer carried in a block that a reorg took away."""

    tx_hash: str
    raw: str
    block: int


def blacklist(chain: Chain, deployment: Deployment, address: str) -> None:
    owner = role_key(Role.DEPLOYER)
    data = calldata(function_abi("MockUSDC", "blacklist"), [address])
    chain.send_all(owner, [{"to": deployment.contracts["MockUSDC"], "data": data, "gas": TRANSFER_GAS}])


def reorg_spending(
    chain: Chain, deployment: Deployment, spender: DevelopmentKey, amount: int, depth: int
) -> list[DroppedTransaction]:
    """Replaces the last `depth` blocks; in the first new one `spender` sends `amount` base units away.

    Answers the relayer's transactions that were dropped.
    """
    dropped = carried_in(chain, chain.block_number() - depth + 1)
    data = calldata(function_abi("MockUSDC", "transfer"), [role_key(Role.FEE_OWNER).address, amount])
    spend = {"from": spender.address, "to": deployment.contracts["MockUSDC"], "data": data, "gas": hex(TRANSFER_GAS)}
    chain.ask("anvil_reorg", depth, [[spend, 0]])
    return dropped


def depth_of(chain: Chain, tx_hashes: list[str]) -> int:
    """Five blocks, or as many as hold these transactions. Raises ReorgTooDeep at the edge of finality."""
    first = min(chain.receipt(tx_hash).block_number for tx_hash in tx_hashes)
    head, finalized = (int(chain.ask("eth_getBlockByNumber", tag, False)["number"], 16) for tag in TAGS)
    depth = max(REORG_BLOCKS, head - first + 1)
    # One block of distance: the head may have moved since it was read.
    if head - depth <= finalized:
        raise ReorgTooDeep(depth, head - finalized)
    return depth


def carried_in(chain: Chain, first_block: int) -> list[DroppedTransaction]:
    relayer = role_key(Role.RELAYER).address.lower()
    blocks = [
        chain.ask("eth_getBlockByNumber", hex(number), True) for number in range(first_block, chain.block_number() + 1)
    ]
    found = [(tx, block) for block in blocks for tx in block["transactions"] if tx["from"].lower() == relayer]
    return [DroppedTransaction(tx["hash"], raw_of(chain, tx), int(block["number"], 16)) for tx, block in found]


def raw_of(chain: Chain, tx: dict[str, Any]) -> str:
    return str(chain.ask("eth_getRawTransactionByHash", tx["hash"]))


def came_back(chain: Chain, dropped: list[DroppedTransaction], limit_seconds: float) -> list[DroppedTransaction]:
    """Those that are mined again with the same bytes (the same hash) within the limit."""
    stop_at = time.monotonic() + limit_seconds
    back: dict[str, DroppedTransaction] = {}
    while len(back) < len(dropped) and time.monotonic() < stop_at:
        for tx in dropped:
            if tx.tx_hash not in back and chain.ask("eth_getTransactionReceipt", tx.tx_hash) is not None:
                back[tx.tx_hash] = tx
        time.sleep(0.1)
    return [tx for tx in back.values() if chain.ask("eth_getRawTransactionByHash", tx.tx_hash) == tx.raw]


def jump(chain: Chain, seconds: int) -> None:
    """The chain's clock, for every contract at once."""
    chain.ask("evm_increaseTime", seconds)
    chain.ask("evm_mine")


def mine(chain: Chain, blocks: int) -> None:
    chain.ask("anvil_mine", hex(blocks))
