"""What a payment channel is: a fold over its events. Amounts are base units, times unix seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from app.chain.events import ChainEvent
from app.escrow.rules import EventBeforeFunding


class ChannelState(IntEnum):
    """Where a channel is, with the contract's numbers."""

    NONE = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


@dataclass(slots=True)
class FoldedChannel:
    """The columns of one mirrored channel (app.channels.mirror_models.Channel says what they mean)."""

    channel_id: str
    payer: str
    payee: str
    sequencer: str
    signer: str
    challenge_seconds: int
    salt: str
    deposited: int
    opened_block: int
    opened_tx: str
    last_block: int
    last_log_index: int
    last_tx: str
    state: int = ChannelState.OPEN
    paid: int = 0
    returned: int = 0
    tasks: int = 0
    closes_at: int = 0

    @property
    def left(self) -> int:
        """What vouchers can still be paid from."""
        return self.deposited - self.paid - self.returned - self.tasks


SETTLED = frozenset({"payer", "payee", "sequencer", "signer", "challenge_seconds", "salt", "opened_block", "opened_tx"})
"""What ChannelOpened says once and for all: later events neither read nor change it."""


def fold_channel(events: Iterable[ChainEvent], begun: FoldedChannel | None = None) -> FoldedChannel | None:
    """The channel after all of its events, in the chain's order; None where it was never opened.

    With `begun`, what earlier events made, only the later ones are needed; it is changed. Raises EventBeforeFunding
    where an event that needs money comes before ChannelOpened.
    """
    folded = begun
    for event in events:
        if event.name == "VoucherSkipped":
            # Anyone may bring a bad voucher for any channel: it must not make a final row pending.
            continue
        if event.name == "ChannelOpened":
            folded = _open(event)
        elif folded is None:
            raise EventBeforeFunding(event)
        else:
            _apply(folded, event)
            folded.last_block, folded.last_log_index = event.block_number, event.log_index
            folded.last_tx = event.tx_hash
    return folded


def _open(event: ChainEvent) -> FoldedChannel:
    channel = event.args["channel"]
    return FoldedChannel(
        channel_id=event.args["channelId"],
        payer=channel["payer"],
        payee=channel["payee"],
        sequencer=channel["sequencer"],
        signer=channel["signer"],
        challenge_seconds=channel["challengeSeconds"],
        salt=channel["salt"],
        deposited=int(event.args["deposit"]),
        opened_block=event.block_number,
        opened_tx=event.tx_hash,
        last_block=event.block_number,
        last_log_index=event.log_index,
        last_tx=event.tx_hash,
    )


def _apply(folded: FoldedChannel, event: ChainEvent) -> None:
    args = event.args
    match event.name:
        case "ChannelToppedUp":
            folded.deposited += int(args["amount"])
        case "VoucherRedeemed":
            folded.paid += int(args["amount"])
        case "ChannelFundedTask":
            folded.tasks += int(args["amount"])
        case "ChannelClosing":
            folded.state, folded.closes_at = ChannelState.CLOSING, args["closesAt"]
        case "ChannelClosed":
            folded.state, folded.closes_at = ChannelState.CLOSED, 0
            folded.paid, folded.returned = folded.paid + int(args["toPayee"]), folded.returned + int(args["toPayer"])
        case "PaymentOwed":
            # The payment was booked by the event that caused it: only its way to the owner is longer.
            return
        case other:
            raise ValueError(f"{other} is no event of a channel")
