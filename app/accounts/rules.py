"""What this service asks of a sign-in message: exactly what it told the client, and nothing beside it.

The standard allows more (resources, a request id, no expiry). What nobody asked for is refused, so that what a wallet
showed to its owner is what was checked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.accounts.siwe import VERSION, SignInMessage
from app.errors import SignInRefused

STATEMENT = "Sign in to Guildhall. This moves no money and grants no permission to do so."
LINKING = "Link this wallet to the Guildhall account {account}. Whoever signs in there may act as this wallet."
NONCE_SECONDS = 300
CLOCK_SKEW = timedelta(seconds=60)


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
    link_to: str | None = None

    @property
    def statement(self) -> str:
        """What the wallet's owner reads and agrees to: a signature for one is none for the other."""
        return STATEMENT if self.link_to is None else LINKING.format(account=self.link_to)


def check_message(message: SignInMessage, challenge: Challenge, now: datetime) -> None:
    """Raises SignInRefused naming the first part that differs from the challenge, or a time that is not now."""
    expected = {
        "domain": challenge.domain,
        "address": challenge.address,
        "statement": challenge.statement,
        "uri": challenge.uri,
        "version": VERSION,
        "chain_id": challenge.chain_id,
        "nonce": challenge.nonce,
        "request_id": None,
        "resources": (),
    }
    for rule, asked in expected.items():
        if getattr(message, rule) != asked:
            raise SignInRefused(rule=rule, expected=asked)
    scheme = challenge.uri.partition("://")[0]
    if message.scheme not in (None, scheme):
        raise SignInRefused(rule="scheme", expected=scheme)
    check_times(message, now)
    if not challenge.issued_at - CLOCK_SKEW <= message.issued_at <= now + CLOCK_SKEW:
        raise SignInRefused(rule="issued_at", expected=challenge.issued_at)
    if message.expires_at is None or message.expires_at > challenge.expires_at + CLOCK_SKEW:
        raise SignInRefused(rule="expires_at", expected=challenge.expires_at)
    if now >= challenge.expires_at:
        raise SignInRefused(rule="expires_at", expected=challenge.expires_at)


def check_times(message: SignInMessage, now: datetime) -> None:
    """Whether the message itself says that it is good at this time. Raises SignInRefused."""
    if message.expires_at is not None and now >= message.expires_at:
        raise SignInRefused(rule="expires_at", expected=now)
    if message.not_before is not None and now < message.not_before:
        raise SignInRefused(rule="not_before", expected=now)
