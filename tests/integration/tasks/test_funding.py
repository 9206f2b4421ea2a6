"""Every way to pay in, up to a call that the escrow itself would take."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.chain.typed_data import ZERO_ADDRESS
from devnet import deploy
from devnet.keys import Role, participant_key, role_key
from devnet.release import function_abi
from devnet.rpc import Chain, calldata
from tests.integration.api import execute
from tests.integration.auctions.test_bids import bid
from tests.integration.market import BUDGET, CHAIN_TIME, Market, posting, problem

BUYER, AGENT = participant_key(0), participant_key(1)


@pytest.fixture
def chain(rpc_url: str, deployment: deploy.Deployment) -> Iterator[Chain]:
    """With money in the buyer's account, nothing approved, and the agent registered as number 1."""
    deploy.fund(rpc_url, deployment, [BUYER.address], 100 * BUDGET)
    with Chain(rpc_url) as chain:
        registry = deployment.contracts["IdentityRegistry"]
        if chain.ask("eth_getTransactionCount", AGENT.address, "latest") == "0x0":
            chain.send_all(AGENT, [{"to": registry, "data": "0x1aa3a008", "gas": 500_000}])
        yield chain


def approve(chain: Chain, deployment: deploy.Deployment, spender: str, amount: int) -> None:
    data = calldata(function_abi("MockUSDC", "approve"), [spender, amount])
    chain.send_all(BUYER, [{"to": deployment.contracts["MockUSDC"], "data": data, "gas": 100_000}])


def carry(market: Market, chain: Chain, answer: dict[str, Any]) -> list[str]:
    """Sends the intent's call as the relayer would; the topics of the escrow's events."""
    escrow, query = market.deployment.escrow, "SELECT calldata FROM market.intents WHERE id = %(id)s"
    data = bytes(execute(market.database_url, query, {"id": answer["intent"]["id"]})[0][0])
    call = {"to": escrow, "data": "0x" + data.hex(), "gas": 2_000_000}
    block = hex(chain.send_all(role_key(Role.RELAYER), [call])[0].block_number)
    logs = chain.ask("eth_getLogs", {"address": escrow, "fromBlock": block, "toBlock": block})
    return [log["topics"][1] for log in logs]


async def test_a_permit_pays_by_two_signatures(market: Market, chain: Chain) -> None:
    task_id = await market.post(await market.terms(), seconds=60)
    path = f"/tasks/{task_id}/fund"
    body = await market.buyer.signed(path, {"method": "permit"})
    swapped = body | {"signature": body["payment_signature"], "payment_signature": body["signature"]}
    assert problem(await market.buyer.post(path, swapped)) == (422, "bad-signature")
    half = {name: value for name, value in body.items() if name != "payment_signature"}
    assert problem(await market.buyer.post(path, half)) == (422, "request-malformed")
    answer = await market.buyer.post(path, body)
    assert answer.status_code == 202, answer.text
    assert (await market.buyer.post(path, body)).json() == answer.json()
    assert carry(market, chain, answer.json()) == [task_id]


async def test_permit2_pays_with_the_task_as_witness(
    market: Market, chain: Chain, deployment: deploy.Deployment
) -> None:
    network = (await market.buyer.get("/network")).json()
    approve(chain, deployment, network["contracts"]["Permit2"], 2**255)
    task_id = await market.post(await market.terms(), seconds=60)
    answer = await market.buyer.carry(f"/tasks/{task_id}/fund", {"method": "permit2"})
    assert carry(market, chain, answer) == [task_id]


async def test_a_batch_is_paid_by_one_signature(market: Market, chain: Chain) -> None:
    plan = [await market.post(replace(await market.direct(), budget=budget)) for budget in (1, 20, 300)]
    answer = await market.buyer.carry("/tasks/fund-batch", {"task_ids": plan})
    assert answer["intent"]["verb"] == "fund_batch"
    states = [(await market.stranger.get(f"/tasks/{task_id}")).json()["state"] for task_id in plan]
    assert states == ["funding"] * 3
    assert [task for task in carry(market, chain, answer) if task in plan] == plan
    again = await market.buyer.post("/tasks/fund-batch/prepare", {"task_ids": plan})
    assert problem(again) == (409, "wrong-task-state")


async def test_a_failed_batch_leaves_each_task_to_be_paid_again(market: Market) -> None:
    plan = [await market.post(await market.direct()) for _ in range(2)]
    await market.buyer.carry("/tasks/fund-batch", {"task_ids": plan})
    market.fail_intents("fund_batch", "TransferFailed")
    task = (await market.buyer.get(f"/tasks/{plan[1]}")).json()
    assert (task["state"], task["reason"]) == ("funding_failed", "TransferFailed")
    await market.buyer.carry(f"/tasks/{plan[1]}/fund", {"method": "authorization"})
    assert (await market.buyer.get(f"/tasks/{plan[0]}")).json()["state"] == "funding_failed"


async def test_refuses_a_batch_that_is_none(market: Market) -> None:
    mine = await market.post(await market.direct())
    for ids, expected in (
        ([mine, mine], (422, "batch-not-distinct")),
        ([], (422, "request-malformed")),
        ([mine] * 33, (422, "request-malformed")),
        ([mine, "0x" + "ab" * 32], (404, "not-found")),
    ):
        assert problem(await market.buyer.post("/tasks/fund-batch/prepare", {"task_ids": ids})) == expected
    assert problem(await market.agent.post("/tasks/fund-batch/prepare", {"task_ids": [mine]})) == (403, "not-party")


async def test_a_buyer_pays_with_the_award(market: Market, chain: Chain) -> None:
    """Until then nothing of his is held: bids come on the task as it was posted."""
    task_id = await market.post(await market.terms(awarder=ZERO_ADDRESS), payment="at_award")
    assert (await market.stranger.get(f"/tasks/{task_id}")).json()["state"] == "inviting"
    listed = (await market.stranger.get("/tasks", state="inviting")).json()["items"]
    assert task_id in [item["task_id"] for item in listed]
    digest = (await bid(market.agent, task_id, 1, 400_000))["bid_digest"]
    path, params = f"/tasks/{task_id}/award-and-fund", {"bid_digest": digest, "price": "450000"}
    early = await market.buyer.post(f"/tasks/{task_id}/award/prepare", params)
    assert problem(early) == (409, "wrong-task-state")
    assert problem(await market.agent.post(f"{path}/prepare", params)) == (403, "not-party")
    answer = await market.buyer.carry(path, params)
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["state"] == "awarding"
    assert carry(market, chain, answer) == [task_id, task_id]


async def test_a_failed_award_invites_again_and_says_why(market: Market) -> None:
    task_id = await market.post(await market.terms(awarder=ZERO_ADDRESS), payment="at_award")
    digest = (await bid(market.agent, task_id, 1, 400_000))["bid_digest"]
    params = {"bid_digest": digest, "price": "400000"}
    await market.buyer.carry(f"/tasks/{task_id}/award-and-fund", params)
    market.fail_intents("award_and_fund", "BidIsRevoked")
    task = (await market.buyer.get(f"/tasks/{task_id}")).json()
    assert (task["state"], task["reason"]) == ("inviting", "BidIsRevoked")


async def test_an_invitation_ends_with_its_time_to_award(market: Market) -> None:
    task_id = await market.post(await market.terms(awarder=ZERO_ADDRESS), payment="at_award")
    market.clock(CHAIN_TIME + 1001)
    assert (await market.stranger.get(f"/tasks/{task_id}")).json()["state"] == "expired"
    refused = await market.buyer.post(f"/tasks/{task_id}/fund/prepare", {"method": "authorization"})
    market.clock()
    assert problem(refused) == (409, "wrong-task-state")


@pytest.mark.parametrize("kind", ["auction", "direct"])
async def test_only_a_buyer_who_chooses_may_pay_at_the_award(market: Market, kind: str) -> None:
    terms = await (market.terms() if kind == "auction" else market.direct())
    body = posting(terms, 60 if kind == "auction" else None) | {"payment": "at_award"}
    assert problem(await market.buyer.post("/tasks", body)) == (422, "payment-at-award-refused")
