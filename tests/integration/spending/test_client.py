"""The Python client asks, waits and is told, against a running API."""

import pytest
from eth_account import Account

from devnet.keys import DevelopmentKey, participant_key
from devnet.processes import Service
from sdk import Client, Wallet, make_terms
from sdk.errors import ApprovalDenied, Conflict, Forbidden, NotFound
from sdk.terms import Terms

BUYER, APPROVER, AGENT = (participant_key(number) for number in (14, 15, 16))


def wallet(key: DevelopmentKey) -> Wallet:
    return Wallet(Account.from_key(key.private_key))


async def task(buyer: Client) -> Terms:
    stored = await buyer.upload(b"Sort these: pear apple fig")
    terms = make_terms(
        buyer=buyer.address,
        agent=AGENT.address,
        arbiter=APPROVER.address,
        content=stored.digest,
        budget=2_500_000,
        chain_time=(await buyer.clock()).chain_time,
    )
    await buyer.post_task(terms, title="Sort the fruit", capability="text.sort")
    return terms


async def test_a_program_pays_what_a_human_approved(served: tuple[Service, str]) -> None:
    _service, url = served
    async with Client(url, wallet(BUYER)) as buyer, Client(url, wallet(APPROVER)) as approver:
        with pytest.raises(NotFound):
            await buyer.spend_policy()
        told = await buyer.set_spend_policy(
            approve_above=1_000_000, approval_seconds=600, approvers=[approver.address], per_task=3_000_000
        )
        assert (told["approve_above"], told["approval_seconds"]) == ("1000000", 600)
        terms = await task(buyer)
        with pytest.raises(Conflict, match="approval"):
            await buyer.fund(terms)
        asked = await buyer.ask_approval(terms)
        assert [each["id"] for each in await approver.approvals()] == [asked["id"]]
        await approver.approve(asked["id"])
        assert (await buyer.wait_for_approval(asked["id"], timeout_seconds=10))["state"] == "approved"
        intent = await buyer.fund(terms)
        await buyer.take_back_approval(asked["id"])
        assert (await buyer.intent(intent.id)).reason == "approval_revoked"
        with pytest.raises(Forbidden, match="revoked"):
            await buyer.fund(terms)
        other = await buyer.ask_approval(await task(buyer))
        await approver.refuse(other["id"])
        with pytest.raises(ApprovalDenied):
            await buyer.wait_for_approval(other["id"], timeout_seconds=10)
