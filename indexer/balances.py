"""What the contracts must hold by the mirror's rows, and what the token says they hold at the same block.

Rows and cursor are read in one statement, and the node is asked for that block by its hash (EIP-1898): a reorg between
the two gives an error instead of a wrong comparison. Amounts are base units. A stranger may send a contract tokens, so
that it may hold more than is due; never less.
"""

from dataclasses import dataclass

from app.chain import contracts
from app.chain.deployment import Deployment
from app.channels.mirror_rules import ChannelState
from app.database import Address
from indexer.providers import Providers
from indexer.store import Store

DUE = """
SELECT block_number, block_hash,
    (SELECT coalesce(sum(remaining + fees), 0) FROM chain.escrows)
        + (SELECT coalesce(sum(amount), 0) FROM chain.owed)
        - (SELECT coalesce(sum((args->>'amount')::numeric), 0) FROM chain.escrow_events WHERE name = 'FeesCollected'),
    (SELECT coalesce(sum(deposited - paid - returned - tasks), 0) FROM chain.channels WHERE state <> %(closed)s)
        + (SELECT coalesce(sum(CASE name WHEN 'PaymentOwed' THEN 1 WHEN 'Withdrawn' THEN -1 ELSE 0 END
            * coalesce(args->>'amount', '0')::numeric), 0) FROM chain.channel_events WHERE owner IS NOT NULL)
FROM chain.cursors WHERE chain_id = %(chain)s
"""


@dataclass(frozen=True)
class Books:
    contract: str
    block: int
    due: int
    balance: int

    @property
    def surplus(self) -> int:
        return self.balance - self.due


async def books_of(store: Store, node: Providers, deployment: Deployment) -> list[Books]:
    """Escrow and channels at the newest mirrored block; none before the first one. Raises NodeRefused where a reorg
    took that block."""
    given = {"closed": ChannelState.CLOSED, "chain": store.chain_id}
    row = await (await store.connection.execute(DUE, given)).fetchone()
    if row is None:
        return []
    block, block_hash, *due = row
    addresses = [deployment.escrow, *([deployment.channels] if deployment.channels else [])]
    names = ("escrow", "channels")
    return [
        Books(name, block, int(owing), await balance_of(node, deployment.token, address, block_hash))
        for name, address, owing in zip(names, addresses, due, strict=False)
    ]


async def balance_of(node: Providers, token: Address, owner: Address, block_hash: bytes) -> int:
    data = contracts.call_data("MockUSDC", "balanceOf", owner)
    return int.from_bytes(await node.call(token, data, block_hash))
