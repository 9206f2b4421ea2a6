"""The two statements that many commitments take: one reads what the rules ask of each, one stores those still in time.

Written as SQL, and read into values of their own: commitments come by the hundred in the last seconds of an auction,
and whole rows of tasks, escrows and intents would cost more than everything else about them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from eth_utils.address import to_checksum_address
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.auctions.commitments import raw
from app.auctions.rules import AuctionKind
from app.chain.typed_data import ZERO_ADDRESS
from app.database import Address, Hash32, TaskId
from app.errors import ChainNotMirrored

LOOK = text("""
SELECT given.task_id, given.agent_id, task.buyer, task.arbiter, task.agent AS named, task.award_by, task.deliver_by,
    task.visibility, task.payment, auction.kind, auction.round, auction.closes_at, auction.closed_at, auction.failed_at,
    auction.min_quality,
    (SELECT coalesce(entry.quality, frozen.prior) FROM market.quality_snapshots frozen
        LEFT JOIN market.quality_entries entry ON entry.snapshot = frozen.digest AND entry.agent_id = given.agent_id
        WHERE frozen.digest = auction.qualities AND auction.min_quality IS NOT NULL) AS quality,
    escrow.state, escrow.agent AS hired, cursor.block_timestamp AS time, agent.owner, agent.wallet,
    (SELECT intent.state FROM market.intents intent
        WHERE (intent.task_id = task.task_id AND intent.verb = 'fund') OR intent.id = task.batch_intent_id
        ORDER BY intent.created_at DESC, intent.id DESC LIMIT 1) AS funding,
    (SELECT intent.state FROM market.intents intent
        WHERE intent.task_id = task.task_id AND intent.verb IN ('award', 'award_and_fund')
        ORDER BY intent.created_at DESC, intent.id DESC LIMIT 1) AS awarding,
    EXISTS (SELECT FROM market.wallets mine JOIN market.wallets theirs ON theirs.account = mine.account
        WHERE mine.address = :account AND theirs.address = task.buyer) AS linked,
    failure.task_id AS failed_task, failure.at AS failed_on
FROM unnest(CAST(:tasks AS bytea[]), CAST(:agents AS bigint[])) WITH ORDINALITY AS given (task_id, agent_id, place)
LEFT JOIN market.tasks task ON task.task_id = given.task_id
LEFT JOIN market.auctions auction ON auction.task_id = given.task_id
LEFT JOIN chain.escrows escrow ON escrow.task_id = given.task_id
LEFT JOIN chain.agents agent ON agent.agent_id = given.agent_id
LEFT JOIN LATERAL (SELECT block_timestamp FROM chain.cursors LIMIT 1) AS cursor ON true
LEFT JOIN LATERAL (
    SELECT task_id, at FROM market.reveal_failures
    WHERE (reveal_failures.agent_id = given.agent_id OR reveal_failures.agent = :account)
        AND at > clock_timestamp() - CAST(:bar AS interval)
    ORDER BY at DESC LIMIT 1
) AS failure ON true
ORDER BY given.place
""")

STORE = text("""
WITH stored AS (
    INSERT INTO market.bid_commits AS held (task_id, round, agent_id, agent, commitment, signature)
    SELECT auction.task_id, auction.round, given.agent_id, :account, given.commitment, given.signature
    FROM unnest(CAST(:tasks AS bytea[]), CAST(:rounds AS smallint[]), CAST(:agents AS bigint[]),
                CAST(:commitments AS bytea[]), CAST(:signatures AS bytea[]))
        AS given (task_id, round, agent_id, commitment, signature)
    JOIN market.auctions auction ON auction.task_id = given.task_id AND auction.round = given.round
    WHERE auction.closed_at IS NULL AND (auction.closes_at IS NULL OR auction.closes_at > clock_timestamp())
    ORDER BY auction.task_id, given.agent_id
    FOR SHARE OF auction
    ON CONFLICT (task_id, round, agent_id) DO UPDATE
    SET agent = excluded.agent, commitment = excluded.commitment, signature = excluded.signature,
        committed_at = clock_timestamp()
    RETURNING held.task_id, held.agent_id
)
SELECT task_id, agent_id, market.announce(
    'bid.committed', 'task:0x' || encode(task_id, 'hex'), jsonb_build_object('agent_id', agent_id)
) FROM stored
""")
"""Holds each auction against its close, then looks at the database's clock: what is stored is in."""


@dataclass(frozen=True)
class Commit:
    """What an agent sends: its signature over BidCommit{auctionId, commitment, agentId}."""

    task_id: TaskId
    agent_id: int
    auction_id: Hash32
    commitment: Hash32
    signature: bytes


@dataclass(frozen=True)
class TaskPart:
    """What the rules read of a task that is bid on."""

    buyer: str
    arbiter: str
    agent: str
    awarder: str
    award_by: int
    deliver_by: int
    review_seconds: int
    veto_seconds: int
    arbiter_seconds: int
    visibility: str
    payment: str


@dataclass(frozen=True)
class EscrowPart:
    state: int
    agent: str | None
    remaining: int = 0
    since: int = 0
    payee: str | None = None


@dataclass(frozen=True)
class AuctionPart:
    """`quality` is the bidder's as it was frozen at the opening, looked up where `min_quality` asks for one."""

    kind: AuctionKind
    round: int
    closes_at: datetime | None
    closed_at: datetime | None
    failed_at: datetime | None
    min_quality: int | None
    quality: int | None


@dataclass(frozen=True)
class IntentPart:
    state: str


@dataclass(frozen=True)
class AgentPart:
    agent_id: int
    owner: str
    wallet: str | None


@dataclass(frozen=True)
class Seen:
    """A task as a bidder finds it, with what is known of the bidder; a Standing for the rules."""

    task: TaskPart
    escrow: EscrowPart | None
    auction: AuctionPart | None
    fund_intent: IntentPart | None
    award_intent: IntentPart | None
    time: int
    agent: AgentPart | None
    linked: bool
    failed_task: str | None
    failed_on: datetime | None


async def look(session: AsyncSession, account: Address, commits: Sequence[Commit], bar: timedelta) -> list[Seen | None]:
    """What there is around each commitment; None where there is no such task. Raises ChainNotMirrored."""
    given = {
        "account": raw(account),
        "bar": bar,
        "tasks": [raw(each.task_id) for each in commits],
        "agents": [each.agent_id for each in commits],
    }
    return [None if row.buyer is None else seen(row) for row in await session.execute(LOOK, given)]


async def store(
    session: AsyncSession, account: Address, commits: Sequence[Commit], rounds: Sequence[int]
) -> set[tuple[str, int]]:
    """Stores and announces commitments whose auction is still open in this round; which."""
    if not commits:
        return set()
    given = {
        "account": raw(account),
        "tasks": [raw(each.task_id) for each in commits],
        "rounds": list(rounds),
        "agents": [each.agent_id for each in commits],
        "commitments": [raw(each.commitment) for each in commits],
        "signatures": [each.signature for each in commits],
    }
    return {("0x" + row.task_id.hex(), row.agent_id) for row in await session.execute(STORE, given)}


def seen(row: object) -> Seen:
    """A row of LOOK as values. Raises ChainNotMirrored."""
    found = row._mapping  # type: ignore[attr-defined]  # a row of the statement above
    if found["time"] is None:
        raise ChainNotMirrored
    task = TaskPart(
        buyer=address(found["buyer"]) or ZERO_ADDRESS,
        arbiter=address(found["arbiter"]) or ZERO_ADDRESS,
        agent=address(found["named"]) or ZERO_ADDRESS,
        awarder=ZERO_ADDRESS,
        award_by=found["award_by"],
        deliver_by=found["deliver_by"],
        review_seconds=0,
        veto_seconds=0,
        arbiter_seconds=0,
        visibility=found["visibility"],
        payment=found["payment"],
    )
    kind, state, owner = found["kind"], found["state"], address(found["owner"])
    facts = tuple(found[name] for name in ("closes_at", "closed_at", "failed_at", "min_quality", "quality"))
    return Seen(
        task=task,
        escrow=None if state is None else EscrowPart(state, address(found["hired"])),
        auction=None if kind is None else AuctionPart(AuctionKind(kind), found["round"], *facts),
        fund_intent=None if found["funding"] is None else IntentPart(found["funding"]),
        award_intent=None if found["awarding"] is None else IntentPart(found["awarding"]),
        time=found["time"],
        agent=None if owner is None else AgentPart(found["agent_id"], owner, address(found["wallet"])),
        linked=found["linked"],
        failed_task=None if found["failed_task"] is None else "0x" + found["failed_task"].hex(),
        failed_on=found["failed_on"],
    )


@lru_cache(maxsize=4096)
def address(packed: bytes | None) -> str | None:
    """Checksummed; a batch names the same few again and again."""
    return None if packed is None else str(to_checksum_address(packed))
