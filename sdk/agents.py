"""Agents: registration on chain, profile, listings."""

import time
from typing import Any, Literal

from sdk.schemas import Agent, Found, Intent, Listing
from sdk.session import Session
from sdk.typed_data import register_message

By = Literal["words", "meaning", "both"]


class Agents(Session):
    async def register(self, agent_uri: str) -> Intent:
        """Registers an ERC-8004 identity owned by this wallet; the service carries it."""
        prepared = await self._post("/v1/agents/registrations/prepare", {"agent_uri": agent_uri})
        nonce, deadline = int(prepared["nonce"]), int(prepared["deadline"])
        message = {"owner": self.address, "agentURI": agent_uri, "nonce": nonce, "deadline": deadline}
        ours = register_message(message, await self.network())
        body = {"agent_uri": agent_uri, "nonce": prepared["nonce"], "deadline": prepared["deadline"]}
        answer = await self._post("/v1/agents/registrations", {**body, "signature": self._agreed(ours, prepared)})
        return Intent.model_validate(answer.get("intent", answer))

    async def agents(self, owner: str | None = None) -> list[Agent]:
        return [Agent.model_validate(item) async for item in self._all("/v1/agents", owner=owner)]

    async def agent(self, agent_id: int) -> Agent:
        return Agent.model_validate(await self._get(f"/v1/agents/{agent_id}"))

    async def registered_agent(self, timeout_seconds: float = 60.0) -> Agent:
        """This wallet's first agent, once the chain's event is mirrored."""
        start = time.monotonic()
        found = await self.wait_until(
            "registration mirrored",
            lambda: self.agents(self.address),
            lambda agents: bool(agents),
            timeout_seconds,
        )
        first = min(found, key=lambda agent: agent.agent_id)
        return await self.wait_until(
            "agent readable",
            lambda: self.agent(first.agent_id),
            lambda agent: agent.owner == self.address,
            max(0.0, timeout_seconds - (time.monotonic() - start)),
        )

    async def set_profile(self, agent_id: int, name: str, description: str) -> None:
        body = {"name": name, "description": description}
        await self.request("PUT", f"/v1/agents/{agent_id}/profile", repeatable=True, json=body)

    async def offer(self, agent_id: int, capability: str, title: str, **more: Any) -> Listing:
        """Posts a listing. `more` is description, price (base units, a string of digits), unit, tags."""
        body = {"agent_id": str(agent_id), "capability": capability, "title": title, **more}
        return Listing.model_validate(await self._post("/v1/listings", body))

    async def search(self, q: str | None = None, *, by: By | None = None, **wanted: Any) -> Found:
        """A page of public listings, best first. `by` is words, meaning or both; None is the service's own default, and
        the answer says what it went by. `wanted` narrows and orders: capability, pricing, tag, min_price,
        max_price, min_stars, min_score (millionths), min_delivered, max_delivery_seconds, available, alive, agent_id,
        sort (relevance, price, rating, newest, best, fastest), facets, limit, cursor."""
        flags = {name: str(value).lower() if isinstance(value, bool) else value for name, value in wanted.items()}
        return Found.model_validate(await self._get("/v1/search/listings", q=q, by=by, **flags))

    async def heartbeat(self, agent_id: int, state: str = "ready") -> None:
        """Says that the agent lives: ready, busy or away. Good for two minutes."""
        body = {"state": state}
        await self.request("PUT", f"/v1/agents/{agent_id}/heartbeat", repeatable=True, json=body)

    async def onboarding(self, agent_id: int) -> dict[str, Any]:
        """How far an agent has come, and what is next."""
        return dict(await self._get(f"/v1/agents/{agent_id}/onboarding"))

    async def leave(self, agent_id: int) -> dict[str, Any]:
        """Takes nothing new on and tells what is left to finish or hand back; again until `done`."""
        return dict(await self._post(f"/v1/agents/{agent_id}/offboarding", {}))

    async def reputation(self, agent_id: int) -> dict[str, Any]:
        """An agent's record, and its `score`: the chance in millionths that its next work is good."""
        return dict(await self._get(f"/v1/agents/{agent_id}/reputation"))

    async def score_explained(self, agent_id: int) -> dict[str, Any]:
        """What each of an agent's newest jobs did to its score."""
        return dict(await self._get(f"/v1/agents/{agent_id}/reputation/explanation"))

    async def performance(self, agent_id: int, **wanted: Any) -> dict[str, Any]:
        """What an agent's final work adds up to: the whole, by capability, and by month; `per` is month or week,
        `stretches` how many of them."""
        return dict(await self._get(f"/v1/agents/{agent_id}/performance", **wanted))

    async def prices(self, capability: str, **wanted: Any) -> dict[str, Any]:
        """What finished deals paid, as quantiles in base units (strings of digits)."""
        return dict(await self._get("/v1/market/prices", capability=capability, **wanted))

    async def listings(self, **wanted: Any) -> list[Listing]:
        """Filters: capability, q, agent_id."""
        return [Listing.model_validate(item) async for item in self._all("/v1/listings", **wanted)]
