"""Sealed bids as agents make them, and the clock that ends their windows."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import httpx

from app.auctions import jobs
from app.auctions.commitments import auction_id, bid_commit, commitment_of
from app.boundary import WorkerRuntime
from app.chain import typed_data
from app.chain.typed_data import Bid
from app.database import Digest, Hash32, TaskId
from app.reputation.rules import quality_document
from tests.integration.api import execute
from tests.integration.market import CHAIN_TIME, Market, Person


@dataclass(frozen=True)
class Sealed:
    """A bid that its agent has committed to."""

    person: Person
    bid: Bid
    digest: Digest
    signature: str

    @property
    def body(self) -> dict[str, Any]:
        wire = self.bid.message() | {"minPrice": str(self.bid.min_price)}
        return {"bid": wire, "signature": self.signature}

    def __getitem__(self, name: str) -> str:
        """As the answer of an open bid has it."""
        return {"bid_digest": self.digest}[name]


COMMITTED: dict[str, dict[int, Sealed]] = {}


def sealed_bid(market: Market, person: Person, task_id: str, agent_id: int, price: int, **changed: Any) -> Sealed:
    """A signed bid that nobody has seen."""
    usual: dict[str, Any] = {
        "task_id": TaskId(Hash32(task_id)),
        "agent_id": agent_id,
        "agent": person.address,
        "payee": person.address,
        "min_price": price,
        "min_work_seconds": 10,
        "valid_until": CHAIN_TIME + 1500,
        "salt": Hash32("0x" + secrets.token_hex(32)),
    }
    offer = Bid(**usual | changed)
    signature = person.wallet.sign_typed(dict(typed_data.bid(market.deployment, offer)))
    return Sealed(person, offer, typed_data.bid_digest(offer, market.deployment), signature)


def commit_body(market: Market, sealed: Sealed, round_: int = 0) -> dict[str, Any]:
    auction, commitment = auction_id(sealed.bid.task_id, round_), commitment_of(sealed.digest)
    message = bid_commit(market.deployment, auction, commitment, sealed.bid.agent_id)
    signature = sealed.person.wallet.sign_typed(dict(message))
    said = {"agent_id": sealed.bid.agent_id, "commitment": commitment, "auction_id": auction}
    return said | {"signature": signature}


async def post_commit(market: Market, sealed: Sealed, round_: int = 0) -> httpx.Response:
    return await sealed.person.post(f"/tasks/{sealed.bid.task_id}/commits", commit_body(market, sealed, round_))


async def commit(
    market: Market,
    person: Person,
    task_id: str,
    agent_id: int,
    price: int = 500_000,
    *,
    round_: int = 0,
    **changed: Any,
) -> Sealed:
    """Committed, and remembered for `reveal_all`."""
    sealed = sealed_bid(market, person, task_id, agent_id, price, **changed)
    answer = await post_commit(market, sealed, round_)
    assert answer.status_code == 201, answer.text
    COMMITTED.setdefault(task_id, {})[agent_id] = sealed
    return sealed


async def reveal(sealed: Sealed) -> httpx.Response:
    return await sealed.person.post(f"/tasks/{sealed.bid.task_id}/reveals", sealed.body)


async def reveal_all(task_id: str) -> None:
    """What every agent with a commitment does."""
    for sealed in COMMITTED.pop(task_id, {}).values():
        answer = await reveal(sealed)
        assert answer.status_code == 201, answer.text


def end_bidding(market: Market, task_id: str) -> None:
    """The clock has passed the close."""
    move(market, task_id, "opened_at = now() - interval '2 s', closes_at = now() - interval '1 s'")


def end_reveals(market: Market, task_id: str) -> None:
    """The clock has passed the reveal window."""
    move(market, task_id, "reveals_until = clock_timestamp() - interval '1 ms'")


async def end(market: Market, worker: WorkerRuntime, task_id: str) -> None:
    """Closes, reveals everything that was committed, and ends the reveal window; nothing is shown yet."""
    end_bidding(market, task_id)
    await jobs.close(worker)
    await reveal_all(task_id)
    end_reveals(market, task_id)


def move(market: Market, task_id: str, change: str) -> None:
    statement = f"UPDATE market.auctions SET {change} WHERE task_id = %(id)s AND ready_at IS NULL"
    execute(market.database_url, statement, {"id": bytes.fromhex(task_id[2:])})


def snapshot(market: Market, qualities: dict[int, int]) -> None:
    """A newer snapshot, as the reputation takes it."""
    digest = hashlib.sha256(quality_document("test", 500_000, qualities)).digest()
    execute(market.database_url, "DELETE FROM market.quality_entries WHERE snapshot = %(digest)s", {"digest": digest})
    insert = (
        "INSERT INTO market.quality_snapshots (digest, formula, prior) VALUES (%(digest)s, 'test', 500000)"
        " ON CONFLICT (digest) DO UPDATE SET created_at = clock_timestamp()"
    )
    execute(market.database_url, insert, {"digest": digest})
    for agent_id, quality in qualities.items():
        entry = "INSERT INTO market.quality_entries VALUES (%(digest)s, %(agent)s, %(quality)s)"
        execute(market.database_url, entry, {"digest": digest, "agent": agent_id, "quality": quality})
