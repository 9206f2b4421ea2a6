"""The Python client names a referrer, and an operator's asks what is to be paid."""

import pytest
from eth_account import Account

from devnet.keys import participant_key
from devnet.processes import Service
from sdk import Client, Wallet


@pytest.fixture
def also_set() -> dict[str, str]:
    return {"REFERRAL_SHARE_BPS": "1000", "OPERATORS": participant_key(12).address}


async def test_a_program_refers_and_an_operator_plans(served: tuple[Service, str]) -> None:
    def client(number: int) -> Client:
        return Client(served[1], Wallet(Account.from_key(participant_key(number).private_key)))

    async with client(12) as operator, client(13) as referrer, client(14) as newcomer:
        code = await referrer.referral_code()
        assert (await newcomer.name_referrer(code))["referrer"] == participant_key(13).address
        assert (await referrer.referrals())["accounts"] == 1
        assert await referrer.referral_accruals() == []
        assert await operator.plan_referral_payouts() == []
