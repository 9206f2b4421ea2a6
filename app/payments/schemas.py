"""Wire shapes of payments; amounts are strings of base units."""

from pydantic import BaseModel

from app.database import Address
from app.escrow.models import Owed
from app.escrow.queries import ChainClock
from app.escrow.schemas import Finality, finality_of
from app.payments.queries import MoneyEvent
from app.payments.rules import PaymentKind, movements
from app.relayer.schemas import IntentOut
from app.web.fields import AddressField, Amount, Hash32Field, TaskIdField, WireModel


class PaymentOut(BaseModel):
    """One movement of an address's money; a payout's `amount` is net of `fee`."""

    kind: PaymentKind
    task_id: TaskIdField | None
    amount: Amount
    fee: Amount
    block_number: int
    log_index: int
    block_timestamp: int
    tx_hash: Hash32Field
    finality: Finality


class OwedOut(BaseModel):
    """What waits for `owner` to be withdrawn."""

    owner: AddressField
    amount: Amount
    finality: Finality | None


class WithdrawAsked(WireModel):
    """An empty body: nobody's signature is needed to send money to its owner."""


class Withdrawal(BaseModel):
    intent: IntentOut


def payments_out(row: MoneyEvent, address: Address, clock: ChainClock) -> list[PaymentOut]:
    """What one event moved for the address."""
    event = row.event
    return [
        PaymentOut(
            kind=movement.kind,
            task_id=event.task_id,
            amount=movement.amount,
            fee=movement.fee,
            block_number=event.block_number,
            log_index=event.log_index,
            block_timestamp=event.block_timestamp,
            tx_hash=event.tx_hash,
            finality=finality_of(event.block_number, clock),
        )
        for movement in movements(event.name, event.args, address, buyer=row.buyer, payee=row.payee)
    ]


def owed_out(owner: Address, owed: Owed | None, clock: ChainClock) -> OwedOut:
    """What is owed, 0 where nothing is."""
    if owed is None:
        return OwedOut(owner=owner, amount=0, finality=None)
    return OwedOut(owner=owner, amount=owed.amount, finality=finality_of(owed.last_block, clock))
