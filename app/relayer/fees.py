"""What gas costs now."""

from app.chain.rpc import AsyncChain
from app.errors import ChainUnavailable
from app.relayer.rules import Fees, fees_for


async def current_fees(chain: AsyncChain, chain_id: int) -> Fees:
    """What the latest block asks for, in wei per gas. Raises ChainUnavailable."""
    head = await chain.block("latest")
    if head is None:
        raise ChainUnavailable(method="eth_getBlockByNumber", reason="no latest block")
    return fees_for(chain_id, head.base_fee, await chain.suggested_tip())
