"""`fresh`: nobody has said anything yet. `worker`: what jobs run with."""

from collections.abc import AsyncIterator

import pytest

from app.boundary import WorkerRuntime
from tests.integration.api import execute, working
from tests.integration.market import Market

TABLES = ("chain.feedback", "chain.escrows", "market.reviews", "market.sealed_reviews", "market.review_windows")


@pytest.fixture
def fresh(market: Market) -> None:
    for table in TABLES:
        execute(market.database_url, f"DELETE FROM {table}")
    execute(market.database_url, "DELETE FROM market.reaction_cursors WHERE name LIKE 'reviews.%'")


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    async with working(market.settings) as runtime:
        yield runtime
