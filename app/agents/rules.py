"""Who may speak for an agent, and when a registration may still be carried."""

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
