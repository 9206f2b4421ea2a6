"""One run of bench.auctions_load, in a process of its own: `python -m bench.auctions_run AUCTIONS BIDDERS`."""

import asyncio
import hashlib
import json
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import psycopg
import uvloop
from sqlalchemy import select, text

from app.auctions import commits, jobs
from app.auctions.awarding import auctioneer_key
from app.auctions.commit_rows import Commit
from app.auctions.commitments import auction_id, bid_commit_digest, commitment_of, tie_of
from app.auctions.commits import commit_all
from app.auctions.models import BidCommit, PlacedBid
from app.auctions.rules import AuctionKind, Candidate, clear
from app.auctions.sealing import Seal
from app.boundary import WorkerRuntime, transaction
from app.chain import signatures, typed_data
from app.chain.deployment import Deployment, load
from app.chain.rpc import AsyncChain
from app.chain.typed_data import ZERO_ADDRESS, ZERO_HASH, Bid, Terms, TokenDomain
from app.config import read_settings
from app.database import Address, Hash32, TaskId, make_engine, make_sessions
from app.signing.signer import LocalSigner
from app.tasks.models import Auction
from app.tasks.signing import Desk
from devnet.keys import Role, role_key

AUCTIONEER = Address(role_key(Role.AUCTIONEER).address)
AT_ONCE = 16
BATCH = 100
RATED = 2_000
BUDGET = 1_000_000
TIME = 1_800_000_000
VALUE, PRIOR = 2 * BUDGET, 500_000


@dataclass(frozen=True)
class Bidder:
    """An agent with a key of its own."""

    agent_id: int
    signer: LocalSigner

    def sign(self, digest: str) -> bytes:
        signature = self.signer.signature(bytes.fromhex(digest[2:]))
        return signature[:64] + bytes([signature[64] + 27])


@dataclass(frozen=True)
class Bench:
    """Where it all happens."""

    runtime: WorkerRuntime
    chain: AsyncChain
    deployment: Deployment

    def desk(self, session: Any, account: Address) -> Desk:
        return Desk(session, account, self.deployment, self.chain, TokenDomain("USDC", "2"), AUCTIONEER, None, 100)

    async def commit(self, account: Address, batch: Sequence[Commit]) -> None:
        """One request's transaction."""
        async with transaction(self.runtime.sessions) as session:
            faults = await commit_all(self.desk(session, account), batch)
        if any(faults):
            raise RuntimeError(str(faults))


async def main(auctions: int, bidders: int) -> dict[str, float]:
    """Rates a second."""
    settings = read_settings()
    deployment = load(settings.deployment_file)
    engine = make_engine(settings.sqlalchemy_url, pool_size=20)
    crowd = [Bidder(number, LocalSigner(os.urandom(32))) for number in range(1, bidders + 1)]
    async with AsyncChain(settings.rpc_urls) as chain:
        bench = Bench(WorkerRuntime(settings, engine, make_sessions(engine)), chain, deployment)
        fleet = Bidder(bidders + 1, LocalSigner(os.urandom(32)))
        rated = await posted(bench, 2 * RATED // 10, [*crowd, fleet])
        figures = await rates(bench, rated, fleet)
        figures |= await everybody_at_once(bench, await posted(bench, auctions, []), crowd)
    await engine.dispose()
    return figures


async def posted(bench: Bench, count: int, agents: Sequence[Bidder]) -> list[TaskId]:
    """Funded tasks with open sealed auctions, as posting and mirroring leave them."""
    terms = [terms_of() for _ in range(count)]
    ids = [typed_data.task_id(each, bench.deployment) for each in terms]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(CURSOR)
        with connection.cursor() as cursor:
            cursor.executemany(AGENT, [(each.agent_id, raw(each.signer.address)) for each in agents])
            rows = [row_of(each, task_id, bench.deployment) for each, task_id in zip(terms, ids, strict=True)]
            cursor.executemany(TASK, rows)
            cursor.executemany(ESCROW, rows)
            cursor.executemany(AUCTION, [(raw(task_id),) for task_id in ids])
    await jobs.catch_up_once(bench.runtime)
    while await unopened(bench):
        await jobs.catch_up_once(bench.runtime)
    return ids


async def unopened(bench: Bench) -> bool:
    async with transaction(bench.runtime.sessions) as session:
        return (
            await session.execute(select(Auction.task_id).where(Auction.opened_at.is_(None)).limit(1))
        ).first() is not None


async def rates(bench: Bench, tasks: Sequence[TaskId], fleet: Bidder) -> dict[str, float]:
    """Of one agent that commits to many tasks: the floor, one by one, and in batches."""
    made = [commit_of(bench, task_id, fleet, 1 + n)[0] for n, task_id in enumerate(tasks)]
    many = [made[place % len(made)] for place in range(RATED)]
    account = fleet.signer.address
    floor = await timed(RATED, [floor_of(bench, account, each) for each in many])
    singly = await timed(RATED, [partial(bench.commit, account, [each]) for each in many])
    batches = [many[place : place + BATCH] for place in range(0, RATED, BATCH)]
    together = await timed(RATED, [partial(bench.commit, account, batch) for batch in batches])
    return {"floor": floor, "singly": singly, "in_batches": together}


def floor_of(bench: Bench, account: Address, each: Commit) -> Callable[[], Awaitable[None]]:
    """Recovering the signer and inserting a row, in a transaction of its own."""

    async def act() -> None:
        signed = bid_commit_digest(bench.deployment, each.auction_id, each.commitment, each.agent_id)
        await signatures.verify_digest(bench.chain, signed, each.signature, account)
        async with transaction(bench.runtime.sessions) as session:
            values = {"id": secrets.token_bytes(32), "s": each.signature}
            await session.execute(text("INSERT INTO market.bench_floor VALUES (:id, :s)"), values)

    return act


async def timed(count: int, acts: Sequence[Callable[[], Awaitable[None]]]) -> float:
    """How many a second, sixteen at once."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(act: Callable[[], Awaitable[None]]) -> None:
        async with turn:
            await act()

    began = time.monotonic()
    await asyncio.gather(*(one(act) for act in acts))
    return count / (time.monotonic() - began)


async def everybody_at_once(bench: Bench, tasks: Sequence[TaskId], crowd: Sequence[Bidder]) -> dict[str, float]:
    """Every bidder on every auction, in batches of a hundred; closed, revealed, shown and awarded."""
    random = Random(5)  # noqa: S311  # prices of a trial
    made = {
        bidder.agent_id: [commit_of(bench, task_id, bidder, random.randint(1, BUDGET)) for task_id in tasks]
        for bidder in crowd
    }
    acts: list[Callable[[], Awaitable[None]]] = []
    for place in range(0, len(tasks), BATCH):
        for bidder in crowd:
            batch = [commit for commit, _ in made[bidder.agent_id][place : place + BATCH]]
            acts.append(partial(bench.commit, bidder.signer.address, batch))
    crowd_rate = await timed(len(tasks) * len(crowd), acts)
    await move(bench, "opened_at = now() - interval '2 h', closes_at = now() - interval '1 h'")
    while await jobs_left(bench, Auction.closed_at.is_(None)):
        await jobs.close(bench.runtime)
    key = Seal.of(auctioneer_key(bench.runtime.settings)).reveal_key  # type: ignore[arg-type]  # it is set
    reveals = [
        partial(reveal, bench, bidder, bid, signature, key)
        for bidder in crowd
        for _, (bid, signature) in made[bidder.agent_id]
    ]
    revealed = await timed(len(reveals), reveals)
    await move(bench, "reveals_until = now() - interval '1 s'")
    while await jobs_left(bench, Auction.ready_at.is_(None)):
        await jobs.show(bench.runtime)
    while await jobs_left(bench, Auction.task_id.in_(tasks), Auction.award_intent_id.is_(None)):
        await jobs.award(bench.runtime)
    equal = await same_as_serial(bench, tasks)
    return {"crowd": crowd_rate, "revealed": revealed, "awarded": len(tasks), "equal": equal}


async def reveal(bench: Bench, bidder: Bidder, bid: Bid, signature: bytes, key: Any) -> None:
    async with transaction(bench.runtime.sessions) as session:
        await commits.reveal(bench.desk(session, bidder.signer.address), bid.task_id, bid, signature, key)


async def jobs_left(bench: Bench, *which: Any) -> bool:
    async with transaction(bench.runtime.sessions) as session:
        return (await session.execute(select(Auction.task_id).where(*which).limit(1))).first() is not None


async def move(bench: Bench, change: str) -> None:
    async with transaction(bench.runtime.sessions) as session:
        await session.execute(text(f"UPDATE market.auctions SET {change} WHERE ready_at IS NULL"))  # noqa: S608  # ours


async def same_as_serial(bench: Bench, tasks: Sequence[TaskId]) -> int:
    """How many outcomes are those of the rule over the bids in the order of their commitments."""
    key = auctioneer_key(bench.runtime.settings)
    assert key is not None
    equal = 0
    async with transaction(bench.runtime.sessions) as session:
        for task_id in tasks:
            ordered = (
                select(PlacedBid)
                .join(BidCommit, (BidCommit.task_id == PlacedBid.task_id) & (BidCommit.agent_id == PlacedBid.agent_id))
                .where(PlacedBid.task_id == task_id)
                .order_by(BidCommit.committed_at)
            )
            seed = Seal.of(key).seed(auction_id(task_id, 0))
            bids = [
                Candidate(bid.digest, bid.min_price, PRIOR, tie_of(bid.digest, seed))
                for bid in await session.scalars(ordered)
            ]
            result = clear(AuctionKind.SEALED_SECOND_SCORE, bids, BUDGET, VALUE)
            auction = (await session.scalars(select(Auction).where(Auction.task_id == task_id))).one()
            equal += result is not None and (result.winner, result.price) == (auction.winner, auction.price)
    return equal


def commit_of(bench: Bench, task_id: TaskId, bidder: Bidder, price: int) -> tuple[Commit, tuple[Bid, bytes]]:
    """A commitment, and the signed bid behind it."""
    address = bidder.signer.address
    bid = Bid(task_id, bidder.agent_id, address, address, price, 1, TIME + 10**6, Hash32("0x" + secrets.token_hex(32)))
    digest = typed_data.bid_digest(bid, bench.deployment)
    auction, commitment = auction_id(task_id, 0), commitment_of(digest)
    signed = bid_commit_digest(bench.deployment, auction, commitment, bidder.agent_id)
    commit = Commit(task_id, bidder.agent_id, auction, commitment, bidder.sign(signed))
    return commit, (bid, bidder.sign(digest))


def terms_of() -> Terms:
    def somebody(name: str) -> Address:
        return LocalSigner(hashlib.sha256(name.encode()).digest()).address

    return Terms(
        buyer=somebody("buyer"),
        agent=ZERO_ADDRESS,
        awarder=AUCTIONEER,
        arbiter=somebody("arbiter"),
        parent=ZERO_HASH,
        content=ZERO_HASH,
        salt=Hash32("0x" + secrets.token_hex(32)),
        budget=BUDGET,
        child_cap=0,
        award_by=TIME + 10**6,
        deliver_by=TIME + 2 * 10**6,
        review_seconds=3600,
        veto_seconds=0,
        arbiter_seconds=3600,
        default_share_bps=5000,
    )


def row_of(terms: Terms, task_id: TaskId, deployment: Deployment) -> dict[str, Any]:
    values = vars(terms) | {"task_id": task_id, "escrow": deployment.escrow}
    return {name: raw(value) if isinstance(value, str) else value for name, value in values.items()}


def raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])


PARTS = (
    "task_id, chain_id, escrow, buyer, awarder, arbiter, parent, content, salt, budget, child_cap, award_by,"
    " deliver_by, review_seconds, veto_seconds, arbiter_seconds, default_share_bps"
)
VALUES = (
    "%(task_id)s, 31337, %(escrow)s, %(buyer)s, %(awarder)s, %(arbiter)s, %(parent)s, %(content)s, %(salt)s,"
    " %(budget)s, %(child_cap)s, %(award_by)s, %(deliver_by)s, %(review_seconds)s, %(veto_seconds)s,"
    " %(arbiter_seconds)s, %(default_share_bps)s"
)
TASK = f"""
INSERT INTO market.tasks ({PARTS}, agent, contract_version, title, capability, visibility)
VALUES ({VALUES}, %(agent)s, '1', 'Sorting', 'text.sort', 'public')
"""  # noqa: S608  # constants
ESCROW = f"""
INSERT INTO chain.escrows ({PARTS}, terms_agent, state, remaining, since, paid, fees, refunded, funded_block, funded_tx,
    last_block, last_log_index, last_tx, last_timestamp)
VALUES ({VALUES}, %(agent)s, 1, %(budget)s, 1, 0, 0, 0, 50, %(salt)s, 50, 0, %(salt)s, 1)
"""  # noqa: S608  # constants
AUCTION = """
INSERT INTO market.auctions (task_id, kind, duration_seconds, reveal_seconds)
VALUES (%s, 'sealed_second_score', 86400, 86400)
"""
AGENT = """
INSERT INTO chain.agents (agent_id, owner, uri, metadata, registered_block, last_block)
VALUES (%s, %s, 'https://agent.example', '{}', 1, 1)
"""
CURSOR = f"""
CREATE TABLE IF NOT EXISTS market.bench_floor (id bytea PRIMARY KEY, signature bytea);
GRANT INSERT ON market.bench_floor TO guildhall_app;
INSERT INTO chain.cursors
    (chain_id, block_number, block_hash, block_timestamp, finalized_number, head_number, updated_at)
VALUES (31337, 100, decode(repeat('ab', 32), 'hex'), {TIME}, 92, 100, now())
ON CONFLICT DO NOTHING
"""  # noqa: S608  # constants

if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))))
