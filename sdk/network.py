"""Which chain and which contracts the client signs for; they may not change under it."""

from dataclasses import dataclass, fields
from typing import Any, Self

from sdk.errors import NetworkChanged


@dataclass(frozen=True)
class Token:
    """`name` and `version` are part of the token's EIP-712 domain."""

    address: str
    name: str
    version: str
    decimals: int


@dataclass(frozen=True)
class Network:
    """`channels`, `permit2` and `sequencer` are None where the deployment has none."""

    chain_id: int
    escrow: str
    identity: str
    reputation: str
    token: Token
    fee_bps: int
    auctioneer: str
    arbiters: tuple[str, ...]
    channels: str | None = None
    permit2: str | None = None
    sequencer: str | None = None

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Self:
        contracts, token = wire["contracts"], wire["token"]
        return cls(
            chain_id=int(wire["chain_id"]),
            escrow=contracts["TaskEscrow"],
            identity=contracts["IdentityRegistry"],
            reputation=contracts["ReputationRegistry"],
            token=Token(token["address"], token["name"], token["version"], int(token["decimals"])),
            fee_bps=int(wire["fee_bps"]),
            auctioneer=wire["auctioneer"],
            arbiters=tuple(wire["arbiters"]),
            channels=contracts.get("PaymentChannel"),
            permit2=contracts.get("Permit2"),
            sequencer=wire.get("sequencer"),
        )

    def refuse_change(self, now: "Network") -> None:
        """Raises NetworkChanged. Arbiters, auctioneer and sequencer may change: terms and channels name theirs
        themselves.

        Channels and Permit2 may come, since who pinned none has signed nothing for any; they may not change.
        """
        for field in fields(self):
            expected, actual = getattr(self, field.name), getattr(now, field.name)
            came = field.name in ("channels", "permit2") and expected is None
            if field.name not in ("arbiters", "auctioneer", "sequencer") and expected != actual and not came:
                raise NetworkChanged(field.name, expected, actual)


@dataclass(frozen=True)
class ChainClock:
    """The chain's time (unix seconds) and height as the service last read them."""

    chain_time: int
    block_number: int
    finalized_number: int
