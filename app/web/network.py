"""What a client must know to sign for this deployment: read from the contracts once, at start."""

from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from app.chain.contracts import call_data, decode_result
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.chain.typed_data import TokenDomain
from app.database import Address


@dataclass(frozen=True)
class Network:
    """Immutable facts of the contracts, and the accounts that the operator publishes.

    `permit2` is the one that the escrow takes money by, None on a chain that has no code there.
    """

    token_domain: TokenDomain
    token_decimals: int
    fee_bps: int
    permit2: Address | None
    auctioneer: Address | None
    arbiters: tuple[Address, ...]
    reveal_key: bytes | None = None
    """The public key (X25519) that sealed bids are stored under."""
    sequencer: Address | None = None
    """Who signs vouchers beside the payer; None where calls are not paid by channels."""


async def read_network(
    chain: AsyncChain, deployment: Deployment, auctioneer: Address | None, arbiters: tuple[Address, ...]
) -> Network:
    """Asks the token and the escrow. Raises ChainUnavailable, and eth_abi.DecodingError for foreign contracts."""

    async def ask(contract: str, address: Address, name: str) -> object:
        return decode_result(contract, name, await chain.call(address, call_data(contract, name)))[0]

    permit2 = Address(to_checksum_address(str(await ask("TaskEscrow", deployment.escrow, "permit2"))))
    return Network(
        token_domain=TokenDomain(
            name=str(await ask("MockUSDC", deployment.token, "name")),
            version=str(await ask("MockUSDC", deployment.token, "version")),
        ),
        token_decimals=int(str(await ask("MockUSDC", deployment.token, "decimals"))),
        fee_bps=int(str(await ask("TaskEscrow", deployment.escrow, "feeBps"))),
        permit2=permit2 if await chain.code(permit2) else None,
        auctioneer=auctioneer,
        arbiters=arbiters,
    )
