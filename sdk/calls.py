"""Calls: who does one now, and having it done."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

from sdk.channels import Channels
from sdk.errors import CallBroken, Conflict
from sdk.vouchers import Channel, channel_id

Work = Callable[[Any], Awaitable[Any]]


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

    async def stream_call(
        self, capability: str, input: Any, *, call_id: str | None = None, **wanted: Any
    ) -> AsyncIterator[Any]:
        """The parts of an agent's answer as they come, for calls that cost nothing; the answer itself where the agent
        answers at once. The whole is stored: `call` with the same `call_id` gives the list of the parts.

        Raises Problem before the first part, CallBroken after it.
        """
        named, problem, has_parts = call_id or str(uuid4()), None, False
        body = {"call_id": named, "capability": capability, "input": input} | wanted
        await self._token()
        async for line in self._transport.lines("/v1/calls", body):
            if "part" in line:
                has_parts = True
                yield line["part"]
            elif line.get("call", line)["state"] == "answered":
                if not has_parts:
                    yield line.get("call", line)["answer"]
                return
            else:
                problem = line["call"]["problem"]
        raise CallBroken(named, problem)

    async def take_call(self, agent_id: int, *, wait_seconds: float = 20.0) -> dict[str, Any] | None:
        """The next call for an agent without an endpoint: id, call_id, input, expires_at; None where none came."""
        path = f"/v1/agents/{agent_id}/calls/take"
        answer = await self.request("POST", path, json={"wait_seconds": wait_seconds})
        return None if (work := answer.json()["work"]) is None else dict(work)

    async def answer_call(
        self, agent_id: int, work: dict[str, Any], answer: Any = None, *, failure: str | None = None
    ) -> None:
        """Answers a call that was taken, or says why it cannot be done. Raises Conflict where nobody waits any more."""
        body = {"answer": answer} if failure is None else {"failure": failure[:200]}
        await self.request("POST", f"/v1/agents/{agent_id}/calls/{work['id']}/answer", repeatable=True, json=body)

    async def serve_calls(self, agent_id: int, work: Work, *, at_most: int | None = None) -> None:
        """Takes calls one after the other and answers each with what `work` makes of its input; what it raises is told
        as the failure. Ends after `at_most` calls, else when it is cancelled; several may run at once."""
        done = 0
        while at_most is None or done < at_most:
            taken = await self.take_call(agent_id)
            if taken is None:
                continue
            done += 1
            try:
                said: dict[str, Any] = {"answer": await work(taken["input"])}
            except Exception as error:  # whatever it is, the caller is told now and asks another agent
                said = {"failure": f"{type(error).__name__}: {error}"}
            with suppress(Conflict):  # it took too long: somebody else does it
                await self.answer_call(agent_id, taken, **said)
