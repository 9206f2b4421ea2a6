"""Offers of agents behind real HTTP, and a buyer who calls them."""

from typing import Any
from uuid import uuid4

import httpx

from tests.integration.api import Wallet, mirror_agent


class Shop:
    """Offers of agents of one owner, and a buyer who calls them."""

    def __init__(self, api: httpx.AsyncClient, owner: Wallet, buyer: Wallet, database_url: str) -> None:
        self.api, self.owner, self.buyer, self.database_url = api, owner, buyer, database_url

    async def list(self, agent_id: int, endpoint: str | None, **other: Any) -> None:
        mirror_agent(self.database_url, agent_id, self.owner.address)
        offer = {
            "agent_id": agent_id,
            "capability": "text.sort",
            "title": "Sorting",
            "pricing": "per_call",
            "price": "0",
            "unit": "call",
            "endpoint": endpoint,
        }
        posted = await self.api.post("/v1/listings", json=offer | other, headers=await self.owner.sign_in())
        assert posted.status_code == 201, posted.text

    async def call(self, **asked: Any) -> httpx.Response:
        body = {"call_id": str(uuid4()), "capability": "text.sort", "input": {"words": ["b"]}, "try_ms": 500} | asked
        return await self.api.post("/v1/calls", json=body, headers=await self.buyer.sign_in())

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.api.get(f"/v1{path}", params=params, headers=await self.buyer.sign_in())

    async def operated(self, client: httpx.AsyncClient) -> str:
        """What the service counted; from here on it is asked by `client`."""
        self.api = client
        self.buyer, self.owner = Wallet(self.buyer.key, client), Wallet(self.owner.key, client)
        answer = await self.get("/operations/metrics")
        assert answer.status_code == 200, answer.text
        return answer.text


def kind(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]
