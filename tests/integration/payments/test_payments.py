"""Where an address's money came from and went, and what waits for it."""

from dataclasses import replace
from typing import Any

import pytest

from app.escrow.rules import State
from tests.integration.api import execute
from tests.integration.market import BUDGET, FINALIZED, Market, Person, problem


@pytest.fixture(autouse=True)
def fresh(market: Market) -> None:
    for table in ("escrow_events", "escrows", "owed"):
        execute(market.database_url, f"DELETE FROM chain.{table}")
    execute(market.database_url, "DELETE FROM market.intents WHERE verb = 'withdraw'")


async def played(market: Market) -> str:
    """A task that was funded, awarded at half, released with a fee, whose push failed, and that was withdrawn."""
    facts = market.awarded(State.RELEASED, remaining=0, paid=BUDGET // 2)
    task_id = await market.posted(await market.terms(), **facts)
    agent = market.agent.address
    market.event("TaskFunded", {"terms": {"budget": str(BUDGET)}}, task_id=task_id, block=88)
    market.event("TaskAwarded", {"surplus": "500000", "price": "500000"}, task_id=task_id, block=89)
    market.event("TaskSubmitted", {"agentId": "1"}, task_id=task_id, block=90)
    market.event("TaskReleased", {"amount": "500000", "fee": "5000"}, task_id=task_id, block=91)
    market.event("PaymentOwed", {"owner": agent, "amount": "495000"}, task_id=task_id, block=92, owner=agent)
    market.event("Withdrawn", {"owner": agent, "amount": "495000"}, task_id=None, block=93, owner=agent)
    return task_id


def owe(market: Market, person: Person, amount: int, block: int = FINALIZED) -> None:
    execute(
        market.database_url,
        "INSERT INTO chain.owed (owner, amount, last_block) VALUES (%(owner)s, %(amount)s, %(block)s) "
        "ON CONFLICT (owner) DO UPDATE SET amount = %(amount)s, last_block = %(block)s",
        {"owner": bytes.fromhex(person.address[2:]), "amount": amount, "block": block},
    )


def lines(page: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(item["kind"], item["amount"], item["finality"]) for item in page["items"]]


async def test_each_party_reads_its_own_movements_newest_first(market: Market) -> None:
    task_id = await played(market)
    buyer = (await market.buyer.get("/payments")).json()
    assert lines(buyer) == [("surplus", "500000", "final"), ("deposit", str(BUDGET), "final")]
    assert {item["task_id"] for item in buyer["items"]} == {task_id}
    agent = (await market.agent.get("/payments", address=market.agent.address)).json()
    assert lines(agent) == [
        ("withdrawn", "495000", "pending"),
        ("owed", "495000", "final"),
        ("payout", "495000", "final"),
    ]
    assert agent["items"][2]["fee"] == "5000"
    assert (await market.stranger.get("/payments")).json() == {"items": [], "next_cursor": None}


async def test_what_a_child_gives_back_is_never_its_buyers(market: Market) -> None:
    """The agent hires a rival with the task's money, even to be paid himself: unspent, it is not his."""
    parent = await market.posted(await market.direct(), state=State.RELEASED, remaining=0)
    terms = replace(await market.direct(), buyer=market.agent.address, agent=market.rival.address, parent=parent)
    market.mirror(terms, state=State.REFUNDED, remaining=0, refunded=BUDGET, payee=market.agent.address)
    child = market.task_id(terms)
    market.event("TaskFunded", {"terms": {"budget": str(BUDGET)}}, task_id=child, block=90)
    market.event("TaskRefunded", {"amount": str(BUDGET), "reason": 4}, task_id=child, block=91)
    market.event("ChildReturned", {"amount": str(BUDGET), "toBuyer": True}, task_id=parent, block=92)
    assert lines((await market.agent.get("/payments")).json()) == []
    assert lines((await market.buyer.get("/payments")).json()) == [("refund", str(BUDGET), "final")]


async def test_pages_do_not_lose_or_repeat(market: Market) -> None:
    await played(market)
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 1}
    while True:
        page = (await market.agent.get("/payments", **params)).json()
        seen += [item["kind"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == ["withdrawn", "owed", "payout"]


async def test_anothers_payments_are_his(market: Market) -> None:
    answer = await market.stranger.get("/payments", address=market.buyer.address)
    assert problem(answer) == (403, "payments-not-yours")
    assert problem(await market.stranger.get("/payments", address="0xabc")) == (422, "request-malformed")


async def test_what_is_owed_is_sent_once_whoever_asks(market: Market) -> None:
    path = f"/owed/{market.agent.address}"
    assert (await market.stranger.get(path)).json() == {
        "owner": market.agent.address,
        "amount": "0",
        "finality": None,
    }
    assert problem(await market.stranger.post(f"{path}/withdraw")) == (409, "nothing-owed")
    owe(market, market.agent, 495_000)
    assert (await market.stranger.get(path)).json()["amount"] == "495000"
    first = (await market.stranger.post(f"{path}/withdraw")).json()["intent"]
    assert (await market.agent.post(f"{path}/withdraw")).json()["intent"]["id"] == first["id"]


async def test_a_failed_withdrawal_may_be_tried_again(market: Market) -> None:
    path = f"/owed/{market.agent.address}/withdraw"
    owe(market, market.agent, 495_000)
    first = (await market.agent.post(path)).json()["intent"]
    market.fail_intents("withdraw", "TransferFailed")
    second = (await market.agent.post(path)).json()["intent"]
    owe(market, market.agent, 500_000, FINALIZED + 1)
    third = (await market.agent.post(path)).json()["intent"]
    assert len({first["id"], second["id"], third["id"]}) == 3
