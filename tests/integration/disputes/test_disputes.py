"""Disputes: called with evidence, read by the parties, ruled by the arbiter or by his silence."""

from app.chain import contracts
from app.chain.typed_data import ZERO_HASH
from app.database import Hash32
from app.escrow.rules import State
from tests.integration.api import execute
from tests.integration.market import CHAIN_TIME, Market, problem


async def disputed(market: Market, **changed: object) -> str:
    facts = {"disputed_by": market.buyer.address, "evidence": "0x" + "4" * 64} | changed
    return await market.posted(await market.terms(), **market.awarded(State.DISPUTED, **facts))


async def test_the_buyer_disputes_with_evidence_that_all_parties_read(market: Market) -> None:
    task_id = await market.posted(await market.terms(), **market.awarded(State.SUBMITTED))
    digest = await market.buyer.upload(b"it is wrong")
    await market.buyer.carry(f"/tasks/{task_id}/dispute", {"evidence": digest})
    readers = [await who.reads(digest) for who in (market.agent, market.arbiter, market.stranger)]
    assert readers == [True, True, False]
    said = execute(
        market.database_url,
        "SELECT payload FROM market.announcements WHERE topic = 'dispute.evidence_added' AND subject = %(subject)s",
        {"subject": f"task:{task_id}"},
    )
    assert said == [({"party": "buyer", "digest": digest},)]


async def test_the_role_in_the_call_is_the_disputers(market: Market) -> None:
    terms = await market.terms()
    task_id = await market.posted(terms, **market.awarded(State.SUBMITTED))
    digest = await market.agent.upload(b"it is right")
    body = await market.agent.signed(f"/tasks/{task_id}/dispute", {"evidence": digest})
    answer = (await market.agent.post(f"/tasks/{task_id}/dispute", body)).json()
    auth = contracts.pack_auth(body["deadline"], bytes.fromhex(body["signature"][2:]), contracts.AuthRole.AGENT)
    found = execute(
        market.database_url, "SELECT calldata FROM market.intents WHERE id = %(id)s", {"id": answer["intent"]["id"]}
    )
    assert bytes(found[0][0]) == contracts.dispute(terms, Hash32(digest), auth)


async def test_refuses_a_dispute_over_bytes_of_others_and_after_the_review(market: Market) -> None:
    task_id = await market.posted(await market.terms(), **market.awarded(State.SUBMITTED))
    foreign = await market.rival.upload(b"not yours")
    params = {"evidence": foreign}
    assert problem(await market.buyer.post(f"/tasks/{task_id}/dispute/prepare", params)) == (
        422,
        "content-not-uploaded",
    )
    market.clock(CHAIN_TIME + 51)
    own = {"evidence": await market.buyer.upload(b"too late")}
    assert problem(await market.buyer.post(f"/tasks/{task_id}/dispute/prepare", own)) == (409, "window-over")


async def test_both_parties_show_more_and_only_they_and_the_arbiter_read(market: Market) -> None:
    task_id = await disputed(market)
    mine, theirs = await market.agent.upload(b"proof"), await market.buyer.upload(b"counter")
    assert (await market.agent.post(f"/tasks/{task_id}/evidence", {"digest": mine})).status_code == 201
    again = await market.agent.post(f"/tasks/{task_id}/evidence", {"digest": mine})
    assert len(again.json()["items"]) == 1
    await market.buyer.post(f"/tasks/{task_id}/evidence", {"digest": theirs})
    shown = (await market.arbiter.get(f"/tasks/{task_id}/dispute")).json()
    assert [(each["party"], each["digest"]) for each in shown["evidence"]] == [("agent", mine), ("buyer", theirs)]
    assert (shown["opened_by"], shown["rule_by"]) == (market.buyer.address, CHAIN_TIME + 50)
    assert await market.arbiter.reads(mine)
    assert problem(await market.stranger.get(f"/tasks/{task_id}/dispute")) == (404, "not-found")
    assert problem(await market.stranger.post(f"/tasks/{task_id}/evidence", {"digest": mine})) == (403, "not-party")
    assert problem(await market.arbiter.post(f"/tasks/{task_id}/evidence", {"digest": mine})) == (403, "not-party")


async def test_lists_the_disputes_of_each_party(market: Market) -> None:
    first, second = await disputed(market), await disputed(market)
    page = (await market.arbiter.get("/disputes", limit=1)).json()
    assert [each["task_id"] for each in page["items"]] == [second]
    more = (await market.arbiter.get("/disputes", limit=1, cursor=page["next_cursor"])).json()
    assert [each["task_id"] for each in more["items"]] == [first]
    for person, seen in ((market.buyer, True), (market.agent, True), (market.rival, False)):
        listed = [each["task_id"] for each in (await person.get("/disputes")).json()["items"]]
        assert (first in listed) is seen


async def test_the_arbiter_rules_and_both_read_why(market: Market) -> None:
    task_id = await disputed(market)
    why = await market.arbiter.upload(b"because of this")
    params = {"share_bps": 2500, "reasons": why}
    assert problem(await market.buyer.post(f"/tasks/{task_id}/rule/prepare", params)) == (403, "not-party")
    await market.arbiter.carry(f"/tasks/{task_id}/rule", params)
    assert [await who.reads(why) for who in (market.buyer, market.agent, market.rival)] == [True, True, False]
    unread = params | {"reasons": "0x" + "6" * 64}
    assert problem(await market.arbiter.post(f"/tasks/{task_id}/rule/prepare", unread)) == (
        422,
        "content-not-uploaded",
    )
    await market.arbiter.carry(f"/tasks/{task_id}/rule", {"share_bps": 0, "reasons": ZERO_HASH})


async def test_after_the_arbiters_silence_anybody_applies_the_default(market: Market) -> None:
    task_id = await disputed(market)
    assert problem(await market.stranger.post(f"/tasks/{task_id}/rule-by-default")) == (409, "window-not-open")
    market.clock(CHAIN_TIME + 51)
    late = await market.arbiter.post(f"/tasks/{task_id}/rule/prepare", {"share_bps": 1, "reasons": ZERO_HASH})
    assert problem(late) == (409, "window-over")
    carried = await market.stranger.post(f"/tasks/{task_id}/rule-by-default")
    assert carried.json()["intent"]["verb"] == "rule_by_default"


async def test_shows_a_ruling(market: Market) -> None:
    facts = {"disputed_by": market.agent.address, "evidence": "0x" + "4" * 64, "remaining": 0}
    ruling = {"share_bps": 2500, "by_default": False, "reasons": "0x" + "5" * 64}
    task_id = await market.posted(await market.terms(), **market.awarded(State.RULED, **facts, **ruling))
    shown = (await market.buyer.get(f"/tasks/{task_id}/dispute")).json()
    assert (shown["ruling"], shown["rule_by"]) == (ruling, None)
