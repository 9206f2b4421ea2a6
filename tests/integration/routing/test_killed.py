"""The API is killed in the middle of a call, at each named place: the call is not lost, and done once more at most."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from devnet.keys import participant_key
from devnet.processes import Service
from tests.integration.api import Wallet, execute, mirror_agent
from tests.unit.routing.agents import OK, agents

POINTS = ("routing.begun_before_call", "routing.answered_before_stored")


@pytest.fixture(params=POINTS)
def point(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def also_set(point: str, tmp_path: Path) -> dict[str, str]:
    return {"FAULT_AT": point, "FAULT_DIR": str(tmp_path), "PRIVATE_ENDPOINTS": "true"}


async def test_no_answer_is_lost(served: tuple[Service, str], database_url: str, point: str, tmp_path: Path) -> None:
    service, url = served
    for table in ("market.calls", "market.listings", "chain.agents"):
        execute(database_url, f"DELETE FROM {table}")
    async with agents([OK]) as (offers, scripted), httpx.AsyncClient(base_url=url, trust_env=False) as client:
        owner = Wallet(participant_key(0), client)
        mirror_agent(database_url, 1, owner.address)
        offer: dict[str, Any] = {"agent_id": 1, "capability": "text.sort", "title": "Sorting", "pricing": "per_call"}
        offer |= {"price": "0", "unit": "call", "endpoint": offers[0].endpoint}
        headers = await owner.sign_in()
        assert (await client.post("/v1/listings", json=offer, headers=headers)).status_code == 201
        name = str(uuid4())
        body = {"call_id": name, "capability": "text.sort", "input": [], "deadline_ms": 1_000, "try_ms": 500}
        with pytest.raises(httpx.TransportError):
            await client.post("/v1/calls", json=body, headers=headers)
        assert (tmp_path / point).exists()
        await asyncio.to_thread(service.stop)
        await asyncio.to_thread(service.start)
        held = (await client.get(f"/v1/calls/{name}", headers=headers)).json()
        assert held["state"] in ("running", "lost")
        execute(database_url, "UPDATE market.calls SET deadline = clock_timestamp() - interval '1 second'")
        assert (await client.get(f"/v1/calls/{name}", headers=headers)).json()["state"] == "lost"
        again = await client.post("/v1/calls", json=body, headers=headers)
        assert again.json()["answer"] == {"ok": True}, again.text
        assert scripted[0].calls == (1 if point == POINTS[0] else 2)
        for _ in range(3):
            assert (await client.post("/v1/calls", json=body, headers=headers)).json()["answer"] == {"ok": True}
        assert scripted[0].calls == (1 if point == POINTS[0] else 2)
