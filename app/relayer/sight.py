"""Looking for transactions on the chain: two requests for all open nonces, however many they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.chain.json_rpc import BlockHeader, Receipt, block_header, receipt_of
from app.chain.rpc import AsyncChain
from app.database import Hash32, TxHash
from app.errors import CallReverted, ChainUnavailable, RpcRefused
from app.relayer.models import Transaction
from app.relayer.rules import ChainView, Sighting
from app.relayer.sender import Sender


@dataclass(frozen=True)
class Sights:
    """What the chain said in one sweep: receipts by hash, and canonical block hashes by number."""

    receipts: Mapping[str, Receipt]
    hashes: Mapping[int, Hash32]

    def canonical(self, number: int, block_hash: str | None) -> bool:
        return block_hash is not None and self.hashes.get(number) == block_hash

    def of(self, rows: Sequence[Transaction]) -> Sighting | None:
        """Which of a nonce's candidates stands in a canonical block."""
        for row in rows:
            if row.block_number is not None and self.canonical(row.block_number, row.block_hash):
                return Sighting(row.hash, row.block_number, str(row.block_hash), bool(row.succeeded))
        for row in reversed(rows):
            found = self.receipts.get(row.hash)
            if found is not None and self.canonical(found.block_number, found.block_hash):
                cost = found.gas_used * found.gas_price
                return Sighting(found.tx_hash, found.block_number, found.block_hash, found.succeeded, cost)
        return None


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


async def sights(chain: AsyncChain, view: ChainView, stored: Sequence[Transaction]) -> Sights:
    """Receipts of all that the chain has passed and that is in no canonical block as stored, and the blocks' hashes.

    A block that a receipt names is asked for after it: a receipt is believed only while its block is canonical.
    """
    hashes = await canonical_hashes(chain, {row.block_number for row in stored if row.block_number is not None})
    known = Sights({}, hashes)
    settled = {row.nonce for row in stored if row.block_number and known.canonical(row.block_number, row.block_hash)}
    unknown = [row for row in stored if row.nonce < view.nonce and row.nonce not in settled]
    receipts = await receipts_of(chain, [TxHash(Hash32(row.hash)) for row in unknown])
    fresh = {found.block_number for found in receipts.values()}
    return Sights(receipts, {**hashes, **await canonical_hashes(chain, fresh)})


async def receipts_of(chain: AsyncChain, hashes: Sequence[TxHash]) -> dict[str, Receipt]:
    """Of those that a node has in a block. Raises ChainUnavailable."""
    answers = await chain.batch([("eth_getTransactionReceipt", each) for each in hashes])
    found = [receipt_of(each, answered(answer)) for each, answer in zip(hashes, answers, strict=True)]
    return {receipt.tx_hash: receipt for receipt in found if receipt is not None}


async def canonical_hashes(chain: AsyncChain, numbers: Iterable[int]) -> dict[int, Hash32]:
    """By number, of those blocks that there are. Raises ChainUnavailable."""
    asked = sorted(set(numbers))
    answers = await chain.batch([("eth_getBlockByNumber", hex(number), False) for number in asked])
    headers = [block_header(answered(answer)) for answer in answers if answer is not None]
    return {header.number: header.hash for header in headers}


def answered(answer: Any) -> Any:
    """Raises what a node refused with."""
    if isinstance(answer, RpcRefused | CallReverted):
        raise answer
    return answer
