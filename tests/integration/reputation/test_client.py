"""Both parties through the Python client: sign, post, read, answer; and what a client will not sign."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from eth_account import Account

from app.chain import typed_data
from app.config import Settings
from app.escrow.rules import State
from devnet.keys import participant_key
from devnet.processes import Service
from sdk import Client, Terms, make_terms
from sdk import Wallet as OwnWallet
from sdk.errors import Conflict, NotFound
from tests.integration.api import execute
from tests.integration.market import CHAIN_TIME, Market, open_market

CAPABILITY = "text.sort"


@pytest.fixture
async def market(served: tuple[Service, str], settings: Settings, database_url: str) -> AsyncIterator[Market]:
    """The people of the served application."""
    async with httpx.AsyncClient(base_url=served[1]) as client:
        found = await open_market(client, settings, database_url)
        found.clock()
        yield found


def client_of(url: str, number: int) -> Client:
    return Client(url, OwnWallet(Account.from_key(participant_key(number).private_key)), accept_terms=True)


async def ended(market: Market, buyer: Client) -> Terms:
    """A task that the agent was paid for, for good."""
    content = await buyer.upload(b"Sort these")
    terms = make_terms(
        buyer=buyer.address,
        agent=market.agent.address,
        arbiter=market.arbiter.address,
        content=content.digest,
        budget=1_000_000,
        chain_time=CHAIN_TIME,
    )
    await buyer.post_task(terms, title="Sorting", capability=CAPABILITY)
    paid: dict[str, Any] = {"paid": 1_000_000, "remaining": 0, "price": 1_000_000, "refunded": 0}
    market.mirror(typed_data.Terms(**vars(terms)), **market.awarded(State.RELEASED, **paid))
    return terms


async def test_both_review_and_answer(market: Market, served: tuple[Service, str]) -> None:
    async with client_of(served[1], 0) as buyer, client_of(served[1], 1) as agent:
        terms = await ended(market, buyer)
        first = await buyer.rate(terms, 1, 1, "in a hurry", CAPABILITY)
        assert (first.state, first.intent) == ("sealed", None)
        await buyer.rate(terms, 1, 5, "sorted well", CAPABILITY)
        assert (await buyer.reviews_of_task(terms)).yours_is_sealed
        assert (await agent.reviews_of_task(terms)).items == []
        done = await agent.review_buyer(terms, 1, 4, "paid at once")
        assert (done.state, done.intent) == ("published", None)
        seen = (await agent.reviews_of_task(terms)).items
        assert [(each.side, each.stars, each.comment) for each in seen] == [
            ("buyer", 5, "sorted well"),
            ("agent", 4, "paid at once"),
        ]
        assert (await agent.reply(terms, seen[0], "any time")).reply == "any time"
        assert (await buyer.reply(terms, seen[1], "likewise")).author == buyer.address
        of_agent, of_buyer = await buyer.reviews_of_agent(1), await agent.reviews_of_buyer(buyer.address)
        assert (of_agent.tally.mean_hundredths, of_buyer.tally.by_stars[4]) == (500, 1)
        assert [each.reply and each.reply.reply for each in of_agent.items] == ["any time"]
        assert (await buyer.agent(1)).mean_hundredths == 500
        record = await agent.buyer(buyer.address)
        assert (record.ended, record.paid, record.parted_bps, record.tally.reviews) == (1, 1, 0, 1)
        with pytest.raises(Conflict):
            await buyer.rate(terms, 1, 1, "on second thoughts", CAPABILITY)
        with pytest.raises(Conflict):
            await agent.reply(terms, seen[0], "and another thing")


async def test_nothing_of_a_sealed_review_is_kept_for_repeats(market: Market, served: tuple[Service, str]) -> None:
    async with client_of(served[1], 0) as buyer:
        terms = await ended(market, buyer)
        await buyer.rate(terms, 1, 3, "sorted", CAPABILITY)
    kept = [bytes(row[0]).decode() for row in execute(market.database_url, "SELECT body FROM market.answers")]
    assert any('"state":"sealed"' in answer for answer in kept)
    assert not any("TaskFeedback" in answer for answer in kept)


async def test_a_stranger_reads_and_does_not_speak(market: Market, served: tuple[Service, str]) -> None:
    async with client_of(served[1], 0) as buyer, client_of(served[1], 3) as stranger:
        terms = await ended(market, buyer)
        assert (await stranger.reviews_of_task(terms)).items == []
        with pytest.raises(NotFound):
            await stranger.reviews_of_agent(99)
