"""Calls: who does one now, and having it done."""

from typing import Any
from uuid import uuid4

from sdk.channels import Channels
from sdk.vouchers import Channel, channel_id


class Calls(Channels):
    async def route(self, capability: str, **wanted: Any) -> dict[str, Any]:
        """Who does a call now, where, and why. Filters: max_price, min_quality (millionths), max_latency_ms, keeps_to,
        region; prefer: speed, balanced or cost."""
        answer = await self.request("POST", "/v1/routes", repeatable=True, json={"capability": capability} | wanted)
        return dict(answer.json())

    async def call(
        self,
        capability: str,
        input: Any,
        *,
        call_id: str | None = None,
        pay_from: Channel | None = None,
        max_price: int = 0,
        **wanted: Any,
    ) -> Any:
        """An agent's valid answer; a lost connection asks for the same call again.

        Without `pay_from` only agents that ask nothing are called; with it the answer is paid from that channel, once,
        up to `max_price` base units. `call_id` names the call: keep one to be able to ask again later. Beside route's
        filters: deadline_ms, try_ms, hedge, priority. Raises Problem where no agent gave a valid answer.
        """
        named = call_id or str(uuid4())
        body = {"call_id": named, "capability": capability, "input": input, "max_price": str(max_price)} | wanted
        if pay_from is not None:
            body |= {"channel_id": channel_id(pay_from, await self.network())}
        done = (await self.request("POST", "/v1/calls", repeatable=True, json=body)).json()
        if done["state"] == "held" and pay_from is not None:
            return await self.pay_call(named, pay_from, most=max_price)
        return done["answer"]
