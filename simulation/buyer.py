"""A buyer: posts what it wants, chooses an agent by the way that was drawn, looks at the work, pays or disputes, and
rates."""

import asyncio
from dataclasses import dataclass, replace

from demo import work
from sdk import AuctionPlan, Terms, Windows, make_terms
from sdk.errors import Conflict, SdkError
from sdk.schemas import Task
from sdk.terms import ZERO_ADDRESS
from simulation import choosing
from simulation.bidding import is_closed
from simulation.board import has_ended
from simulation.journal import Record
from simulation.participant import CARRIED_SECONDS, WAVE_SECONDS, Participant
from simulation.people import WHOLE_BPS, BuyerNature, TaskPlan, Way

HOUR = 3600
WINDOWS = Windows(award=2 * HOUR, deliver=6 * HOUR, review=6 * HOUR, arbiter=6 * HOUR)
JUMP_SECONDS = WINDOWS.award + WINDOWS.deliver + WINDOWS.review + HOUR
"""After which nothing of these is left."""
SETTLE_SECONDS = 40.0
NOISE_BPS = 1_000
NOT_YET_AWARDED = frozenset({"draft", "funding", "open", "closed", "awarding", "inviting"})
BEFORE_WORK = NOT_YET_AWARDED | {"awarded"}
GOOD_STARS, BAD_STARS = 5, 1


@dataclass
class Buyer(Participant):
    """One wallet; each of its tasks is seen through by itself."""

    nature: BuyerNature
    arbiter: str
    auction_seconds: int

    async def see_through(self, plan: TaskPlan) -> None:
        """From the posting to the rating. What refuses to end is said in the journal, and is nobody else's."""
        try:
            least = await choosing.least_asked(self, plan)
            if plan.way is Way.HIRE:
                await self.hire(plan, least)
            else:
                await self.post_and_play(plan, None, least)
        except (SdkError, TimeoutError) as failure:
            self.journal.failures.append(f"task {plan.number} ({plan.way}): {type(failure).__name__}: {failure}")

    async def hire(self, plan: TaskPlan, least: int | None) -> bool:
        """Whether one of those who were asked did it, or at least did not decline."""
        for candidate in await choosing.candidates(self, plan, least):
            if not (await self.post_and_play(plan, candidate, None)).declined:
                return True
        return False

    async def otherwise(self, plan: TaskPlan, least: int) -> None:
        """Nobody bid who is as proven as he asked: hires one who is, at the price that is listed, or asks everybody."""
        if not await self.hire(replace(plan, way=Way.HIRE), least):
            await self.post_and_play(plan, None, None)

    async def post_and_play(self, plan: TaskPlan, hired: choosing.Candidate | None, least: int | None) -> Record:
        """To its end. Where nobody came he goes on otherwise, while what he posted waits to expire."""
        record = await self.post(plan, hired, least)
        try:
            if least is not None and plan.way.is_auction and await self.nobody_came(record):
                record.given_up = True
                await asyncio.gather(self.play(record), self.otherwise(plan, least))
            else:
                await self.play(record)
        finally:
            record.done = True
        return record

    async def nobody_came(self, record: Record) -> bool:
        """Whether the bidding ended without a bid."""

        def is_over(task: Task) -> bool:
            return is_closed(task) or task.state not in NOT_YET_AWARDED

        await self.board.until(record.task_id, is_over, 2 * self.auction_seconds + CARRIED_SECONDS)
        return record.bids == 0

    async def post(self, plan: TaskPlan, hired: choosing.Candidate | None, least: int | None) -> Record:
        """The task, paid for where it is paid in advance."""
        stored = await self.client.upload(plan.content.encode())
        terms = make_terms(
            buyer=self.client.address,
            arbiter=self.arbiter,
            content=stored.digest,
            budget=plan.budget if hired is None else hired.price,
            chain_time=(await self.client.clock()).chain_time,
            windows=WINDOWS,
            agent=ZERO_ADDRESS if hired is None else hired.address,
            awarder=(await self.client.network()).auctioneer if plan.way.is_auction else ZERO_ADDRESS,
        )
        paid_later = plan.way is Way.QUOTES_PAID_LATER
        task = await self.client.post_task(
            terms,
            title=f"Task {plan.number}",
            capability=plan.trade,
            auction=self.auction_of(plan, least),
            payment="at_award" if paid_later else "in_advance",
        )
        record = self.journal.open(plan, task, least)
        if not paid_later:
            await self.carried(await self.client.fund(terms), task.task_id, lambda now: now.escrow is not None)
        record.funded_at = self.journal.now()
        return record

    def auction_of(self, plan: TaskPlan, least: int | None) -> AuctionPlan | None:
        """Short ones. What a delivery is worth is told the sealed kinds, truly."""
        seconds = self.auction_seconds
        match plan.way:
            case Way.SECOND_SCORE | Way.FIRST_PRICE:
                return AuctionPlan(seconds, plan.way, value=plan.value, reveal_seconds=seconds, min_quality=least)
            case Way.OPEN:
                return AuctionPlan(seconds, plan.way, decrement_bps=300, extension_seconds=1, min_quality=least)
            case Way.DUTCH:
                return AuctionPlan(2 * seconds, plan.way, start_price=plan.budget // 8, min_quality=least)
            case _:
                return None

    async def play(self, record: Record) -> None:
        """What follows the posting, until nothing is left to do."""
        terms = record.task.terms if record.task else None
        assert terms is not None
        if record.plan.way in (Way.QUOTES, Way.QUOTES_PAID_LATER):
            await self.choose(record, terms)
        awarded = await self.until_awarded(record)
        if awarded.state in ("expired", "award_failed"):
            await self.take_back(record, terms)
            return
        if record.plan.way.is_auction:
            record.award_checked = await self.client.check_award(terms) is not None
        seen = await self.board.until(record.task_id, lambda now: now.state not in BEFORE_WORK, WAVE_SECONDS)
        if seen.state == "overdue":
            await self.take_back(record, terms)
        elif seen.state == "submitted":
            await self.review(record, seen)

    async def choose(self, record: Record, terms: Terms) -> None:
        """Of quotes. Where that is refused for good, the money comes back when the time for an award has passed."""
        try:
            await choosing.among_quotes(self, record, terms)
        except SdkError as refusal:
            self.journal.refused("buyer", refusal)
            record.buyer_waits = True

    async def until_awarded(self, record: Record) -> Task:
        """The task with its agent; or expired, which only the clock makes it."""

        def decided(task: Task) -> bool:
            if record.bids == 0 and is_closed(task):
                record.buyer_waits = True
            return task.state not in NOT_YET_AWARDED

        try:
            found = await self.board.until(record.task_id, decided, 2 * self.auction_seconds + CARRIED_SECONDS)
        except TimeoutError:
            record.buyer_waits = True
            found = await self.board.until(record.task_id, lambda now: now.state not in NOT_YET_AWARDED, WAVE_SECONDS)
        record.buyer_waits = False
        record.awarded_at = self.journal.now()
        return found

    async def take_back(self, record: Record, terms: Terms) -> None:
        """Nobody was found, or nothing came."""
        if record.task is not None and record.task.escrow is not None:
            await self.carried(await self.client.reclaim(terms), record.task_id, has_ended)

    async def review(self, record: Record, task: Task) -> None:
        """Looks at the work by doing it again, and acts as its nature is."""
        assert task.escrow is not None
        assert task.escrow.deliverable is not None
        content, done = [await self.client.download(each) for each in (task.terms.content, task.escrow.deliverable)]
        record.right_bps = share = work.right_share_bps(task.capability, content, done)
        if self.nature.is_bad:
            await self.wrong(record, task)
        elif share == WHOLE_BPS:
            await self.release(record, task)
        elif share == 0 or not await self.settled(record, task, share):
            await self.dispute(record, task, f"Of the work {share / 100:g}% is right.")
        await self.rate(record, self.stars_for(share))

    async def wrong(self, record: Record, task: Task) -> None:
        """Says nothing so that the agent has to claim, disputes whatever came, or pays and runs it down."""
        match self.random.choice(("silent", "dispute", "slander")):
            case "silent":
                record.buyer_waits = True
                await self.board.until(record.task_id, has_ended, WAVE_SECONDS)
                record.buyer_waits = False
            case "dispute":
                await self.dispute(record, task, "Nothing of it is right.")
            case _:
                await self.release(record, task)

    def stars_for(self, share: int) -> int:
        """Honest with one rating in ten turned by chance; a bad buyer says the opposite of what it saw."""
        is_good = share == WHOLE_BPS
        if self.nature.is_bad or self.random.randrange(WHOLE_BPS) < NOISE_BPS:
            is_good = not is_good
        return GOOD_STARS if is_good else BAD_STARS

    async def release(self, record: Record, task: Task) -> None:
        assert task.escrow is not None
        intent = await self.client.release(task.terms, task.escrow.remaining)
        await self.carried(intent, record.task_id, has_ended)

    async def settled(self, record: Record, task: Task, share: int) -> bool:
        """Whether the agent agreed to be paid for what is right."""
        assert task.escrow is not None
        await self.client.settle(task.terms, task.escrow.remaining * share // WHOLE_BPS)
        try:
            await self.board.until(record.task_id, has_ended, SETTLE_SECONDS)
        except TimeoutError:
            return False
        return True

    async def dispute(self, record: Record, task: Task, words: str) -> None:
        record.disputed_falsely = record.right_bps == WHOLE_BPS
        evidence = await self.client.upload(words.encode())
        try:
            intent = await self.client.dispute(task.terms, evidence.digest)
        except Conflict:
            # The agent agreed to the split just now; the review window is far longer than any play.
            record.disputed_falsely = None
            await self.board.until(record.task_id, has_ended, CARRIED_SECONDS)
            return
        await self.carried(intent, record.task_id, lambda now: now.state == "disputed" or has_ended(now))
        await self.board.until(record.task_id, has_ended, WAVE_SECONDS)

    async def rate(self, record: Record, stars: int) -> None:
        """Ratings rest on final ends only, and are shown once the agent has said its word, too."""
        ended = await self.board.until(
            record.task_id, lambda now: has_ended(now) and now.finality == "final", WAVE_SECONDS
        )
        if ended.state == "refunded" or ended.escrow is None or ended.escrow.agent_id is None:
            return
        words = "As I saw it."
        await self.client.rate(ended.terms, ended.escrow.agent_id, stars, words, ended.capability)
        record.stars = stars
