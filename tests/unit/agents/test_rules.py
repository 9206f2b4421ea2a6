"""Who controls an agent, and when a registration may be carried."""

import pytest

from app.agents.rules import REGISTRATION_SECONDS, check_registration, is_controller
from app.errors import RegistrationDeadlineRefused, RegistrationNonceUsed

OWNER, WALLET, STRANGER = "0xowner", "0xwallet", "0xstranger"


def test_owner_and_wallet_control_it() -> None:
    assert is_controller(OWNER, WALLET, OWNER)
    assert is_controller(OWNER, WALLET, WALLET)
    assert not is_controller(OWNER, WALLET, STRANGER)
    assert not is_controller(OWNER, None, STRANGER)


def test_refuses_another_nonce() -> None:
    with pytest.raises(RegistrationNonceUsed):
        check_registration(1, 150, expected_nonce=2, chain_time=100)


@pytest.mark.parametrize(("deadline", "accepted"), [(100, False), (101, True), (100 + REGISTRATION_SECONDS, True)])
def test_the_deadline_is_after_chain_time_and_near(deadline: int, accepted: bool) -> None:
    if accepted:
        check_registration(2, deadline, expected_nonce=2, chain_time=100)
        return
    with pytest.raises(RegistrationDeadlineRefused):
        check_registration(2, deadline, expected_nonce=2, chain_time=100)


def test_refuses_a_deadline_too_far_ahead() -> None:
    with pytest.raises(RegistrationDeadlineRefused):
        check_registration(2, 101 + REGISTRATION_SECONDS, expected_nonce=2, chain_time=100)
