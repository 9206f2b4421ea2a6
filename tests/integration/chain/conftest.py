"""A chain client and the deployed contracts as the app sees them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.chain.deployment import Deployment, load
from app.chain.rpc import AsyncChain


@pytest.fixture
def contracts(deployment: object, deployment_file: Path) -> Deployment:
    return load(deployment_file)


@pytest.fixture
async def chain(rpc_url: str) -> AsyncIterator[AsyncChain]:
    async with AsyncChain([rpc_url], timeout_seconds=5) as client:
        yield client
