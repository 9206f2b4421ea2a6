"""One whole network for the journeys, with an agent registered and a buyer who has money."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from devnet import stack
from devnet.stack import Stack
from tests.journeys.market import Market, prepare


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory, run_env: dict[str, str]) -> Iterator[Stack]:
    with stack.start(tmp_path_factory.mktemp("network"), env=run_env) as running:
        asyncio.run(prepare(running))
        yield running


@pytest.fixture
async def market(network: Stack) -> AsyncIterator[Market]:
    async with Market(network) as opened:
        yield opened
