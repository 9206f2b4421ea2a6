"""A signed-in connection: the pinned network, sign-in (again when it ended), waiting with limits."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self, TypeVar

import httpx

from sdk.errors import IntentFailed, Problem, TermsDistrusted, Unauthorized, Unreachable, WaitTimedOut
from sdk.network import ChainClock, Network
from sdk.schemas import Intent, Page
from sdk.sign_in import sign_in_message
from sdk.terms import Terms, warnings_of
from sdk.transport import Patience, Transport
from sdk.typed_data import TypedData, refuse_difference
from sdk.wallet import Wallet

T = TypeVar("T")
PATIENT = Patience()


class Session:
    """`network` pins chain and contracts; without it the service's first answer is what later ones must equal.

    `accept_terms` lets it bid and work on terms that an agent should distrust. `transport` takes the place of one made
    for `url` and `patience`, and is closed with the session.
    """

    def __init__(
        self,
        url: str,
        wallet: Wallet,
        *,
        network: Network | None = None,
        patience: Patience = PATIENT,
        poll_seconds: float = 0.3,
        accept_terms: bool = False,
        transport: Transport | None = None,
    ) -> None:
        self.wallet = wallet
        self.address = wallet.address
        self.poll_seconds = poll_seconds
        self.accept_terms = accept_terms
        self._transport = transport or Transport(url, patience)
        self._given = network
        self._pinned: Network | None = None
        self._signing_in = asyncio.Lock()
        self._refresh_token: str | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.close()

    async def network(self) -> Network:
        """The pinned network; raises NetworkChanged when the service's is another."""
        if self._pinned is None:
            await self.clock()
        assert self._pinned is not None
        return self._pinned

    async def clock(self) -> ChainClock:
        """The chain's time now. Each call checks again that the network is the pinned one."""
        wire = (await self._transport.request("GET", "/v1/network", repeatable=True)).json()
        now = Network.from_wire(wire)
        expected = self._pinned or self._given or now
        expected.refuse_change(now)
        self._pinned = now
        return ChainClock(*(int(wire[name]) for name in ("chain_time", "block_number", "finalized_number")))

    async def refuse_distrusted(self, terms: Terms) -> None:
        """Raises TermsDistrusted before an agent binds itself to terms that favour the buyer unusually."""
        found = warnings_of(terms, (await self.network()).arbiters)
        if found and not self.accept_terms:
            raise TermsDistrusted(found)

    async def sign_in(self) -> None:
        """EIP-4361; replaces the session that there is. Nonces are single use."""
        network = await self.network()
        self._transport.token = None
        address = {"address": self.address}
        asked = await self._transport.request("POST", "/v1/auth/nonce", repeatable=True, json=address)
        challenge = asked.json()
        message = sign_in_message(
            challenge, address=self.address, origin=self._transport.origin, chain_id=network.chain_id
        )
        signature = self.wallet.sign_text(message)
        proof = {"message": message, "signature": signature, "client_token": challenge["client_token"]}
        answer = await self._transport.request("POST", "/v1/auth/sessions", repeatable=False, json=proof)
        self._hold(answer.json())

    async def sign_out(self) -> None:
        await self.request("DELETE", "/v1/auth/session", repeatable=True)
        self._transport.token = self._refresh_token = None

    async def request(self, method: str, path: str, *, repeatable: bool = False, **options: Any) -> httpx.Response:
        """Any route as this wallet: signs in first where there is no session, and once more where it ended."""
        used = await self._token()
        try:
            return await self._transport.request(method, path, repeatable=repeatable, **options)
        except Unauthorized:
            await self._token(instead_of=used)
            return await self._transport.request(method, path, repeatable=repeatable, **options)

    async def _token(self, instead_of: str | None = None) -> str | None:
        async with self._signing_in:
            if self._transport.token in (None, instead_of) and not await self._refreshed():
                await self.sign_in()
            return self._transport.token

    async def _refreshed(self) -> bool:
        """Whether the refresh token gave a new access token. It works once, so nothing here is tried again."""
        if self._refresh_token is None:
            return False
        body, self._refresh_token = {"refresh_token": self._refresh_token}, None
        self._transport.token = None
        try:
            answer = await self._transport.request("POST", "/v1/auth/refresh", repeatable=False, json=body)
        except (Problem, Unreachable):
            return False  # ended, or its answer was lost: signing in anew needs only the key
        self._hold(answer.json())
        return True

    def _hold(self, opened: dict[str, Any]) -> None:
        self._transport.token, self._refresh_token = opened["token"], opened["refresh_token"]

    async def _get(self, path: str, **params: Any) -> Any:
        wanted = {name: value for name, value in params.items() if value is not None}
        return (await self.request("GET", path, repeatable=True, params=wanted)).json()

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        """Repeatable: the service answers a repeat of the key as it answered the first, and does nothing twice."""
        key = {"Idempotency-Key": secrets.token_hex(16)}
        return (await self.request("POST", path, repeatable=True, json=body, headers=key)).json()

    def _agreed(self, ours: TypedData, prepared: dict[str, Any]) -> str:
        """The signature of our own message, once the service's is the same. Raises SignatureRefused."""
        refuse_difference(ours, prepared["typed_data"])
        return self.wallet.sign_typed(ours)

    async def _all(self, path: str, **params: Any) -> AsyncIterator[dict[str, Any]]:
        """Every item of a list, page by page until there is no next cursor."""
        cursor: str | None = None
        while True:
            page = Page.model_validate(await self._get(path, cursor=cursor, **params))
            for item in page.items:
                yield item
            cursor = page.next_cursor
            if cursor is None:
                return

    async def wait_until(
        self, what: str, look: Callable[[], Awaitable[T]], holds: Callable[[T], bool], timeout_seconds: float
    ) -> T:
        """Polls `look` until `holds`; raises WaitTimedOut, which carries what was seen last."""
        stop_at = time.monotonic() + timeout_seconds
        while True:
            seen = await look()
            if holds(seen):
                return seen
            if time.monotonic() > stop_at:
                raise WaitTimedOut(what, timeout_seconds, seen)
            await asyncio.sleep(self.poll_seconds)

    async def intent(self, intent_id: str) -> Intent:
        return Intent.model_validate(await self._get(f"/v1/intents/{intent_id}"))

    async def intents(self, task_id: str) -> list[Intent]:
        return [Intent.model_validate(item) async for item in self._all("/v1/intents", task_id=task_id)]

    async def wait_for_intent(self, intent: Intent, *, final: bool = False, timeout_seconds: float = 60.0) -> Intent:
        """Until it is mined, or with `final` in a finalized block. Raises IntentFailed or WaitTimedOut."""
        ends = {"final", "failed"} if final else {"mined", "final", "failed"}
        seen = await self.wait_until(
            f"{intent.verb} {'final' if final else 'mined'}",
            lambda: self.intent(intent.id),
            lambda now: now.state in ends,
            timeout_seconds,
        )
        if seen.state == "failed":
            raise IntentFailed(seen.id, seen.verb, seen.reason, seen.error)
        return seen
