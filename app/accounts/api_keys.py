"""The form of an API key: a prefix that secret scanners can know, 256 random bits, and a checksum over both.

The checksum (CRC-32, base 62) lets a scanner tell a key from something that only looks like one, without asking us.
"""

import re
import secrets
import zlib

PREFIX = "guildhall_"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_DIGITS = 43  # 62^43 > 2^256
CHECK_DIGITS = 6  # 62^6 > 2^32
SHOWN_DIGITS = 4
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{SECRET_DIGITS + CHECK_DIGITS}}}")


def new_api_key() -> str:
    """A key that nobody has seen."""
    body = PREFIX + base62(secrets.randbits(256), SECRET_DIGITS)
    return body + checksum(body)


def is_api_key(text: str) -> bool:
    """Whether a text has the form of a key, its checksum included."""
    return _FORM.fullmatch(text) is not None and checksum(text[:-CHECK_DIGITS]) == text[-CHECK_DIGITS:]


def hint_of(key: str) -> str:
    """What its owner may be shown later to tell it from his others."""
    return key[: len(PREFIX) + SHOWN_DIGITS]


def checksum(body: str) -> str:
    return base62(zlib.crc32(body.encode()), CHECK_DIGITS)


def base62(number: int, width: int) -> str:
    """`number` in `width` digits, leading zeros kept."""
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(DIGITS[digit])
    return "".join(reversed(digits))
