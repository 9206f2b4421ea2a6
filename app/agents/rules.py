"""Who may speak for an agent, when a registration may still be carried, what was given on the mean, and what counts of
work are worth. Pure."""

from typing import Protocol

from app.errors import RegistrationDeadlineRefused, RegistrationNonceUsed

REGISTRATION_SECONDS = 3600


def is_controller(owner: str, wallet: str | None, account: str) -> bool:
    """The registry's owner and the agent's wallet control it; so do ERC-721 operators, whom only the chain knows."""
    return account in (owner, wallet)


def check_registration(nonce: int, deadline: int, *, expected_nonce: int, chain_time: int) -> None:
    """Raises RegistrationNonceUsed or RegistrationDeadlineRefused; times are seconds of the chain."""
    if nonce != expected_nonce:
        raise RegistrationNonceUsed(expected=expected_nonce, nonce=nonce)
    limit = chain_time + REGISTRATION_SECONDS
    if not chain_time < deadline <= limit:
        raise RegistrationDeadlineRefused(deadline=deadline, time=chain_time, limit=limit)


def mean_hundredths(stars: int, reviews: int) -> int | None:
    """The mean of so many stars in hundredths, rounded to the nearest; None without a review."""
    return None if reviews == 0 else (200 * stars + reviews) // (2 * reviews)


class Counted(Protocol):
    """What is read of a sum of work. Times are seconds of the chain."""

    @property
    def awarded(self) -> int: ...
    @property
    def delivered(self) -> int: ...
    @property
    def finished(self) -> int: ...
    @property
    def abandoned(self) -> int: ...
    @property
    def missed(self) -> int: ...
    @property
    def median_seconds(self) -> int | None: ...
    @property
    def p90_seconds(self) -> int | None: ...


def share(part: int, rest: int) -> str | None:
    """What `part` is of both together, in thousandths to the nearest, as text; None of nothing."""
    whole = part + rest
    if whole == 0:
        return None
    thousandths = (2000 * part + whole) // (2 * whole)
    return f"{thousandths // 1000}.{thousandths % 1000:03d}"
