"""EIP-4361 messages: one strict, linear reading of the one form that this service asks for.

The grammar of the standard allows more (a scheme, resources, no expiry); what nobody asked for is refused, so that
what a wallet showed to its owner is exactly what was checked.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from app.errors import SignInMessageMalformed, SignInRefused

MAX_MESSAGE_BYTES = 2048
VERSION = "1"
STATEMENT = "Sign in to Guildhall. This moves no money and grants no permission to do so."
NONCE_SECONDS = 300
CLOCK_SKEW = timedelta(seconds=60)

GREETING = " wants you to sign in with your Ethereum account:"
FIELDS = ("URI", "Version", "Chain ID", "Nonce", "Issued At", "Expiration Time")
LINES = 5 + len(FIELDS)
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
CHAIN_ID = re.compile(r"[1-9][0-9]{0,17}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class SignInMessage:
    """What the signer says. Times are aware."""

    domain: str
    address: str
    statement: str
    uri: str
    version: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Challenge:
    """What was asked for. `issued_at` and `expires_at` bound when the message may be signed."""

    domain: str
    uri: str
    chain_id: int
    address: str
    nonce: str
    issued_at: datetime
    expires_at: datetime


def parse_message(text: str) -> SignInMessage:
    """Reads a message, line by line. Raises SignInMessageMalformed with the reason."""
    if len(text) > MAX_MESSAGE_BYTES or not text.replace("\n", "").isascii():
        refuse(f"it must be at most {MAX_MESSAGE_BYTES} bytes of ASCII")
    lines = text.split("\n")
    if len(lines) != LINES or lines[2] or lines[4]:
        refuse("its lines are domain, address, statement and six fields, set apart by empty lines")
    if not all(line.isprintable() for line in lines):
        refuse("it must be printable")
    values = [field_value(line, name) for line, name in zip(lines[5:], FIELDS, strict=True)]
    uri, version, chain_id, nonce, issued_at, expires_at = values
    if not lines[0].endswith(GREETING) or not ADDRESS.fullmatch(lines[1]) or not CHAIN_ID.fullmatch(chain_id):
        refuse("its domain, address or chain id is not one")
    return SignInMessage(
        domain=lines[0].removesuffix(GREETING),
        address=lines[1],
        statement=lines[3],
        uri=uri,
        version=version,
        chain_id=int(chain_id),
        nonce=nonce,
        issued_at=parse_time(issued_at),
        expires_at=parse_time(expires_at),
    )


def check_message(message: SignInMessage, challenge: Challenge, now: datetime) -> None:
    """Raises SignInRefused naming the first part that differs from the challenge, or a time that is not now."""
    expected = {
        "domain": challenge.domain,
        "address": challenge.address,
        "statement": STATEMENT,
        "uri": challenge.uri,
        "version": VERSION,
        "chain_id": challenge.chain_id,
        "nonce": challenge.nonce,
    }
    for rule, asked in expected.items():
        if getattr(message, rule) != asked:
            raise SignInRefused(rule=rule, expected=asked)
    if not challenge.issued_at - CLOCK_SKEW <= message.issued_at <= now + CLOCK_SKEW:
        raise SignInRefused(rule="issued_at", expected=challenge.issued_at)
    if not now < message.expires_at <= challenge.expires_at + CLOCK_SKEW or now >= challenge.expires_at:
        raise SignInRefused(rule="expires_at", expected=challenge.expires_at)


def field_value(line: str, name: str) -> str:
    """The value of `Name: value`. Raises SignInMessageMalformed."""
    label, separator, value = line.partition(": ")
    if label != name or not separator or not value:
        refuse(f"a line must be {name}")
    return value


def parse_time(text: str) -> datetime:
    """An RFC 3339 time. Raises SignInMessageMalformed."""
    if not TIME.fullmatch(text):
        refuse("a time is not RFC 3339")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SignInMessageMalformed(reason="a time does not exist") from error


def refuse(reason: str) -> NoReturn:
    raise SignInMessageMalformed(reason=reason)
