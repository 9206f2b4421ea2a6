"""Which bids count, and which the contract would take. Pure; times are the chain's unix seconds, amounts base units."""

from dataclasses import dataclass
from typing import Protocol

from app.errors import (
    BidAboveBudget,
    BidderIsParty,
    BiddingNotOpen,
    BidExpiresTooSoon,
    BidNotYours,
    BidTaskMismatch,
    BidZero,
    PartyUnpayable,
    PriceOutOfBounds,
    QualityTooLow,
    WorkDoesNotFit,
    WrongTaskState,
)
from app.tasks.rules import Standing, TaskFacts, TaskState, buyer_awards, require_party, task_state
from app.tasks.rules.standing import NOBODY, Party

MAX_ATTEMPTS = 2
AWARD_MARGIN_SECONDS = 15
"""What a bid must still be valid for when the award is decided: the time to carry it."""

BLAMES_BID = frozenset(
    {
        "AgentIdNotControlled",
        "BadPayee",
        "BadSignature",
        "BidExpired",
        "BidForOtherTask",
        "BidIsRevoked",
        "NotEnoughTime",
        "PartiesNotDistinct",
        "PriceOutOfBounds",
        "ZeroParty",
    }
)
"""The contract's errors that lie with the bid: another bid may do better."""


class BidFacts(Protocol):
    """What rules read of a signed bid."""

    @property
    def task_id(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def payee(self) -> str: ...
    @property
    def min_price(self) -> int: ...
    @property
    def min_work_seconds(self) -> int: ...
    @property
    def valid_until(self) -> int: ...


@dataclass(frozen=True)
class Bounds:
    """What a bid must keep within: the earliest chain time of an award, and who can't be paid."""

    budget: int
    valid_past: int
    unpayable: frozenset[str]


def require_bid(standing: Standing, bid: BidFacts, task_id: str, account: str, bounds: Bounds) -> None:
    """Raises the first rule that a bid breaks which is placed now."""
    require_own(bid, task_id, account)
    require_outsider(standing.task, account)
    require_bidding(standing)
    require_offer(standing, bid, task_id, account, bounds)


def require_offer(standing: Standing, bid: BidFacts, task_id: str, account: str, bounds: Bounds) -> None:
    """Raises the first rule that a bid breaks by what it says."""
    require_own(bid, task_id, account)
    if bid.min_price == 0:
        raise BidZero()
    if bid.min_price > bounds.budget:
        raise BidAboveBudget(min_price=str(bid.min_price), budget=str(bounds.budget))
    if bid.valid_until <= bounds.valid_past:
        raise BidExpiresTooSoon(valid_until=bid.valid_until, required=bounds.valid_past)
    if not work_fits(standing.task, bid, bounds.valid_past):
        raise WorkDoesNotFit(min_work_seconds=bid.min_work_seconds, deliver_by=standing.task.deliver_by)
    if bid.payee == NOBODY or bid.payee in bounds.unpayable:
        raise PartyUnpayable(field="payee", address=bid.payee)


def require_own(bid: BidFacts, task_id: str, account: str) -> None:
    """Raises BidTaskMismatch, BidNotYours."""
    if bid.task_id != task_id:
        raise BidTaskMismatch(bid_task_id=bid.task_id, task_id=task_id)
    if bid.agent != account:
        raise BidNotYours(agent=bid.agent, account=account, verb="place")


def require_outsider(task: TaskFacts, account: str) -> None:
    """Buyer and arbiter may not work on their own task. Raises BidderIsParty."""
    for party, address in (("buyer", task.buyer), ("arbiter", task.arbiter)):
        if account == address:
            raise BidderIsParty(party=party)


def require_bidding(standing: Standing) -> None:
    """Bids may come while the money is on its way, or is to come with the award. Raises WrongTaskState."""
    state = task_state(standing)
    if standing.task.agent != NOBODY or state not in (TaskState.INVITING, TaskState.FUNDING, TaskState.OPEN):
        raise WrongTaskState(verb="bid on", required="open to bids", state=state)


def require_quality(agent_id: int, quality: int | None, min_quality: int) -> None:
    """Millionths; `quality` is what was frozen at the opening, None before it. Raises BiddingNotOpen, QualityTooLow."""
    if quality is None:
        raise BiddingNotOpen
    if quality < min_quality:
        raise QualityTooLow(agent_id=agent_id, quality=quality, min_quality=min_quality)


def work_fits(task: TaskFacts, bid: BidFacts, awarded_at: int) -> bool:
    """Whether the veto window and the bid's least work end by deliverBy."""
    veto = 0 if buyer_awards(task) else task.veto_seconds
    return awarded_at + veto + bid.min_work_seconds <= task.deliver_by


def is_awardable(task: TaskFacts, bid: BidFacts, time: int) -> bool:
    """Whether the contract would take this bid for the next moments."""
    soon = time + AWARD_MARGIN_SECONDS
    return bid.valid_until >= soon and work_fits(task, bid, soon)


def may_award(standing: Standing, account: str, bid: BidFacts, price: int, budget: int) -> None:
    """The buyer, where he is the awarder; a bid in time, at a price between its own and the budget."""
    require_party(standing, account, "award", Party.BUYER)
    state = task_state(standing)
    if state is not TaskState.OPEN or not buyer_awards(standing.task):
        raise WrongTaskState(verb="award", required="open and yours to award", state=state)
    require_choice(standing, bid, price, budget)


def may_award_and_fund(standing: Standing, account: str, bid: BidFacts, price: int, budget: int) -> None:
    """The buyer of a task that is paid at its award."""
    require_party(standing, account, "award and fund", Party.BUYER)
    state = task_state(standing)
    if state is not TaskState.INVITING:
        raise WrongTaskState(verb="award and fund", required="inviting", state=state)
    require_choice(standing, bid, price, budget)


def require_choice(standing: Standing, bid: BidFacts, price: int, budget: int) -> None:
    """A bid in time, at a price between its own and the budget."""
    if not bid.min_price <= price <= budget:
        raise PriceOutOfBounds(price=str(price), min=str(bid.min_price), max=str(budget))
    if bid.valid_until <= standing.time:
        raise BidExpiresTooSoon(valid_until=bid.valid_until, required=standing.time)
    if not work_fits(standing.task, bid, standing.time):
        raise WorkDoesNotFit(min_work_seconds=bid.min_work_seconds, deliver_by=standing.task.deliver_by)


def blames_bid(error_name: str | None) -> bool:
    """Whether a failed award was the bid's fault."""
    return error_name in BLAMES_BID
