"""The Python client lets a price move, and keeps it."""

from eth_account import Account

from devnet.keys import participant_key
from devnet.processes import Service
from sdk import Client, Wallet
from tests.integration.api import mirror_agent


async def test_a_program_prices_by_demand(served: tuple[Service, str], database_url: str) -> None:
    key = participant_key(14)
    mirror_agent(database_url, 6, key.address)
    async with Client(served[1], Wallet(Account.from_key(key.private_key))) as agent:
        listing = await agent.offer(6, "text.sort", "Sorting of lists", price="300")
        plan = await agent.price_by_demand(listing.id, 100, 500, target=4)
        assert (plan["price"], plan["target"], plan["end_reason"]) == ("300", 4, None)
        assert await agent.price_steps(listing.id) == []
        await agent.keep_price(listing.id)
        assert (await agent.pricing(listing.id))["end_reason"] == "opted_out"
