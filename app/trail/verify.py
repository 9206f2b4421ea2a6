"""Walking the trail: every hash made again, every link to the one before, every anchor against the chain."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from app.chain.json_rpc import from_hex
from app.chain.rpc import AsyncChain
from app.relayer.rules import IntentState
from app.trail import queries
from app.trail.queries import Anchored, Link
from app.trail.rules import BEGINNING, anchor_data, link_hash, origin_digest


@dataclass(frozen=True)
class Break:
    """The first place that is not as it was written."""

    position: int
    what: str


@dataclass(frozen=True)
class Found:
    """What a walk saw. `confirmed` anchors stand on the chain, `waiting` ones are on their way or failed."""

    first: int = 0
    last: int = 0
    head: bytes = BEGINNING
    erased: int = 0
    unlinked: int = 0
    confirmed: int = 0
    waiting: int = 0
    broken: Break | None = None


async def verify(session: AsyncSession, chain: AsyncChain) -> Found:
    """Walks all links, then all anchors, a page at a time. Raises ChainUnavailable."""
    found = await walk(session)
    found = await check_anchors(session, chain, found)
    return replace(found, unlinked=await queries.count_unlinked(session))


async def walk(session: AsyncSession) -> Found:
    """From the beginning to the first break, or to the head."""
    found = Found()
    async for link in queries.links(session):
        broken = break_of(found, link)
        if broken is not None:
            return replace(found, broken=Break(link.position if found.last == 0 else found.last + 1, broken))
        found = replace(
            found,
            first=found.first or link.position,
            last=link.position,
            head=link.hash,
            erased=found.erased + (link.origin is None),
        )
    return found


def break_of(found: Found, link: Link) -> str | None:
    """What is wrong with a link that comes after what was found; a beginning past 1 is the anchors' to judge."""
    if found.last and link.position != found.last + 1:
        return "is missing"
    if (found.last or link.position == 1) and link.previous != found.head:
        return "does not follow the link before it"
    if link_hash(link.position, link.previous, link.entry.facts) != link.hash:
        return "is not what was linked"
    origin = link.origin
    if origin is None:
        return None
    digest = origin_digest(bytes(origin.salt), origin.network, origin.user_agent, origin.request_id)
    return None if digest == bytes(link.entry.origin_digest) else "came from elsewhere than its origin says"


async def check_anchors(session: AsyncSession, chain: AsyncChain, found: Found) -> Found:
    """Compares anchors with links and with the chain; the lowest break of both walks counts."""
    begins = found.first <= 1
    async for anchored in queries.anchors(session):
        if found.broken is not None and anchored.anchor.position >= found.broken.position:
            break
        broken, confirmed = await judge(chain, found, anchored)
        if broken is not None:
            return replace(found, broken=Break(anchored.anchor.position, broken))
        begins = begins or (confirmed and anchored.anchor.position == found.first)
        found = replace(found, confirmed=found.confirmed + confirmed, waiting=found.waiting + (not confirmed))
    if not begins:
        return replace(found, broken=Break(1, f"is missing: the trail begins at {found.first}, which has no anchor"))
    return found


async def judge(chain: AsyncChain, found: Found, anchored: Anchored) -> tuple[str | None, bool]:
    """What is wrong with an anchor, if anything, and whether it stands on the chain."""
    anchor = anchored.anchor
    dropped = anchored.link_hash is None and anchor.position < found.first
    if not dropped and anchored.link_hash is None:
        return "is anchored and missing", False
    if not dropped and anchored.link_hash != bytes(anchor.hash):
        return "is not what was anchored", False
    if anchored.intent.state not in (IntentState.MINED, IntentState.FINAL):
        return None, False
    stands = await stands_on_chain(chain, anchored)
    return (None, True) if stands else (f"is not what {anchored.intent.tx_hash} says on the chain", False)


async def stands_on_chain(chain: AsyncChain, anchored: Anchored) -> bool:
    """Whether the anchor's transaction is in a block, from its account to itself, and carries position and hash."""
    sent = await chain.request("eth_getTransactionByHash", anchored.intent.tx_hash)
    if sent is None or sent["blockNumber"] is None:
        return False
    relayer = anchored.intent.account.lower()
    expected = anchor_data(anchored.anchor.position, bytes(anchored.anchor.hash))
    return from_hex(sent["input"]) == expected and str(sent["from"]).lower() == str(sent["to"]).lower() == relayer
