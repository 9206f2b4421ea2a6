"""The Python client in a sealed auction: what it keeps before it sends, and what it refuses to go on with."""

from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from devnet.keys import Role, participant_key, role_key, write_key_file
from devnet.processes import Service
from sdk import AuctionPlan, Client, SealedBid, Wallet, Windows, make_terms
from sdk.errors import AuctionRefused, Conflict, NotFound, SignatureRefused, TermsDistrusted
from sdk.sealed_bids import refuse_left_out
from sdk.transcripts import root_of
from tests.integration.api import execute, mirror_agent

BUYER, AGENT = participant_key(16), participant_key(17)
ARBITER = role_key(Role.ARBITER).address


def wallet(private_key: str) -> Wallet:
    return Wallet(Account.from_key(private_key))


@pytest.fixture
def also_set(tmp_path: Path) -> dict[str, str]:
    """The service publishes the arbiter and has an auctioneer."""
    key = write_key_file(tmp_path / "auctioneer", "auctioneer", role_key(Role.AUCTIONEER))
    return {"AUCTIONEER_KEY_FILE": str(key), "ARBITERS": ARBITER}


async def test_a_bidder_keeps_what_revealing_takes_before_anything_is_sent(
    served: tuple[Service, str], database_url: str
) -> None:
    mirror_agent(database_url, 9, AGENT.address)
    kept: list[SealedBid] = []
    async with (
        Client(served[1], wallet(BUYER.private_key)) as buyer,
        Client(served[1], wallet(AGENT.private_key)) as agent,
    ):
        network = await buyer.network()
        terms = make_terms(
            buyer=buyer.address,
            arbiter=ARBITER,
            content=(await buyer.upload(b"Sort these")).digest,
            budget=1_000_000,
            chain_time=(await buyer.clock()).chain_time,
            windows=Windows(award=7_200),
            awarder=network.auctioneer,
        )
        plan = AuctionPlan(600, reveal_seconds=60)
        await buyer.post_task(terms, title="Sort", capability="text.sort", auction=plan)
        await buyer.fund(terms)
        offer: dict[str, Any] = {
            "min_price": 500_000,
            "min_work_seconds": 1,
            "valid_until": terms.award_by,
            "payee": agent.address,
        }
        sealed = await agent.commit_bid(terms, 9, keep=kept.append, **offer)
        assert kept == [sealed]
        assert SealedBid.from_json(sealed.to_json()) == sealed
        with pytest.raises(Conflict, match="reveal"):
            early = {"bid": sealed.bid.to_wire(), "signature": sealed.signature}
            await agent._post(f"/v1/tasks/{sealed.bid.task_id}/reveals", early)
        stored = execute(database_url, "SELECT encode(commitment, 'hex') FROM market.bid_commits")
        assert stored == [(sealed.commitment[2:],)]
        await agent.withdraw_commit(terms, 9)
        assert execute(database_url, "SELECT count(*) FROM market.bid_commits") == [(0,)]
        refuse_left_out_of(sealed)
        odd = make_terms(
            buyer=buyer.address,
            arbiter=BUYER.address,
            content=terms.content,
            budget=1,
            chain_time=(await buyer.clock()).chain_time,
        )
        with pytest.raises(TermsDistrusted, match="arbiter_unpublished"):
            await agent.commit_bid(odd, 9, **offer)


def refuse_left_out_of(sealed: SealedBid) -> None:
    """A published list without the commitment, a wrong root, another auction: nothing is revealed into those."""
    mine = {"agent_id": sealed.bid.agent_id, "commitment": sealed.commitment}
    root = root_of([(sealed.bid.agent_id, sealed.commitment)])
    good = {"auction_id": sealed.auction_id, "commits": [mine], "commit_root": root}
    refuse_left_out(sealed, good)
    for change, rule in (({"commits": []}, "commitment"), ({"commit_root": "0x" + "12" * 32}, "commit_root")):
        with pytest.raises(AuctionRefused) as refused:
            refuse_left_out(sealed, good | change)
        assert refused.value.rule == rule
    with pytest.raises(SignatureRefused):
        refuse_left_out(sealed, good | {"auction_id": "0x" + "12" * 32})


async def test_a_quote_is_countered_and_the_feed_tells_of_it(served: tuple[Service, str], database_url: str) -> None:
    mirror_agent(database_url, 10, AGENT.address)
    async with (
        Client(served[1], wallet(BUYER.private_key)) as buyer,
        Client(served[1], wallet(AGENT.private_key)) as agent,
    ):
        terms = make_terms(
            buyer=buyer.address,
            arbiter=ARBITER,
            content=(await buyer.upload(b"Sort those")).digest,
            budget=1_000_000,
            chain_time=(await buyer.clock()).chain_time,
        )
        task = await buyer.post_task(terms, title="Sort", capability="text.sort", payment="at_award")
        quote = await agent.bid(
            terms, 10, min_price=900_000, min_work_seconds=1, valid_until=terms.award_by, payee=agent.address
        )
        made = await buyer.counter_offer(terms, quote.bid_digest, 700_000, "It is little work.")
        assert (made.number, made.price, made.declined_at) == (1, 700_000, None)
        assert await agent.counter_offers(terms, quote.bid_digest) == [made]
        assert (await agent.decline_counter_offer(terms, quote.bid_digest)).declined_at is not None
        with pytest.raises(NotFound):
            await agent.decline_counter_offer(terms, quote.bid_digest)
        seen = await agent.announcements(subject=f"task:{task.task_id}")
        assert [each.topic for each in seen] == ["task.inviting", "bid.placed", "bid.countered", "bid.counter_declined"]
        assert await agent.announcements(seen[-1].position, subject=f"task:{task.task_id}") == []
