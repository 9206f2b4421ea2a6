"""The verbs that move money: prepare, rebuild the message here, compare, sign ours, hand it over to be carried."""

from collections.abc import Sequence
from typing import Any

from sdk.intents import (
    Build,
    authorization,
    intent,
    permit,
    permit2,
    refuse_standing_order,
    revocation,
)
from sdk.schemas import Carried, Intent
from sdk.session import Session
from sdk.terms import ZERO_HASH, Terms
from sdk.typed_data import TypedData, batch_message, refuse_difference, task_id

AUTHORIZATION_SECONDS = 3600


class Escrows(Session):
    """One method per verb, named as in the contract. Each raises Problem or SignatureRefused."""

    async def fund(self, terms: Terms, method: str = "authorization") -> Intent:
        """Pays the whole budget in.

        `method`: authorization (EIP-3009), permit (EIP-2612), approve (needs an allowance for the escrow) or permit2
        (needs one for Permit2).
        """
        params: dict[str, Any] = {"method": method}
        match method:
            case "authorization":
                bounds = await self._validity()
                return await self._carry("fund", terms, params | bounds, authorization(**bounds))
            case "permit":
                return await self._carry("fund", terms, params, intent("Fund", "deadline"), permit())
            case "permit2":
                return await self._carry("fund", terms, params, permit2())
            case _:
                return await self._carry("fund", terms, params, intent("Fund", "deadline"))

    async def fund_batch(self, plan: Sequence[Terms]) -> Intent:
        """Pays 1 to 32 posted tasks of this wallet by one signature, all or none: the milestones of a plan."""
        network, bounds = await self.network(), await self._validity()
        asked = {"task_ids": [task_id(terms, network) for terms in plan], **bounds}
        prepared = await self._post("/v1/tasks/fund-batch/prepare", asked)
        ours = batch_message(plan, bounds["valid_after"], bounds["valid_before"], network)
        body = {**asked, "signature": self._agreed(ours, prepared)}
        return carried(Carried.model_validate(await self._post("/v1/tasks/fund-batch", body)))

    async def award_and_fund(self, terms: Terms, bid_digest: str, price: int) -> Intent:
        """Chooses a bid on a task that was posted with `payment="at_award"`, and pays in the same transaction."""
        bounds = await self._validity()
        params = {"bid_digest": bid_digest, "price": str(price), **bounds}
        build = intent("Award", "deadline", bidDigest=bid_digest, price=price, transcript=ZERO_HASH)
        return await self._carry("award-and-fund", terms, params, build, authorization(**bounds))

    async def award(self, terms: Terms, bid_digest: str, price: int) -> Intent:
        """By the buyer as awarder. `price` in base units, from the bid's minimum to the budget."""
        build = intent("Award", "deadline", bidDigest=bid_digest, price=price, transcript=ZERO_HASH)
        return await self._carry("award", terms, {"bid_digest": bid_digest, "price": str(price)}, build)

    async def revoke_bid(self, terms: Terms, bid_digest: str) -> Intent:
        """The agent takes a bid back at the escrow itself, for ever; also after the close."""
        return await self._carry(f"bids/{bid_digest}/revoke", terms, {}, revocation(bid_digest))

    async def veto(self, terms: Terms) -> Intent:
        """Full refund to the buyer within the veto window of an award made by somebody else."""
        return await self._carry("veto", terms, {}, intent("Veto", "deadline"))

    async def submit(self, terms: Terms, agent_id: int, deliverable: str) -> Intent:
        """Hands in the digest of uploaded content. A direct hire is accepted by it: raises TermsDistrusted."""
        if terms.is_direct_hire:
            await self.refuse_distrusted(terms)
        build = intent("Submit", "since", "deadline", agentId=agent_id, deliverable=deliverable)
        return await self._carry("submit", terms, {"agent_id": agent_id, "deliverable": deliverable}, build)

    async def release(self, terms: Terms, amount: int) -> Intent:
        """Pays the agent `amount` base units of what remains."""
        build = intent("Release", "remaining", "deadline", amount=amount)
        return await self._carry("release", terms, {"amount": str(amount)}, build)

    async def claim(self, terms: Terms) -> Intent:
        """The agent takes what remains, strictly after the review window."""
        return await self._carry("claim", terms, {}, intent("Claim", "remaining", "deadline"))

    async def cancel(self, terms: Terms) -> Intent:
        """Refunds the buyer: by the agent at any time, by the buyer while nobody is committed."""
        return await self._carry("cancel", terms, {}, intent("Cancel", "remaining", "deadline"))

    async def cancel_together(self, terms: Terms) -> Intent | None:
        """None while the other party has not agreed yet."""
        return (await self._sign("cancel-together", terms, {}, intent("Cancel", "remaining", "deadline"))).intent

    async def dispute(self, terms: Terms, evidence: str) -> Intent:
        """Once, while submitted, with the digest of uploaded evidence."""
        build = intent("Dispute", "deadline", evidence=evidence)
        return await self._carry("dispute", terms, {"evidence": evidence}, build)

    async def settle(self, terms: Terms, to_agent: int) -> Intent | None:
        """`to_agent` base units of what remains, the rest to the buyer; None until both offered the same."""
        build = intent("Settle", "remaining", "deadline", toAgent=to_agent)
        return (await self._sign("settle", terms, {"to_agent": str(to_agent)}, build)).intent

    async def rule(self, terms: Terms, share_bps: int, reasons: str) -> Intent:
        """The arbiter's split: the agent's share in basis points, with the digest of the reasons."""
        build = intent("Rule", "remaining", "deadline", shareBps=share_bps, reasons=reasons)
        return await self._carry("rule", terms, {"share_bps": share_bps, "reasons": reasons}, build)

    async def reclaim(self, terms: Terms) -> Intent:
        """After awardBy without award or deliverBy without submission; the buyer is paid, whoever asks."""
        return await self._ask(f"/v1/tasks/{await self._id(terms)}/reclaim")

    async def rule_by_default(self, terms: Terms) -> Intent:
        """After the arbiter's window, defaultShareBps applies, whoever asks."""
        return await self._ask(f"/v1/tasks/{await self._id(terms)}/rule-by-default")

    async def withdraw(self, owner: str) -> Intent:
        """Sends what is owed to its owner, whoever asks."""
        return await self._ask(f"/v1/owed/{owner}/withdraw")

    async def _validity(self) -> dict[str, int]:
        """From now on, for an hour."""
        return {"valid_after": 0, "valid_before": (await self.clock()).chain_time + AUTHORIZATION_SECONDS}

    async def _carry(
        self, verb: str, terms: Terms, params: dict[str, Any], build: Build, pay: Build | None = None
    ) -> Intent:
        return carried(await self._sign(verb, terms, params, build, pay))

    async def _sign(
        self, verb: str, terms: Terms, params: dict[str, Any], build: Build, pay: Build | None = None
    ) -> Carried:
        path = f"/v1/tasks/{await self._id(terms)}/{verb}"
        prepared = await self._post(f"{path}/prepare", params)
        body = {**prepared["params"], "signature": await self._signed(terms, build, prepared["typed_data"])}
        if pay is not None:
            body["payment_signature"] = await self._signed(terms, pay, prepared["payment"])
        if prepared.get("deadline") is not None:
            body["deadline"] = prepared["deadline"]
        return Carried.model_validate(await self._post(path, body))

    async def _signed(self, terms: Terms, build: Build, prepared: TypedData) -> str:
        """Our own message, once the service's is the same."""
        ours = build(terms, prepared, await self.network())
        refuse_difference(ours, prepared)
        refuse_standing_order(ours, (await self.clock()).chain_time)
        return self.wallet.sign_typed(ours)

    async def _ask(self, path: str) -> Intent:
        return carried(Carried.model_validate(await self._post(path, {})))

    async def _id(self, terms: Terms) -> str:
        return task_id(terms, await self.network())


def carried(answer: Carried) -> Intent:
    if answer.intent is None:
        raise ValueError("the service took a one-party verb without carrying it")
    return answer.intent
