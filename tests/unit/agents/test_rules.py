"""Who controls an agent, and when a registration may be carried."""

import pytest

from app.agents.rules import REGISTRATION_SECONDS, check_registration, is_controller, share
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


@pytest.mark.parametrize(
    ("part", "rest", "said"),
    [(0, 0, None), (0, 4, "0.000"), (2, 1, "0.667"), (1, 2, "0.333"), (3, 0, "1.000"), (1999, 1, "1.000")],
)
def test_a_share_is_thousandths_to_the_nearest(part: int, rest: int, said: str | None) -> None:
    assert share(part, rest) == said
