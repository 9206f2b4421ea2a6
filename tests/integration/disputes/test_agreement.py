"""Ends by agreement: the first signature waits, the second over the same pot and split is carried with it."""

import asyncio
from typing import Any

from app.chain import contracts
from app.chain.typed_data import Terms
from app.escrow.rules import State
from tests.integration.api import execute
from tests.integration.market import BUDGET, CHAIN_TIME, Market, Person, problem


async def submitted(market: Market) -> tuple[Terms, str]:
    terms = await market.terms()
    return terms, await market.posted(terms, **market.awarded(State.SUBMITTED))


async def offers(person: Person, task_id: str) -> list[dict[str, Any]]:
    return list((await person.get(f"/tasks/{task_id}")).json()["offers"])


def auth(body: dict[str, Any]) -> bytes:
    return contracts.pack_auth(body["deadline"], bytes.fromhex(body["signature"][2:]))


async def test_two_equal_offers_settle(market: Market) -> None:
    terms, task_id = await submitted(market)
    path, split = f"/tasks/{task_id}/settle", {"to_agent": "200000"}
    theirs = await market.agent.signed(path, split)
    first = (await market.agent.post(path, theirs)).json()
    assert (first["intent"], first["offer"]["to_agent"]) == (None, "200000")
    assert [offer["account"] for offer in await offers(market.buyer, task_id)] == [market.agent.address]
    assert await offers(market.stranger, task_id) == []
    mine = await market.buyer.signed(path, split)
    second = (await market.buyer.post(path, mine)).json()
    assert second["offer"] is None
    found = execute(
        market.database_url, "SELECT calldata FROM market.intents WHERE id = %(id)s", {"id": second["intent"]["id"]}
    )
    assert bytes(found[0][0]) == contracts.settle(terms, 200_000, auth(mine), auth(theirs))
    assert await offers(market.buyer, task_id) == []
    assert (await market.buyer.post(path, mine)).json()["intent"]["id"] == second["intent"]["id"]


async def test_unequal_offers_wait(market: Market) -> None:
    _, task_id = await submitted(market)
    path = f"/tasks/{task_id}/settle"
    await market.agent.carry(path, {"to_agent": "200000"})
    assert (await market.buyer.carry(path, {"to_agent": "100000"}))["intent"] is None
    assert len(await offers(market.buyer, task_id)) == 2
    assert (await market.agent.carry(path, {"to_agent": "100000"}))["intent"]["verb"] == "settle"


async def test_an_offer_over_an_older_pot_is_stale(market: Market) -> None:
    terms, task_id = await submitted(market)
    path = f"/tasks/{task_id}/settle"
    await market.agent.carry(path, {"to_agent": "1"})
    market.mirror(terms, **market.awarded(State.SUBMITTED, remaining=BUDGET // 4))
    assert (await market.buyer.carry(path, {"to_agent": "1"}))["intent"] is None


async def test_an_offer_past_its_deadline_is_stale(market: Market) -> None:
    _, task_id = await submitted(market)
    path = f"/tasks/{task_id}/cancel-together"
    await market.agent.carry(path, {"deadline": CHAIN_TIME + 10})
    market.clock(CHAIN_TIME + 10)
    assert (await market.buyer.carry(path))["intent"] is None


async def test_two_part_together(market: Market) -> None:
    terms, task_id = await submitted(market)
    path = f"/tasks/{task_id}/cancel-together"
    mine = await market.buyer.signed(path)
    await market.buyer.post(path, mine)
    theirs = await market.agent.signed(path)
    answer = (await market.agent.post(path, theirs)).json()
    found = execute(
        market.database_url, "SELECT calldata FROM market.intents WHERE id = %(id)s", {"id": answer["intent"]["id"]}
    )
    assert bytes(found[0][0]) == contracts.cancel_together(terms, auth(mine), auth(theirs))


async def test_an_offer_with_a_bad_signature_is_not_kept(market: Market) -> None:
    _, task_id = await submitted(market)
    path = f"/tasks/{task_id}/settle"
    body = await market.agent.signed(path, {"to_agent": "5"})
    assert problem(await market.agent.post(path, body | {"to_agent": "6"})) == (422, "bad-signature")
    assert await offers(market.agent, task_id) == []
    too_much = await market.agent.post(f"{path}/prepare", {"to_agent": str(BUDGET)})
    assert problem(too_much) == (409, "amount-above-remaining")


async def test_two_equal_offers_at_one_moment_make_one_intent(market: Market) -> None:
    _, task_id = await submitted(market)
    path = f"/tasks/{task_id}/settle"
    bodies = [await person.signed(path, {"to_agent": "7"}) for person in (market.buyer, market.agent)]
    answers = await asyncio.gather(market.buyer.post(path, bodies[0]), market.agent.post(path, bodies[1]))
    assert sorted(answer.json()["intent"] is None for answer in answers) == [False, True]
