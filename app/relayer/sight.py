"""Looking for a nonce's transactions on the chain."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.chain.rpc import AsyncChain, BlockHeader
from app.database import Hash32, TxHash
from app.errors import ChainUnavailable, RpcRefused
from app.relayer.models import Transaction
from app.relayer.rules import ChainView, Sighting
from app.relayer.sender import Sender


@dataclass
class Headers:
    """Canonical hashes by number, each asked for once in a sweep."""

    chain: AsyncChain
    known: dict[int, Hash32 | None] = field(default_factory=dict)

    async def hash_of(self, number: int) -> Hash32 | None:
        if number not in self.known:
            header = await self.chain.block(number)
            self.known[number] = None if header is None else header.hash
        return self.known[number]


async def look(sender: Sender) -> ChainView:
    """One look at the account. The finalized side is read first, so that it is never newer than the rest."""
    finalized = await finalized_number(sender)
    finalized_nonce = await sender.chain.nonce(sender.address, finalized) if finalized >= 0 else 0
    return ChainView(await sender.chain.nonce(sender.address), finalized_nonce, finalized)


async def finalized_number(sender: Sender) -> int:
    """The newest final block's number, -1 where there is none: by the node's tag, else by the configured depth."""
    try:
        header: BlockHeader | None = await sender.chain.block("finalized")
    except RpcRefused:  # what a node answers that has not heard of finality
        header = None
    if header is not None:
        return header.number
    if sender.finality_depth is None:
        return -1
    head = await sender.chain.block("latest")
    if head is None:
        raise ChainUnavailable(method="eth_getBlockByNumber", reason="no latest block")
    return max(-1, head.number - sender.finality_depth)


async def sight(headers: Headers, view: ChainView, nonce: int, rows: Sequence[Transaction]) -> Sighting | None:
    """Which of a nonce's candidates stands in a canonical block."""
    for row in rows:
        if row.block_number is not None and await headers.hash_of(row.block_number) == row.block_hash:
            return Sighting(row.hash, row.block_number, str(row.block_hash), bool(row.succeeded))
    if nonce >= view.nonce:
        return None
    for row in reversed(rows):
        receipt = await headers.chain.receipt(TxHash(Hash32(row.hash)))
        if receipt is not None and await headers.hash_of(receipt.block_number) == receipt.block_hash:
            return Sighting(receipt.tx_hash, receipt.block_number, receipt.block_hash, receipt.succeeded)
    return None
