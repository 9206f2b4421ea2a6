"""Reads both sides at one block of one fork and compares them."""

import time
from dataclasses import dataclass
from pathlib import Path

from audit.chain import ChainSide, read_chain
from audit.channels import ChannelLedger, audit_channels
from audit.compare import Difference, differences
from audit.database import MirrorSide, read_mirror
from audit.deployment import Deployment, load
from audit.ledger import Ledger
from audit.rpc import Rpc

POLL_SECONDS = 0.2
MAX_LAG_BLOCKS = 2


@dataclass(frozen=True)
class Audit:
    """`compared` counts the mirrored rows; `donated` is what came in without being a deposit."""

    block: int
    chain: Ledger
    database: Ledger
    balance: int
    donated: int
    compared: int
    differences: list[Difference]
    channels: ChannelLedger | None = None

    @property
    def equal(self) -> bool:
        return not self.differences


def audit(rpc_url: str, database_url: str, deployment_file: Path, wait_seconds: float = 10.0) -> Audit:
    """Waits up to `wait_seconds` for the mirror to reach the head, on the chain's own fork; then differences count."""
    deployment = load(deployment_file)
    stop_at = time.monotonic() + wait_seconds
    with Rpc(rpc_url) as rpc:
        while True:
            result = attempt(rpc, database_url, deployment)
            if result is not None and result.equal:
                return result
            if time.monotonic() > stop_at:
                return result or unread(0, Difference("cursor", "row", "there", "missing"))
            time.sleep(POLL_SECONDS)


def attempt(rpc: Rpc, database_url: str, deployment: Deployment) -> Audit | None:
    head = int(rpc.ask("eth_blockNumber"), 16)
    mirror = read_mirror(database_url)
    if mirror is None:
        return None
    if mirror.block < head - MAX_LAG_BLOCKS:
        # So far back the contracts may not even be deployed: nothing else can be compared.
        return unread(mirror.block, Difference("cursor", "block_number", head, mirror.block))
    chain = read_chain(rpc, deployment, min(mirror.block, head))
    channels, in_channels = audit_channels(rpc, deployment, chain.block, mirror.channels)
    found = [*in_cursor(rpc, mirror), *in_blocks(rpc, mirror), *differences(chain, mirror), *in_channels]
    return result_of(chain, mirror, channels, found)


def in_cursor(rpc: Rpc, mirror: MirrorSide) -> list[Difference]:
    block = rpc.ask("eth_getBlockByNumber", hex(mirror.block), False)
    actual = block and block["hash"]
    return [] if actual == mirror.block_hash else [Difference("cursor", "block_hash", actual, mirror.block_hash)]


def in_blocks(rpc: Rpc, mirror: MirrorSide) -> list[Difference]:
    """Hashes of the mirrored blocks, those that the indexer keeps."""
    numbers = sorted(mirror.blocks)
    blocks = rpc.ask_many([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
    actual = {number: block and block["hash"] for number, block in zip(numbers, blocks, strict=True)}
    return [
        Difference(f"blocks {number}", "hash", actual[number], mirror.blocks[number])
        for number in numbers
        if actual[number] != mirror.blocks[number]
    ]


def result_of(chain: ChainSide, mirror: MirrorSide, channels: ChannelLedger | None, found: list[Difference]) -> Audit:
    rows = (mirror.escrows, mirror.owed, mirror.agents, mirror.feedback, mirror.channels)
    tables = (*rows, mirror.events, mirror.blocks)
    return Audit(
        block=mirror.block,
        chain=chain.ledger,
        database=mirror.ledger,
        balance=chain.balance,
        donated=chain.money_in - chain.ledger.deposits,
        compared=sum(len(table) for table in tables),
        differences=found,
        channels=channels,
    )


def unread(block: int, why: Difference) -> Audit:
    """Neither side's rows were read."""
    empty = Ledger(0, 0, 0, 0, 0, 0)
    return Audit(block, empty, empty, 0, 0, 0, [why])
