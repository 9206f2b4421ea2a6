"""Whole numbers of any width as PostgreSQL sends and takes its `numeric`: digits to the base of 10,000."""

import struct
from functools import lru_cache

DECIMAL_BASE = 10_000
NEGATIVE = 0x4000
size_of = struct.Struct(">i").pack


@lru_cache(maxsize=65_536)
def pack_numeric(value: int) -> bytes:
    """Base-10000 digits, the highest first; remembered, since amounts repeat."""
    digits, left = [], abs(value)
    while left:
        left, digit = divmod(left, DECIMAL_BASE)
        digits.append(digit)
    sign = NEGATIVE if value < 0 else 0
    body = struct.pack(f">hhHh{len(digits)}H", len(digits), max(0, len(digits) - 1), sign, 0, *reversed(digits))
    return size_of(len(body)) + body


@lru_cache(maxsize=65_536)
def unpack_numeric(raw: bytes) -> int:
    """A whole number as `numeric` is sent, without its size; remembered, since amounts repeat."""
    count, weight, sign, _scale = struct.unpack_from(">hhHh", raw)
    value: int = 0
    for digit in struct.unpack_from(f">{count}H", raw, 8):
        value = value * DECIMAL_BASE + digit
    value *= int(DECIMAL_BASE ** (weight + 1 - count))
    return -value if sign == NEGATIVE else value
