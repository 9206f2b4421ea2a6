"""A market on the application, over a mirror that the test writes: people, terms, and what the chain would show."""

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

import httpx

from app.chain import typed_data
from app.chain.deployment import Deployment, load
from app.chain.typed_data import ZERO_ADDRESS, ZERO_HASH, Terms
from app.config import Settings
from app.database import Address, Hash32, TaskId
from app.escrow.rules import State
from devnet.keys import DevelopmentKey, Role, participant_key, role_key
from tests.integration.api import Wallet, execute, mirror_agent, mirror_clock

CHAIN_TIME = 1_800_000_000
BLOCK, FINALIZED = 100, 92
BUDGET = 1_000_000


@dataclass
class Person:
    """A wallet that is signed in."""

    wallet: Wallet
    headers: dict[str, str]

    @property
    def address(self) -> Address:
        return Address(self.wallet.address)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.wallet.client.get(f"/v1{path}", params=params or None, headers=self.headers)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self.wallet.client.post(f"/v1{path}", json=body or {}, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.wallet.client.delete(f"/v1{path}", headers=self.headers)

    async def upload(self, body: bytes) -> str:
        headers = self.headers | {"Content-Type": "text/plain"}
        answer = await self.wallet.client.post("/v1/content", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["digest"])

    async def reads(self, digest: str) -> bool:
        return (await self.get(f"/content/{digest}")).status_code == 200

    async def prepare(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """A prepared verb. Fails the test on a refusal."""
        answer = await self.post(f"{path}/prepare", params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def signed(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The body of a signed request."""
        prepared = await self.prepare(path, params)
        body = {**prepared["params"], "signature": self.wallet.sign_typed(prepared["typed_data"])}
        if prepared["deadline"] is not None:
            body["deadline"] = prepared["deadline"]
        if prepared.get("payment") is not None:
            body["payment_signature"] = self.wallet.sign_typed(prepared["payment"])
        return body

    async def carry(self, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Prepares, signs and sends a verb; its answer."""
        answer = await self.post(path, await self.signed(path, params))
        assert answer.status_code == 202, answer.text
        return dict(answer.json())


@dataclass
class Market:
    """Buyer, two agents (ids 1 and 2), arbiter and a stranger, with a database that only this test writes to."""

    settings: Settings
    database_url: str
    deployment: Deployment
    buyer: Person
    agent: Person
    rival: Person
    arbiter: Person
    stranger: Person

    @property
    def auctioneer(self) -> Address:
        return Address(role_key(Role.AUCTIONEER).address)

    async def terms(self, **changed: Any) -> Terms:
        """Terms of an auctioned task over a fresh content of the buyer's."""
        content = await self.buyer.upload(b"work " + secrets.token_bytes(8).hex().encode())
        usual = Terms(
            buyer=self.buyer.address,
            agent=ZERO_ADDRESS,
            awarder=self.auctioneer,
            arbiter=self.arbiter.address,
            parent=ZERO_HASH,
            content=Hash32(content),
            salt=Hash32("0x" + secrets.token_hex(32)),
            budget=BUDGET,
            child_cap=0,
            award_by=CHAIN_TIME + 1000,
            deliver_by=CHAIN_TIME + 2000,
            review_seconds=60,
            veto_seconds=0,
            arbiter_seconds=60,
            default_share_bps=5000,
        )
        return replace(usual, **changed)

    async def direct(self, **changed: Any) -> Terms:
        """Terms that hire the agent directly."""
        return await self.terms(agent=self.agent.address, awarder=ZERO_ADDRESS, award_by=0, **changed)

    def task_id(self, terms: Terms) -> TaskId:
        return typed_data.task_id(terms, self.deployment)

    async def post(self, terms: Terms, *, seconds: int | None = None, **about: Any) -> TaskId:
        """Posts a draft, with an auction of `seconds` where given."""
        answer = await self.buyer.post("/tasks", posting(terms, seconds) | about)
        assert answer.status_code == 201, answer.text
        assert answer.json()["task_id"] == self.task_id(terms)
        return self.task_id(terms)

    async def posted(self, terms: Terms, *, plan: dict[str, Any] | None = None, **escrow: Any) -> TaskId:
        """Posts a task and writes its escrow; `plan` changes its auction."""
        usual = {"kind": "sealed_second_score", "duration_seconds": 300, "reveal_seconds": 60}
        auction = (plan or usual) if terms.awarder == self.auctioneer else None
        task_id = await self.post(terms, auction=auction)
        self.mirror(terms, **escrow)
        return task_id

    def mirror(self, terms: Terms, **changed: Any) -> None:
        """Writes a task's escrow as the indexer would: funded and final, except for what is `changed`."""
        direct = terms.agent != ZERO_ADDRESS
        row = vars(terms) | {
            "terms_agent": terms.agent,
            "agent": terms.agent if direct else None,
            "payee": terms.agent if direct else None,
            "task_id": self.task_id(terms),
            "chain_id": 31337,
            "escrow": self.deployment.escrow,
            "state": State.FUNDED,
            "remaining": terms.budget,
            "since": CHAIN_TIME - 10,
            "paid": 0,
            "fees": 0,
            "refunded": 0,
            "funded_block": FINALIZED,
            "funded_tx": "0x" + "1" * 64,
            "last_block": FINALIZED,
            "last_log_index": 0,
            "last_tx": "0x" + "1" * 64,
            "last_timestamp": CHAIN_TIME - 10,
        }
        values = {name: packed(value) for name, value in (row | changed).items()}
        names = ", ".join(values)
        places = ", ".join(f"%({name})s" for name in values)
        execute(self.database_url, "DELETE FROM chain.escrows WHERE task_id = %(task_id)s", values)
        execute(self.database_url, f"INSERT INTO chain.escrows ({names}) VALUES ({places})", values)

    def awarded(self, state: State, **changed: Any) -> dict[str, Any]:
        """What an award of the first agent at half the budget leaves in an escrow."""
        parties = {"agent": self.agent.address, "payee": self.agent.address, "agent_id": 1}
        money = {"price": BUDGET // 2, "remaining": BUDGET // 2, "refunded": BUDGET // 2}
        return {"state": state} | parties | money | changed

    def event(
        self, name: str, args: dict[str, Any], *, task_id: str | None, block: int, owner: str | None = None
    ) -> None:
        """Writes one escrow event."""
        values = {
            "block": block,
            "task_id": packed(task_id),
            "name": name,
            "args": json.dumps(args),
            "owner": packed(owner),
        }
        execute(
            self.database_url,
            """
            INSERT INTO chain.escrow_events
                (block_number, log_index, tx_hash, block_timestamp, name, args, task_id, owner)
            VALUES
                (%(block)s, 0, decode(repeat('22', 32), 'hex'), 1800000000, %(name)s, %(args)s, %(task_id)s, %(owner)s)
            """,
            values,
        )

    def clock(self, time: int = CHAIN_TIME, *, finalized: int = FINALIZED) -> None:
        """Moves chain time."""
        mirror_clock(self.database_url, block=BLOCK, timestamp=time, finalized=finalized)

    def intents(self, verb: str) -> list[tuple[Any, ...]]:
        return execute(
            self.database_url, "SELECT id, key, state FROM market.intents WHERE verb = %(verb)s", {"verb": verb}
        )

    def fail_intents(self, verb: str, error: str, **args: str) -> None:
        """Ends a verb's intents as the relayer does when the contract refuses."""
        execute(
            self.database_url,
            "UPDATE market.intents SET state = 'failed', reason = 'simulation_reverted', error = %(error)s "
            "WHERE verb = %(verb)s AND state = 'queued'",
            {"verb": verb, "error": json.dumps({"name": error, "args": args})},
        )


def posting(terms: Terms, seconds: int | None = None) -> dict[str, Any]:
    """The body that posts a task."""
    wire = terms.message() | {"budget": str(terms.budget), "childCap": str(terms.child_cap)}
    plan = {"kind": "sealed_second_score", "duration_seconds": seconds, "reveal_seconds": 60}
    auction = None if seconds is None else plan
    return {"terms": wire, "title": "Sorting", "capability": "text.sort", "visibility": "public", "auction": auction}


def packed(value: Any) -> Any:
    """Hex as bytes, as the mirror stores it."""
    return bytes.fromhex(value[2:]) if isinstance(value, str) and value[:2] == "0x" else value


async def open_market(client: httpx.AsyncClient, settings: Settings, database_url: str) -> Market:
    """Signs everybody in and registers the agents."""

    async def person(key: DevelopmentKey) -> Person:
        wallet = Wallet(key, client)
        return Person(wallet, await wallet.sign_in())

    execute(database_url, "DELETE FROM chain.agents")
    people = [await person(participant_key(number)) for number in range(4)]
    for agent_id, agent in ((1, people[1]), (2, people[2])):
        mirror_agent(database_url, agent_id, agent.address)
    arbiter = await person(role_key(Role.ARBITER))
    buyer, agent, rival, stranger = people
    place = load(settings.deployment_file)
    return Market(settings, database_url, place, buyer, agent, rival, arbiter, stranger)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and the last part of the problem's type."""
    return answer.status_code, str(answer.json()["type"]).rpartition(":")[2]
