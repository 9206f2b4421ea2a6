"""Amounts are integers of the token's base units (USDC: 10**-6), everywhere.

The escrow stores them as uint96; anything that does not fit is refused before it reaches a signature.
"""

import re
from typing import NewType

from app.errors import AmountMalformed, AmountOutOfRange

TokenAmount = NewType("TokenAmount", int)

MAX_AMOUNT = 2**96 - 1
WHOLE_BPS = 10_000

_DIGITS = re.compile(r"(0|[1-9][0-9]{0,28})\Z")


def parse_amount(value: object) -> TokenAmount:
    """Reads base units from an int or a string of ASCII digits without leading zeros.

    Raises AmountMalformed for anything else (float, bool, exponent, sign, space, underscore, other scripts'
    digits) and AmountOutOfRange outside 0..2**96-1.
    """
    if isinstance(value, str):
        if not _DIGITS.match(value):
            raise AmountMalformed(value=value[:40])
        value = int(value)
    elif isinstance(value, bool) or not isinstance(value, int):
        raise AmountMalformed(value=str(value)[:40])
    if not 0 <= value <= MAX_AMOUNT:
        raise AmountOutOfRange(value=str(value)[:40], max=str(MAX_AMOUNT))
    return TokenAmount(value)


def fee_up(gross: int, fee_bps: int) -> TokenAmount:
    """The fee inside `gross`, rounded up, as the escrow takes it."""
    return TokenAmount(-(-gross * fee_bps // WHOLE_BPS))


def share_down(pot: int, share_bps: int) -> TokenAmount:
    """`share_bps` of `pot`, rounded down; the rest is the other party's."""
    return TokenAmount(pot * share_bps // WHOLE_BPS)
