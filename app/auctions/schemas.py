"""Wire shapes of auctions and bids. Inside `bid` the names are the contract's."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.auctions.actions import Choice
from app.auctions.commit_rows import Commit
from app.auctions.commits import MAX_BATCH
from app.auctions.models import BidCommit, CounterOffer, PlacedBid
from app.chain.typed_data import ZERO_HASH, Bid
from app.database import Address, TaskId
from app.tasks.funding import Validity
from app.tasks.schemas import Asked, AuctionOut, PaidSigned, Prepared, Signed, prepared
from app.tasks.signing import Payable
from app.web.fields import (
    AddressField,
    AgentId,
    Amount,
    ChainSeconds,
    DigestField,
    Hash32Field,
    Signature,
    TaskIdField,
    Text,
    TypedDataField,
    WireModel,
)
from app.web.problems import Problem


class BidAsked(WireModel):
    """What an agent offers; the salt is added for him."""

    agent_id: AgentId
    payee: AddressField
    min_price: Amount
    min_work_seconds: ChainSeconds
    valid_until: ChainSeconds

    def offer(self, task_id: TaskId, agent: Address) -> Bid:
        """The bid without its salt."""
        return Bid(
            task_id=task_id,
            agent_id=self.agent_id,
            agent=agent,
            payee=self.payee,
            min_price=self.min_price,
            min_work_seconds=self.min_work_seconds,
            valid_until=self.valid_until,
            salt=ZERO_HASH,
        )


class BidField(WireModel):
    """A bid with the contract's names, as it is signed."""

    model_config = ConfigDict(alias_generator=to_camel)

    task_id: TaskIdField
    agent_id: AgentId
    agent: AddressField
    payee: AddressField
    min_price: Amount
    min_work_seconds: ChainSeconds
    valid_until: ChainSeconds
    salt: Hash32Field

    def offer(self) -> Bid:
        """The bid as it is hashed."""
        return Bid(**{name: getattr(self, name) for name in BidField.model_fields})


class BidSigned(WireModel):
    bid: BidField
    signature: Signature


class AwardAsked(Asked):
    bid_digest: DigestField
    price: Amount


class AwardSigned(Signed):
    bid_digest: DigestField
    price: Amount


class AwardAndFundAsked(AwardAsked):
    """`valid_after` and `valid_before` are the EIP-3009 authorization's; the award ends at `deadline`."""

    valid_after: ChainSeconds | None = None
    valid_before: ChainSeconds | None = None

    @property
    def validity(self) -> Validity:
        return Validity(self.valid_after, self.valid_before)

    @property
    def choice(self) -> Choice:
        return Choice(self.bid_digest, self.price)


class AwardAndFundSigned(PaidSigned):
    bid_digest: DigestField
    price: Amount
    deadline: ChainSeconds
    valid_after: ChainSeconds
    valid_before: ChainSeconds
    payment_signature: Signature

    @property
    def validity(self) -> Validity:
        return Validity(self.valid_after, self.valid_before)

    @property
    def choice(self) -> Choice:
        return Choice(self.bid_digest, self.price)


class PreparedBid(BaseModel):
    """What the agent signs, and the bid to send back beside the signature."""

    typed_data: TypedDataField
    bid: BidField


class BidOut(BaseModel):
    bid_digest: DigestField
    bid: BidField
    placed_at: datetime
    withdrawn_at: datetime | None
    struck_at: datetime | None
    struck_reason: str | None
    accepted_price: Amount | None


class CounterAsked(WireModel):
    """What the buyer would pay for a bid, in base units, and his words."""

    price: Amount
    words: Annotated[Text, Field(max_length=2_000)] = ""


class CounterOut(BaseModel):
    """A counter-offer; the last one that was not declined is the one that stands."""

    bid_digest: DigestField
    number: int
    price: Amount
    words: str
    made_at: datetime
    declined_at: datetime | None


class CommitOut(BaseModel):
    """A commitment; `revealed` says whether its bid came in time."""

    agent_id: int
    agent: AddressField
    commitment: Hash32Field
    signature: str
    committed_at: datetime
    revealed: bool


class AuctionRecord(AuctionOut):
    """An auction. `auction_id` is what commitments name; they are shown from the close on, bids from `ready_at` on (of
    open kinds at once), and `transcript` names the stored record of the award."""

    task_id: TaskIdField
    auction_id: Hash32Field
    commits: list[CommitOut]
    bids: list[BidOut]


class CommitAsked(WireModel):
    """`commitment` is keccak256 of the EIP-712 digest of the bid that the agent keeps to itself until the reveal."""

    agent_id: AgentId
    commitment: Hash32Field


class CommitSigned(CommitAsked):
    auction_id: Hash32Field
    signature: Signature

    def commit(self, task_id: TaskId) -> Commit:
        return Commit(task_id, self.agent_id, self.auction_id, self.commitment, bytes.fromhex(self.signature[2:]))


class PlacedCommit(CommitSigned):
    task_id: TaskIdField


class CommitBatch(WireModel):
    """At most a hundred, of different tasks and agents of one wallet."""

    commits: Annotated[list[PlacedCommit], Field(min_length=1, max_length=MAX_BATCH)]


class PreparedCommit(BaseModel):
    typed_data: TypedDataField
    auction_id: Hash32Field


class CommitTaken(BaseModel):
    """What came of one commitment; `problem` is null where it is in."""

    task_id: TaskIdField
    agent_id: int
    accepted: bool
    problem: Problem | None


class CommitsTaken(BaseModel):
    """In the order in which they were sent."""

    results: list[CommitTaken]


class Revealed(BaseModel):
    """The bid is in; nobody sees it before all are shown."""

    agent_id: int
    commitment: Hash32Field
    revealed_at: datetime


def award_and_fund_prepared(payable: Payable, body: AwardAndFundAsked) -> Prepared:
    """The two messages, and the bounds that the payment's carries."""
    said = payable.payment["message"]
    bounds = {"valid_after": said["validAfter"], "valid_before": said["validBefore"]}
    answer = prepared(payable, body)
    return answer.model_copy(update={"params": answer.params | bounds})


def bid_field(bid: Bid) -> BidField:
    """A bid with the contract's names."""
    return BidField.model_validate(bid.message())


def bid_out(placed: PlacedBid) -> BidOut:
    """The wire shape of a placed bid."""
    return BidOut(
        bid_digest=placed.digest,
        bid=bid_field(placed.bid),
        placed_at=placed.placed_at,
        withdrawn_at=placed.withdrawn_at,
        struck_at=placed.struck_at,
        struck_reason=placed.struck_reason,
        accepted_price=placed.accepted_price,
    )


def counter_out(counter: CounterOffer) -> CounterOut:
    """The wire shape of a counter-offer."""
    return CounterOut.model_validate(counter, from_attributes=True)


def commit_out(commit: BidCommit) -> CommitOut:
    """The wire shape of a commitment."""
    return CommitOut(
        agent_id=commit.agent_id,
        agent=commit.agent,
        commitment=commit.commitment,
        signature="0x" + commit.signature.hex(),
        committed_at=commit.committed_at,
        revealed=commit.revealed_at is not None,
    )
