"""Who may speak for an agent, when a registration may still be carried, and the mean of what was given."""

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
