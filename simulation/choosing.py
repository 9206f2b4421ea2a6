"""How a buyer chooses by himself: whom to hire out of a search, and which of several quotes. Amounts are base units."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdk import Terms
from sdk.errors import Conflict
from sdk.schemas import Hit, PlacedBid, Task
from simulation.journal import Record
from simulation.people import TaskPlan, Way

if TYPE_CHECKING:
    from simulation.buyer import Buyer

MILLIONTHS = 1_000_000
PROVEN, ENOUGH_PROVEN, CURIOUS_BPS = 120_000, 3, 1_000
"""A score above that of a newcomer; of how many of a trade it takes so that a buyer asks for it; and the chance that he
lets newcomers in all the same."""
LOOKED_AT, HIRE_TRIES = 6, 3
PAGE = 20
COUNTERED_BPS, WHOLE_BPS = 8_500, 10_000
AWARD_TRIES = 3


@dataclass(frozen=True)
class Candidate:
    """An agent that could be hired at a price; `gain` is what it promises less the price."""

    address: str
    price: int
    gain: int


async def least_asked(buyer: "Buyer", plan: TaskPlan) -> int | None:
    """The score that he asks of who does it: proven, where the market has enough of those; None for anybody."""
    if buyer.random.randrange(WHOLE_BPS) < CURIOUS_BPS:
        return None
    proven = await offers(buyer, plan, min_score=PROVEN)
    return PROVEN if len(proven) >= ENOUGH_PROVEN else None


async def offers(buyer: "Buyer", plan: TaskPlan, **wanted: Any) -> list[Hit]:
    """What a search for the trade finds that has a price a task."""
    words = plan.trade.replace(".", " ").replace("-", " ")
    found = await buyer.client.search(words, capability=plan.trade, pricing="per_task", limit=PAGE, **wanted)
    buyer.journal.searched += 1
    return [hit for hit in found.items if hit.price is not None]


async def candidates(buyer: "Buyer", plan: TaskPlan, least: int | None) -> list[Candidate]:
    """Whom to hire, best first and the next where one declines."""
    asked = {} if least is None else {"min_score": least}
    hits = await offers(buyer, plan, max_price=str(plan.budget), **asked)
    looked_at = buyer.random.sample(hits, min(LOOKED_AT, len(hits)))
    weighed = await asyncio.gather(*(weigh(buyer, plan, hit.agent_id, hit.price or 0) for hit in looked_at))
    return sorted(weighed, key=lambda each: -each.gain)[:HIRE_TRIES]


async def weigh(buyer: "Buyer", plan: TaskPlan, agent_id: int, price: int) -> Candidate:
    owner = (await buyer.client.agent(agent_id)).owner
    return Candidate(owner, price, plan.value * await score_of(buyer, agent_id) // MILLIONTHS - price)


async def score_of(buyer: "Buyer", agent_id: int) -> int:
    return int((await buyer.client.reputation(agent_id))["score"]["score"])


async def among_quotes(buyer: "Buyer", record: Record, terms: Terms) -> None:
    """Waits for quotes, answers the best with a lower price, and takes what is best then; nobody where none came."""
    await asyncio.sleep(buyer.auction_seconds)
    quotes = await buyer.client.bids(terms)
    if not quotes:
        record.buyer_waits = True
        return
    scores = {each.offer.agent_id: await score_of(buyer, each.offer.agent_id) for each in quotes}
    best = best_of(record, quotes, scores)
    with contextlib.suppress(Conflict):  # the agent has just bid otherwise: that bid counts below
        await buyer.client.counter_offer(terms, best.bid_digest, best.offer.min_price * COUNTERED_BPS // WHOLE_BPS)
    await asyncio.sleep(buyer.auction_seconds / 2)
    await take_best(buyer, record, terms, scores)


async def take_best(buyer: "Buyer", record: Record, terms: Terms, scores: dict[int, int]) -> None:
    """Awards the best bid there is; where its agent replaces it in that moment, the best there is then."""
    award = buyer.client.award_and_fund if record.plan.way is Way.QUOTES_PAID_LATER else buyer.client.award
    for attempt in range(1, AWARD_TRIES + 1):
        quotes = await buyer.client.bids(terms)
        if not quotes:
            return
        best = best_of(record, quotes, scores)
        try:
            intent = await award(terms, best.bid_digest, best.offer.min_price)
        except Conflict:
            if attempt == AWARD_TRIES:
                raise
        else:
            await buyer.carried(intent, record.task_id, has_agent)
            return


def best_of(record: Record, quotes: list[PlacedBid], scores: dict[int, int]) -> PlacedBid:
    """By the platform's own measure: value times score, less the price; of those who are as proven as he asks, if there
    are any. Who came too late to be looked up has no score."""

    def score(quoted: PlacedBid) -> int:
        return scores.get(quoted.offer.agent_id, 0)

    value, proven = record.plan.value, [each for each in quotes if score(each) >= (record.least or 0)]
    return max(proven or quotes, key=lambda each: value * score(each) // MILLIONTHS - each.offer.min_price)


def has_agent(task: Task) -> bool:
    return task.escrow is not None and task.escrow.agent_id is not None
