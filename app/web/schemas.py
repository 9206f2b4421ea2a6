"""Wire shapes of the service itself: its network and its health."""

from typing import Literal

from pydantic import BaseModel

from app.web.fields import AddressField

Word = Literal["ok", "unreachable", "missing", "stale", "halted"]


class ContractsView(BaseModel):
    """Where the contracts are."""

    TaskEscrow: AddressField
    IdentityRegistry: AddressField
    ReputationRegistry: AddressField
    token: AddressField
    PaymentChannel: AddressField | None
    Permit2: AddressField | None


class TokenView(BaseModel):
    """The token; `name` and `version` are part of its EIP-712 domain."""

    address: AddressField
    name: str
    version: str
    decimals: int


class NetworkView(BaseModel):
    """What to sign for, and where the chain's mirror stands."""

    chain_id: int
    contracts: ContractsView
    token: TokenView
    fee_bps: int
    auctioneer: AddressField | None
    sequencer: AddressField | None
    arbiters: list[AddressField]
    chain_time: int
    block_number: int
    finalized_number: int


class Index(BaseModel):
    """What a visitor of the root is told."""

    name: Literal["Guildhall"] = "Guildhall"
    documentation: Literal["/docs"] = "/docs"
    openapi: Literal["/openapi.json"] = "/openapi.json"
    network: Literal["/v1/network"] = "/v1/network"


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """One word for each thing that requests need; `lag_blocks` is how far the mirror is behind the head."""

    ready: bool
    database: Word
    broker: Word
    mirror: Word
    lag_blocks: int | None
    reason: str | None
