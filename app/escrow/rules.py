"""What an escrow is: a fold over the events of its task. Amounts are base units, times unix seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from app.chain.events import ZERO_ADDRESS, ChainEvent


class State(IntEnum):
    """Where a task is, with the contract's numbers. Everything above DISPUTED is over."""

    NONE = 0
    FUNDED = 1
    AWARDED = 2
    SUBMITTED = 3
    DISPUTED = 4
    RELEASED = 5
    CLAIMED = 6
    SETTLED = 7
    RULED = 8
    REFUNDED = 9


class Refund(IntEnum):
    """Why money went back to the buyer, with the contract's numbers."""

    VETOED = 0
    CANCELLED_BY_BUYER = 1
    CANCELLED_BY_AGENT = 2
    CANCELLED_TOGETHER = 3
    RECLAIMED = 4


def is_over(state: int) -> bool:
    """Whether the state holds no money and is never left."""
    return state > State.DISPUTED


@dataclass(slots=True)
class FoldedEscrow:
    """The columns of one mirrored escrow (app.escrow.models.Escrow says what they mean).

    Not frozen, since a fold alone holds it while it works: copying 45 fields at each event cost more than all else.
    """

    task_id: str
    chain_id: int
    escrow: str
    buyer: str
    terms_agent: str
    awarder: str
    arbiter: str
    parent: str
    content: str
    salt: str
    budget: int
    child_cap: int
    award_by: int
    deliver_by: int
    review_seconds: int
    veto_seconds: int
    arbiter_seconds: int
    default_share_bps: int
    state: int
    remaining: int
    since: int
    funded_block: int
    funded_tx: str
    last_block: int
    last_log_index: int
    last_tx: str
    last_timestamp: int
    agent_id: int | None = None
    agent: str | None = None
    payee: str | None = None
    price: int | None = None
    bid_digest: str | None = None
    transcript: str | None = None
    deliverable: str | None = None
    disputed_by: str | None = None
    evidence: str | None = None
    paid: int = 0
    fees: int = 0
    refunded: int = 0
    delegated: int = 0
    refund_reason: int | None = None
    share_bps: int | None = None
    by_default: bool | None = None
    reasons: str | None = None


SETTLED = frozenset(
    {
        *("chain_id", "escrow", "buyer", "terms_agent", "awarder", "arbiter", "parent", "content", "salt"),
        *("budget", "child_cap", "award_by", "deliver_by", "review_seconds", "veto_seconds", "arbiter_seconds"),
        *("default_share_bps", "funded_block", "funded_tx"),
    }
)
"""What TaskFunded says once and for all: later events neither read nor change it."""
ADDED = frozenset(
    {
        *("agent_id", "agent", "payee", "price", "bid_digest", "transcript", "deliverable", "disputed_by", "evidence"),
        *("refund_reason", "share_bps", "by_default", "reasons"),
    }
)
"""What later events set and never read, and never take back."""


@dataclass(frozen=True, slots=True)
class FoldedOwed:
    """What waits for one owner."""

    owner: str
    amount: int
    last_block: int


class EventBeforeFunding(Exception):
    """A task's events do not begin with TaskFunded: something is missing from what was read."""

    def __init__(self, event: ChainEvent) -> None:
        self.event = event
        super().__init__(f"{event.name} at block {event.block_number} comes before TaskFunded")


def fold_escrow(
    events: Iterable[ChainEvent], *, chain_id: int, escrow: str, begun: FoldedEscrow | None = None
) -> FoldedEscrow | None:
    """The escrow after all of a task's events, in the chain's order; None where it was never funded.

    With `begun`, what earlier events made, only the later ones are needed; it is changed. What a parent's children
    took and gave back is among its own events. Raises EventBeforeFunding where an event that needs money comes before
    TaskFunded.
    """
    folded = begun
    for event in events:
        if event.name == "BidRevoked":
            # Anyone may revoke a bid that he made up, on any task: it must not even make a final row pending.
            continue
        if event.name == "TaskFunded":
            folded = _fund(event, chain_id, escrow)
        elif folded is None:
            raise EventBeforeFunding(event)
        else:
            _apply(folded, event)
            _touch(folded, event)
    return folded


def fold_owed(owner: str, events: Iterable[ChainEvent]) -> FoldedOwed | None:
    """What failed pushes left for `owner`, less what he withdrew; None without any event."""
    amount, last_block = 0, None
    for event in events:
        sign = {"PaymentOwed": 1, "Withdrawn": -1}[event.name]
        amount, last_block = amount + sign * int(event.args["amount"]), event.block_number
    return None if last_block is None else FoldedOwed(owner, amount, last_block)


def _fund(event: ChainEvent, chain_id: int, escrow: str) -> FoldedEscrow:
    terms = event.args["terms"]
    hired = None if terms["agent"] == ZERO_ADDRESS else terms["agent"]
    return FoldedEscrow(
        task_id=event.args["taskId"],
        chain_id=chain_id,
        escrow=escrow,
        buyer=terms["buyer"],
        terms_agent=terms["agent"],
        awarder=terms["awarder"],
        arbiter=terms["arbiter"],
        parent=terms["parent"],
        content=terms["content"],
        salt=terms["salt"],
        budget=int(terms["budget"]),
        child_cap=int(terms["childCap"]),
        award_by=terms["awardBy"],
        deliver_by=terms["deliverBy"],
        review_seconds=terms["reviewSeconds"],
        veto_seconds=terms["vetoSeconds"],
        arbiter_seconds=terms["arbiterSeconds"],
        default_share_bps=terms["defaultShareBps"],
        state=State.FUNDED,
        remaining=int(terms["budget"]),
        since=event.block_timestamp,
        funded_block=event.block_number,
        funded_tx=event.tx_hash,
        last_block=event.block_number,
        last_log_index=event.log_index,
        last_tx=event.tx_hash,
        last_timestamp=event.block_timestamp,
        agent=hired,
        payee=hired,
    )


def _apply(folded: FoldedEscrow, event: ChainEvent) -> None:
    args = event.args
    match event.name:
        case "TaskAwarded":
            _award(folded, event)
        case "TaskSubmitted":
            _submit(folded, event)
        case "TaskReleased":
            _release(folded, event)
        case "TaskRefunded":
            _enter(folded, State.REFUNDED, event)
            _pay_back(folded, int(args["amount"]))
            folded.refund_reason = args["reason"]
        case "TaskDisputed":
            _enter(folded, State.DISPUTED, event)
            folded.disputed_by, folded.evidence = args["by"], args["evidence"]
        case "TaskSettled":
            _enter(folded, State.SETTLED, event)
            _split(folded, event)
        case "TaskRuled":
            _enter(folded, State.RULED, event)
            _split(folded, event)
            folded.share_bps, folded.by_default, folded.reasons = args["shareBps"], args["byDefault"], args["reasons"]
        case "ChildFunded":
            _delegate(folded, int(args["amount"]))
        case "ChildReturned":
            _delegate(folded, -int(args["amount"]))
            if args["toBuyer"]:
                # Once this task is over, what a child gives back passes through it to the buyer.
                _pay_back(folded, int(args["amount"]))
        case "PaymentOwed":
            pass  # Booked by the event that caused it: only the payment's way to the owner is longer.
        case other:
            raise ValueError(f"{other} is no event of a task")


def _award(folded: FoldedEscrow, event: ChainEvent) -> None:
    args = event.args
    _enter(folded, State.AWARDED, event)
    _pay_back(folded, int(args["surplus"]))
    folded.agent_id, folded.agent, folded.payee = int(args["agentId"]), args["agent"], args["payee"]
    folded.price, folded.bid_digest, folded.transcript = int(args["price"]), args["bidDigest"], args["transcript"]


def _submit(folded: FoldedEscrow, event: ChainEvent) -> None:
    """Always later than before, as in the contract: a signed submission names the `since` that it saw."""
    folded.state = State.SUBMITTED
    folded.since = max(event.block_timestamp, folded.since + 1)
    folded.agent_id, folded.deliverable = int(event.args["agentId"]), event.args["deliverable"]


def _release(folded: FoldedEscrow, event: ChainEvent) -> None:
    _pay_agent(folded, int(event.args["amount"]), int(event.args["fee"]))
    if int(event.args["remaining"]) == 0:
        _enter(folded, State.CLAIMED if event.args["claimed"] else State.RELEASED, event)


def _split(folded: FoldedEscrow, event: ChainEvent) -> None:
    _pay_agent(folded, int(event.args["toAgent"]), int(event.args["fee"]))
    _pay_back(folded, int(event.args["toBuyer"]))


def _pay_agent(folded: FoldedEscrow, gross: int, fee: int) -> None:
    folded.paid += gross
    folded.fees += fee
    folded.remaining -= gross


def _pay_back(folded: FoldedEscrow, amount: int) -> None:
    folded.refunded += amount
    folded.remaining -= amount


def _delegate(folded: FoldedEscrow, amount: int) -> None:
    """Money goes from the task into a child, or back where `amount` is negative."""
    folded.delegated += amount
    folded.remaining -= amount


def _enter(folded: FoldedEscrow, state: State, event: ChainEvent) -> None:
    folded.state, folded.since = state, 0 if is_over(state) else event.block_timestamp


def _touch(folded: FoldedEscrow, event: ChainEvent) -> None:
    folded.last_block, folded.last_log_index = event.block_number, event.log_index
    folded.last_tx, folded.last_timestamp = event.tx_hash, event.block_timestamp
