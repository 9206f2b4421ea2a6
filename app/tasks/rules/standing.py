"""What a task is and who has which part in it: the state follows from what chain and market say, and is not stored."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.escrow.rules import State

NOBODY = "0x" + "0" * 40


class TaskState(StrEnum):
    """What a task is, as people say it."""

    DRAFT = "draft"
    FUNDING = "funding"
    FUNDING_FAILED = "funding_failed"
    INVITING = "inviting"
    OPEN = "open"
    CLOSED = "closed"
    AWARDING = "awarding"
    AWARD_FAILED = "award_failed"
    EXPIRED = "expired"
    AWARDED = "awarded"
    OVERDUE = "overdue"
    SUBMITTED = "submitted"
    DISPUTED = "disputed"
    RELEASED = "released"
    CLAIMED = "claimed"
    SETTLED = "settled"
    RULED = "ruled"
    REFUNDED = "refunded"


class Payment(StrEnum):
    """When the buyer pays: before bids are asked for, or with the award of one of them."""

    IN_ADVANCE = "in_advance"
    AT_AWARD = "at_award"


class Party(StrEnum):
    """The parts that somebody may have in a task."""

    BUYER = "buyer"
    AGENT = "agent"
    ARBITER = "arbiter"


class Agreed(Protocol):
    """The parties and windows that the buyer signs."""

    @property
    def buyer(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def awarder(self) -> str: ...
    @property
    def arbiter(self) -> str: ...
    @property
    def award_by(self) -> int: ...
    @property
    def deliver_by(self) -> int: ...
    @property
    def review_seconds(self) -> int: ...
    @property
    def veto_seconds(self) -> int: ...
    @property
    def arbiter_seconds(self) -> int: ...


class TaskFacts(Agreed, Protocol):
    """What rules read of a posted task."""

    @property
    def visibility(self) -> str: ...
    @property
    def payment(self) -> str: ...


class EscrowFacts(Protocol):
    """What rules read of the mirrored escrow."""

    @property
    def state(self) -> int: ...
    @property
    def remaining(self) -> int: ...
    @property
    def since(self) -> int: ...
    @property
    def agent(self) -> str | None: ...
    @property
    def payee(self) -> str | None: ...


class AuctionFacts(Protocol):
    """What rules read of the auction."""

    @property
    def closed_at(self) -> datetime | None: ...
    @property
    def failed_at(self) -> datetime | None: ...


class IntentFacts(Protocol):
    """What rules read of a carried intent."""

    @property
    def state(self) -> str: ...


class Standing(Protocol):
    """Everything that a task's state follows from, read in one transaction. `time` is chain time."""

    @property
    def task(self) -> TaskFacts: ...
    @property
    def escrow(self) -> EscrowFacts | None: ...
    @property
    def auction(self) -> AuctionFacts | None: ...
    @property
    def fund_intent(self) -> IntentFacts | None: ...
    @property
    def award_intent(self) -> IntentFacts | None: ...
    @property
    def time(self) -> int: ...


def task_state(standing: Standing) -> TaskState:
    """What the task is now. The chain's word comes first; before it has one, the funding intent's."""
    if standing.escrow is None:
        return unfunded_state(standing)
    match State(standing.escrow.state):
        case State.NONE:
            return unfunded_state(standing)
        case State.FUNDED:
            return funded_state(standing)
        case State.AWARDED:
            return hired_state(standing)
        case State.SUBMITTED:
            return TaskState.SUBMITTED
        case State.DISPUTED:
            return TaskState.DISPUTED
        case State.RELEASED:
            return TaskState.RELEASED
        case State.CLAIMED:
            return TaskState.CLAIMED
        case State.SETTLED:
            return TaskState.SETTLED
        case State.RULED:
            return TaskState.RULED
        case State.REFUNDED:
            return TaskState.REFUNDED


def unfunded_state(standing: Standing) -> TaskState:
    """No money has been seen: what the buyer has done about it so far."""
    fund_intent = standing.fund_intent
    if fund_intent is not None and fund_intent.state != "failed":
        return TaskState.FUNDING
    if standing.task.payment == Payment.AT_AWARD:
        return inviting_state(standing)
    return TaskState.DRAFT if fund_intent is None else TaskState.FUNDING_FAILED


def inviting_state(standing: Standing) -> TaskState:
    """Bids are asked for, and the money comes with the award of one."""
    if is_awarding(standing):
        return TaskState.AWARDING
    return TaskState.EXPIRED if standing.time > standing.task.award_by else TaskState.INVITING


def is_awarding(standing: Standing) -> bool:
    """Whether an award is on its way."""
    return standing.award_intent is not None and standing.award_intent.state != "failed"


def funded_state(standing: Standing) -> TaskState:
    """The money is there and the contract waits: for the agent named in the terms, or for an award."""
    if standing.task.agent != NOBODY:
        return hired_state(standing)
    if standing.time > standing.task.award_by:
        return TaskState.EXPIRED
    if is_awarding(standing):
        return TaskState.AWARDING
    if standing.auction is None or standing.auction.closed_at is None:
        return TaskState.OPEN
    return TaskState.AWARD_FAILED if standing.auction.failed_at is not None else TaskState.CLOSED


def hired_state(standing: Standing) -> TaskState:
    """An agent is chosen and has not delivered."""
    return TaskState.OVERDUE if standing.time > standing.task.deliver_by else TaskState.AWARDED


def agent_of(standing: Standing) -> str | None:
    """Who works: named in the terms or chosen at award; None before."""
    if standing.task.agent != NOBODY:
        return standing.task.agent
    return None if standing.escrow is None else standing.escrow.agent


def payee_of(standing: Standing) -> str | None:
    """Who is paid: the agent of a direct hire, else the payee that the awarded bid names."""
    if standing.task.agent != NOBODY:
        return standing.task.agent
    return None if standing.escrow is None else standing.escrow.payee


def party_of(standing: Standing, account: str) -> Party | None:
    """The account's part in the task."""
    if account == standing.task.buyer:
        return Party.BUYER
    if account == standing.task.arbiter:
        return Party.ARBITER
    return Party.AGENT if account == agent_of(standing) else None


def may_see(standing: Standing, account: str | None) -> bool:
    """Parties see their task always; others a public one from its funding on, or from the start if it asks for bids."""
    if account is not None and party_of(standing, account) is not None:
        return True
    if standing.task.visibility != "public":
        return False
    shown = standing.escrow is not None or standing.fund_intent is not None
    return shown or standing.task.payment == Payment.AT_AWARD


def buyer_awards(task: TaskFacts) -> bool:
    """Whether no auctioneer is named."""
    return task.awarder in (NOBODY, task.buyer)


def veto_until(standing: Standing, held: EscrowFacts) -> int | None:
    """The veto's last second, or None where nobody but the buyer chose the agent."""
    task = standing.task
    if task.veto_seconds == 0 or task.agent != NOBODY or buyer_awards(task):
        return None
    return held.since + task.veto_seconds
