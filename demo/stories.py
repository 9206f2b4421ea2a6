"""The stories, one coroutine each: what the buyer does, and how it must end."""

from collections.abc import Awaitable, Callable

from demo import work
from demo.lines import tell
from demo.story import STEP_SECONDS, UNIT, Buyer, require
from sdk import AuctionPlan, Windows
from sdk.schemas import EscrowView, Task

Story = Callable[[Buyer, str], Awaitable[None]]
HOUR, DAY = 3600, 24 * 3600
LONG = Windows(award=2 * DAY, deliver=28 * DAY, review=14 * DAY, arbiter=14 * DAY)
# Ends by itself within the day that the demo jumps over.
SHORT = Windows(award=HOUR, deliver=4 * HOUR, review=4 * HOUR, arbiter=4 * HOUR)
# Hardly longer than a funding takes to become final: an award waits for that anyway.
SEALED = AuctionPlan(duration_seconds=6, reveal_seconds=5)

FRUIT = "\n".join(["pear", "apple", "fig", "quince", "date", "cherry", "banana", "lemon", "olive", "grape"])
PROSE = "The money waits in a contract. Nobody can run away with it.\n\nThe work is checked. Then it is paid."


async def plain(buyer: Buyer, story: str) -> None:
    """Posted, bid for, awarded by auction, delivered, checked, released, rated."""
    task = await auctioned(buyer, story, "Count the words", "text.count-words", PROSE, 10)
    done = await pay_if_right(buyer, task)
    await buyer.rate(done, 5, "Counted every word.")


async def surplus(buyer: Buyer, story: str) -> None:
    """Several sealed bids of agents equally unknown: the lowest wins at the second price, and whoever wants checks it;
    the rest of the budget comes back."""
    task = await auctioned(buyer, story, "Sort the fruit", "text.sort", FRUIT, 20)
    money = escrow_of(await pay_if_right(buyer, task))
    prices = sorted(bid.offer.min_price for bid in await buyer.client.bids(task.terms))
    require(len(prices) >= 2, "only one bid")
    require(money.price == prices[1], f"price {money.price} is not the second lowest of {prices}")
    require(money.refunded == task.terms.budget - prices[1], "the surplus did not come back")
    outcome = await buyer.client.check_award(task.terms)
    require(outcome is not None and outcome.price == prices[1], "the transcript yields another price")
    tell("surplus", task=task.task_id, amount=money.refunded)


async def choice(buyer: Buyer, story: str) -> None:
    """No auctioneer: the buyer reads the bids and awards the cheapest himself, at its price."""
    task = await buyer.post(story, "Sort, hand-picked", "text.sort", FRUIT, usdc=10, windows=LONG)
    await buyer.until_state(task.task_id, "open")
    bids = await buyer.client.wait_until(
        "two bids", lambda: buyer.client.bids(task.terms), lambda placed: len(placed) >= 2, STEP_SECONDS
    )
    best = min(bids, key=lambda bid: bid.offer.min_price)
    await buyer.carried(await buyer.client.award(task.terms, best.bid_digest, best.offer.min_price))
    money = escrow_of(await pay_if_right(buyer, task))
    require(money.refunded == task.terms.budget - best.offer.min_price, "the surplus did not come back")


async def hire(buyer: Buyer, story: str) -> None:
    """No auction: the terms name the agent."""
    task = await hired(buyer, story, "List the primes", "math.primes", '{"below": 2000}', 8)
    done = await pay_if_right(buyer, task)
    await buyer.rate(done, 4, "All primes, no others.")


async def parts(buyer: Buyer, story: str) -> None:
    """Half is paid first, the rest after a second look."""
    task = await hired(buyer, story, "Turn the lines around", "text.reverse-words", FRUIT, 6)
    submitted = await buyer.until_state(task.task_id, "submitted")
    require(await buyer.work_is_right(submitted), "the work is wrong")
    await buyer.release(task, 2 * UNIT)
    await buyer.until(task.task_id, lambda seen: escrow_of(seen).remaining == 4 * UNIT)
    await buyer.release(task, 4 * UNIT)
    await buyer.until_state(task.task_id, "released")


async def undelivered(buyer: Buyer, story: str) -> None:
    """Nothing comes: after the deadline the money is reclaimed."""
    task = await auctioned(buyer, story, "Never to be done", "text.vanish", PROSE, 12, SHORT)
    await buyer.until_state(task.task_id, "awarded")
    tell("waits for the clock", story=story)
    await buyer.until_state(task.task_id, "overdue")
    await buyer.carried(await buyer.client.reclaim(task.terms))
    money = escrow_of(await buyer.until_state(task.task_id, "refunded"))
    require(money.refunded == task.terms.budget, "not all of it came back")


async def silent(buyer: Buyer, story: str) -> None:
    """The buyer says nothing: after the review window the agent claims."""
    task = await auctioned(buyer, story, "Sort, and hear nothing", "text.sort", FRUIT, 9, SHORT)
    await buyer.until_state(task.task_id, "submitted")
    tell("waits for the clock", story=story)
    money = escrow_of(await buyer.until_state(task.task_id, "claimed"))
    require(money.paid == money.price, "the agent did not get the price")


async def dispute(buyer: Buyer, story: str) -> None:
    """Careless work, evidence, and a ruling that splits the money by what was right."""
    task, submitted = await disputed(buyer, story, "Lead sentences, carelessly", buyer.arbiter, LONG)
    money = escrow_of(await buyer.until_state(task.task_id, "ruled"))
    content = await buyer.client.download(task.terms.content)
    right_bps = work.right_share_bps(task.capability, content, await buyer.delivered(submitted))
    require(money.share_bps == right_bps, f"ruled {money.share_bps}, right was {right_bps}")
    require(money.paid == task.terms.budget * right_bps // 10_000, "the split is not the ruling's")


async def default(buyer: Buyer, story: str) -> None:
    """The arbiter never speaks: the share agreed in the terms applies."""
    task, _ = await disputed(buyer, story, "Careless, unjudged", buyer.silent_arbiter, SHORT)
    tell("waits for the clock", story=story)
    money = escrow_of(await buyer.until_state(task.task_id, "ruled"))
    require(bool(money.by_default), "somebody ruled")
    require(money.paid == task.terms.budget // 2, "the default share is a half")


async def blacklisted(buyer: Buyer, story: str) -> None:
    """The token refuses to pay the agent: the money is owed to him, and the task still ends."""
    task = await hired(buyer, story, "Turn the lines, unpayable", "text.reverse", FRUIT, 7)
    money = escrow_of(await pay_if_right(buyer, task))
    owed = await buyer.client.owed(str(money.payee))
    require(owed == money.paid - money.fees, f"{owed} is owed instead of {money.paid - money.fees}")
    tell("owed", task=task.task_id, amount=owed)


async def survivor(buyer: Buyer, story: str) -> None:
    """Alive while the clock jumps, delivered and paid afterwards."""
    task = await auctioned(buyer, story, "Factors, no hurry", "math.factors", '{"number": 600851475143}', 11)
    await buyer.until_state(task.task_id, "awarded")
    tell("waits for the clock", story=story)
    await pay_if_right(buyer, task)


async def waiting(buyer: Buyer, story: str) -> None:
    """Nobody bids: the money stays held, for the ledger to show."""
    task = await auctioned(buyer, story, "A job nobody knows", "text.unheard-of", PROSE, 5)
    await buyer.until_state(task.task_id, "open", "closed")


async def reorged(buyer: Buyer, story: str) -> None:
    """Its funding is dropped by a reorg, carried again, and all goes on as if nothing had been."""
    task = await hired(buyer, story, "Primes across a reorg", "math.primes", '{"below": 500}', 10, together=True)
    await pay_if_right(buyer, task)


async def lost(buyer: Buyer, story: str) -> None:
    """On the new fork the money is spent elsewhere: the funding can never come back, and the task says so."""
    task = await hired(buyer, story, "Primes never funded", "math.primes", '{"below": 100}', 80, together=True)
    failed = await buyer.until_state(task.task_id, "funding_failed")
    require(bool(failed.reason), "the failure has no reason")
    tell("lost", task=task.task_id, reason=failed.reason)


async def auctioned(
    buyer: Buyer, story: str, title: str, capability: str, content: str, usdc: int, windows: Windows = LONG
) -> Task:
    return await buyer.post(story, title, capability, content, usdc=usdc, windows=windows, auction=SEALED)


async def hired(
    buyer: Buyer, story: str, title: str, capability: str, content: str, usdc: int, *, together: bool = False
) -> Task:
    agent = await buyer.hired(capability)
    return await buyer.post(story, title, capability, content, usdc=usdc, windows=LONG, agent=agent, together=together)


async def disputed(buyer: Buyer, story: str, title: str, arbiter: str, windows: Windows) -> tuple[Task, Task]:
    """A direct hire whose work is wrong; the dispute is on chain when this returns."""
    capability = "text.lead-sentences"
    agent = await buyer.hired(capability)
    content = "\n\n".join(f"Point {number} matters. It is explained here." for number in range(1, 11))
    task = await buyer.post(story, title, capability, content, usdc=10, windows=windows, agent=agent, arbiter=arbiter)
    submitted = await buyer.until_state(task.task_id, "submitted")
    require(not await buyer.work_is_right(submitted), "the work is right, there is nothing to dispute")
    evidence = await buyer.client.upload(b"The list ends in the middle.")
    await buyer.carried(await buyer.client.dispute(task.terms, evidence.digest))
    return task, submitted


async def pay_if_right(buyer: Buyer, task: Task) -> Task:
    submitted = await buyer.until_state(task.task_id, "submitted")
    require(await buyer.work_is_right(submitted), "the work is wrong")
    await buyer.release(submitted, escrow_of(submitted).remaining)
    return await buyer.until_state(task.task_id, "released")


def escrow_of(task: Task) -> EscrowView:
    require(task.escrow is not None, "no money has been seen")
    assert task.escrow is not None
    return task.escrow


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        plain, surplus, choice, hire, parts, undelivered, silent, dispute, default, blacklisted, survivor, waiting,
        reorged, lost,
    )
}  # fmt: skip
