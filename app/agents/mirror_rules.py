"""What a registered agent is: a fold over the identity registry's events (ERC-8004, ERC-721)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from eth_utils.address import to_checksum_address

from app.chain.events import ZERO_ADDRESS, ChainEvent

WALLET_KEY = "agentWallet"


@dataclass(frozen=True, slots=True)
class FoldedAgent:
    """The columns of one mirrored agent."""

    agent_id: int
    owner: str
    registered_block: int
    last_block: int
    uri: str = ""
    wallet: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def fold_agent(agent_id: int, events: Iterable[ChainEvent]) -> FoldedAgent | None:
    """The agent after all of its events, in the chain's order; None without any.

    Minting transfers before it registers, so any of the first events may begin the row.
    """
    folded: FoldedAgent | None = None
    for event in events:
        block = event.block_number
        begun = folded or FoldedAgent(agent_id, ZERO_ADDRESS, registered_block=block, last_block=block)
        folded = replace(_apply(begun, event), last_block=block)
    return folded


def _apply(folded: FoldedAgent, event: ChainEvent) -> FoldedAgent:
    args = event.args
    match event.name:
        case "Registered":
            return replace(folded, uri=args["agentURI"], owner=args["owner"])
        case "URIUpdated":
            return replace(folded, uri=args["newURI"])
        case "Transfer":
            # A minted agent has no wallet yet, and a sold one leaves its wallet with the seller.
            return replace(folded, owner=args["to"], wallet=None)
        case "MetadataSet" if args["metadataKey"] == WALLET_KEY:
            return replace(folded, wallet=_wallet(args["metadataValue"]))
        case "MetadataSet":
            return replace(folded, metadata={**folded.metadata, args["metadataKey"]: args["metadataValue"]})
        case other:
            raise ValueError(f"{other} is no event of an agent")


def _wallet(value: str) -> str | None:
    """The address inside a metadata value: 20 bytes packed, or none."""
    return to_checksum_address(value) if len(value) == 42 and value != ZERO_ADDRESS else None
