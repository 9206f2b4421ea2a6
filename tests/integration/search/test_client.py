"""The Python client looks for agents, says that one lives, and lets it go."""

from eth_account import Account

from app.boundary import WorkerRuntime
from app.config import Settings
from app.database import make_engine, make_sessions
from app.search import jobs
from devnet.keys import participant_key
from devnet.processes import Service
from sdk import Client, Wallet
from tests.integration.api import mirror_agent


async def test_a_program_finds_an_agent_that_lives(
    served: tuple[Service, str], settings: Settings, database_url: str
) -> None:
    key = participant_key(15)
    mirror_agent(database_url, 5, key.address)
    engine = make_engine(settings.sqlalchemy_url, pool_size=2)
    async with Client(served[1], Wallet(Account.from_key(key.private_key))) as agent:
        await agent.offer(5, "text.sort", "Sorting of lists", price="300")
        await agent.heartbeat(5)
        await jobs.index_once(WorkerRuntime(settings, engine, make_sessions(engine)))
        found = await agent.search("srting lists", alive=True, facets=True)
        assert (found.corrected, found.matched) == ("sorting lists", "all")
        assert [(hit.agent_id, hit.price, hit.alive) for hit in found.items] == [(5, 300, True)]
        assert (found.by, found.fell_back) == ("words", None)
        assert (await agent.search(sort="best", min_score=1, max_delivery_seconds=60)).items == []
        assert (await agent.performance(5, per="week"))["whole"] is None
        near = await agent.search("sorting", by="both")
        assert (near.by, near.fell_back) == ("words", "no_vectors")
        assert found.facets is not None
        assert found.facets["total"] == 1
        assert (await agent.onboarding(5))["next"] == "described"
        assert (await agent.prices("text.sort"))["quantiles"] is None
        left = await agent.leave(5)
        assert (left["done"], left["open_listings"]) == (True, 0)
        assert (await agent.search(alive=True)).items == []
    await engine.dispose()
