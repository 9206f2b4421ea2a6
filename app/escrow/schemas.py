"""Wire shapes of the escrow mirror, and the word that says how much they can be relied on."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from app.chain.typed_data import ZERO_HASH
from app.database import Hash32
from app.escrow.models import Escrow, EscrowEvent
from app.escrow.queries import ChainClock, is_final
from app.escrow.rules import Refund, State
from app.web.fields import AddressField, Amount, Hash32Field, TaskIdField


class Finality(StrEnum):
    """Whether a reorg may still undo what is shown."""

    PENDING = "pending"
    FINAL = "final"


def finality_of(block: int, clock: ChainClock) -> Finality:
    """The finality of what happened in `block`."""
    return Finality.FINAL if is_final(block, clock) else Finality.PENDING


class EscrowOut(BaseModel):
    """A task's money as the chain has it. `paid` includes `fees`; `refunded` includes an award's surplus.

    `delegated` is what children took of the budget. A child names its `parent`, to which its refunds go.
    """

    task_id: TaskIdField
    parent: Hash32Field | None
    state: str
    remaining: Amount
    since: int
    agent_id: int | None
    agent: AddressField | None
    payee: AddressField | None
    price: Amount | None
    bid_digest: Hash32Field | None
    transcript: Hash32Field | None
    deliverable: Hash32Field | None
    disputed_by: AddressField | None
    evidence: Hash32Field | None
    paid: Amount
    fees: Amount
    refunded: Amount
    delegated: Amount
    refund_reason: str | None
    share_bps: int | None
    by_default: bool | None
    reasons: Hash32Field | None
    funded_block: int
    funded_tx: Hash32Field
    last_block: int
    last_tx: Hash32Field
    finality: Finality


class EscrowEventOut(BaseModel):
    """One event of the escrow contract; `args` has the contract's names."""

    name: str
    args: dict[str, Any]
    block_number: int
    log_index: int
    block_timestamp: int
    tx_hash: Hash32Field
    finality: Finality


def escrow_out(escrow: Escrow, clock: ChainClock) -> EscrowOut:
    """The wire shape of a mirrored escrow."""
    reason = None if escrow.refund_reason is None else Refund(escrow.refund_reason).name.lower()
    special = {"parent", "state", "refund_reason", "finality"}
    same = {name: getattr(escrow, name) for name in EscrowOut.model_fields if name not in special}
    return EscrowOut(
        **same,
        parent=None if escrow.parent == ZERO_HASH else Hash32(escrow.parent),
        state=State(escrow.state).name.lower(),
        refund_reason=reason,
        finality=finality_of(escrow.last_block, clock),
    )


def event_out(event: EscrowEvent, clock: ChainClock) -> EscrowEventOut:
    """The wire shape of an escrow event."""
    same = {name: getattr(event, name) for name in EscrowEventOut.model_fields if name != "finality"}
    return EscrowEventOut(**same, finality=finality_of(event.block_number, clock))
