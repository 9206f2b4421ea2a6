"""What the sequencer signs. Amounts are base units.

It vouches for cover: whatever it signs, for all payees together, stays within what the channel finally holds for
vouchers; so does what is reserved for calls that are on their way or whose answers wait to be paid.
"""

from dataclasses import dataclass

from app.errors import ChannelShort, ChannelUnfit, CreditSpent, VoucherNotNext

CREDIT_SHARE = 10
"""A payer's credit grows by a tenth of what he has paid."""
CLOSING_MARGIN_SECONDS = 600
"""So long before a closing channel ends, its vouchers are no longer sure to be redeemed."""
REDEEM_LEAST = 10_000
"""A cent: less is worth no transaction of the platform's. Its payee has the voucher, and may redeem it himself."""
REDEEM_AT = 1_000_000
REDEEM_SECONDS = 3_600
MOST_REDEEMED = 64
MOST_TRIES = 10


@dataclass(frozen=True)
class Cover:
    """What a channel's money is for: `holds` is all that vouchers may ever pay, finally; `signed` what they say."""

    holds: int
    signed: int
    reserved: int

    @property
    def free(self) -> int:
        return self.holds - self.signed - self.reserved


def require_fit(*, sequencer: str, required: str, is_open: bool, is_final: bool) -> None:
    """Raises ChannelUnfit for a channel that calls cannot be paid from."""
    if sequencer != required:
        raise ChannelUnfit(reason=f"its sequencer is not {required}")
    if not is_open:
        raise ChannelUnfit(reason="it is closing or closed")
    if not is_final:
        raise ChannelUnfit(reason="its opening is not final yet")


def require_room(cover: Cover, amount: int) -> None:
    """Raises ChannelShort where the deposit does not cover `amount` too."""
    if amount > cover.free:
        raise ChannelShort(amount=amount, free=max(0, cover.free))


def credit_of(start: int, most: int, paid: int) -> int:
    """What a payer may owe at one time, for calls on their way and for answers that wait for his vouchers."""
    return min(most, start + paid // CREDIT_SHARE)


def require_credit(credit: int, owed: int, amount: int) -> None:
    """Raises CreditSpent."""
    if owed + amount > credit:
        raise CreditSpent(credit=credit, owed=owed, amount=amount)


def require_next(before: int, price: int, cumulative: int) -> None:
    """A voucher pays exactly the price more than the one before. Raises VoucherNotNext."""
    if cumulative != before + price:
        raise VoucherNotNext(required=before + price, cumulative=cumulative)


def is_payable(*, is_closing: bool, closes_at: int, chain_time: int) -> bool:
    """Whether a voucher that is signed now can still be redeemed."""
    return not is_closing or closes_at - chain_time >= CLOSING_MARGIN_SECONDS
