"""Wire shapes of tasks. Inside `terms` the names are the contract's; amounts leave as strings of base units."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.chain.typed_data import Terms
from app.escrow.models import EscrowEvent
from app.escrow.queries import ChainClock
from app.escrow.rules import Refund
from app.escrow.schemas import EscrowOut, Finality, escrow_out, finality_of
from app.relayer.models import Intent
from app.relayer.schemas import IntentOut
from app.tasks.actions import Posting
from app.tasks.models import Auction, Offer
from app.tasks.queries import TaskView
from app.tasks.rules import Payment, TaskState
from app.tasks.rules.plans import WHOLE_QUALITY, AuctionKind, AuctionPlan
from app.tasks.rules.terms import TermsWarning, warnings_of
from app.tasks.signing import Message, Payable
from app.web.fields import (
    AddressField,
    AgentId,
    Amount,
    Bps,
    Capability,
    ChainSeconds,
    DigestField,
    Hash32Field,
    Signature,
    TaskIdField,
    Text,
    TypedDataField,
    WireModel,
)

DAY_SECONDS = 86400
MAX_AUCTION_SECONDS = 30 * DAY_SECONDS
Seconds32 = Annotated[int, Field(strict=True, ge=0, le=2**32 - 1)]


class TermsField(WireModel):
    """What buyer and agent agree on, with the contract's names; the task id is made of it."""

    model_config = ConfigDict(alias_generator=to_camel)

    buyer: AddressField
    agent: AddressField
    awarder: AddressField
    arbiter: AddressField
    parent: Hash32Field
    content: Hash32Field
    salt: Hash32Field
    budget: Amount
    child_cap: Amount
    award_by: ChainSeconds
    deliver_by: ChainSeconds
    review_seconds: Seconds32
    veto_seconds: Seconds32
    arbiter_seconds: Seconds32
    default_share_bps: Bps


class AuctionPlanField(WireModel):
    """What is left out takes the kind's default. `value` is what a certain delivery is worth to the buyer, at least the
    budget; a Dutch auction rises from `start_price`; each bid of an open one is `decrement_bps` below the last. Whose
    quality is below `min_quality` (millionths) when the auction opens may not bid."""

    kind: Annotated[AuctionKind, Field(strict=False)]
    duration_seconds: Annotated[int, Field(ge=1, le=MAX_AUCTION_SECONDS)]
    value: Amount | None = None
    reveal_seconds: Annotated[int, Field(ge=1, le=DAY_SECONDS)] | None = None
    start_price: Amount | None = None
    decrement_bps: Annotated[int, Field(ge=0, le=5_000)] | None = None
    extension_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    min_quality: Annotated[int, Field(ge=1, le=WHOLE_QUALITY)] | None = None


class PostTask(WireModel):
    """A task to be stored as a draft."""

    terms: TermsField
    title: Annotated[Text, Field(min_length=1, max_length=200)]
    capability: Capability
    visibility: Literal["public", "private"] = "public"
    auction: AuctionPlanField | None = None
    payment: Literal["in_advance", "at_award"] = "in_advance"

    def posting(self) -> Posting:
        """The request as the action takes it."""
        plan = None if self.auction is None else AuctionPlan(**dict(self.auction))
        terms = Terms(**{name: getattr(self.terms, name) for name in TermsField.model_fields})
        return Posting(terms, self.title, self.capability, self.visibility, plan, Payment(self.payment))


class Asked(WireModel):
    """What a verb is prepared with; without a deadline it is given one."""

    deadline: ChainSeconds | None = None


class Signed(WireModel):
    """What ends every signed request."""

    deadline: ChainSeconds
    signature: Signature


class PaidSigned(WireModel):
    """What ends a request whose money takes a signature of its own."""

    signature: Signature
    payment_signature: Signature | None = None

    @property
    def signatures(self) -> tuple[bytes, bytes]:
        """The party's and the payment's, which is empty where the verb needs none."""
        return bytes.fromhex(self.signature[2:]), bytes.fromhex((self.payment_signature or "0x")[2:])


class SubmitAsked(Asked):
    agent_id: AgentId
    deliverable: DigestField


class SubmitSigned(Signed):
    agent_id: AgentId
    deliverable: DigestField


class ReleaseAsked(Asked):
    amount: Amount


class ReleaseSigned(Signed):
    amount: Amount


class Unsigned(WireModel):
    """An empty body: the verb needs nobody's signature."""


class Prepared(BaseModel):
    """What to sign, and what to send back beside the signature.

    `payment` is a second message, which moves money: its signature goes back as `payment_signature`.
    """

    typed_data: TypedDataField
    params: dict[str, Any]
    deadline: int | None
    payment: TypedDataField | None = None


class Carried(BaseModel):
    """The intent that carries a verb to the chain."""

    intent: IntentOut | None


class AuctionOut(BaseModel):
    """How the agent is chosen. `opening` is the digest of what was fixed when it opened; a sealed auction's bids are
    revealed between `closed_at` and `reveals_until` and read from `ready_at` on. Winner and price are there once the
    award is decided."""

    kind: AuctionKind
    round: int
    duration_seconds: int
    value: Amount | None
    reveal_seconds: int | None
    start_price: Amount | None
    decrement_bps: int | None
    extension_seconds: int | None
    min_quality: int | None
    qualities: DigestField | None
    seed_digest: Hash32Field | None
    opening: DigestField | None
    commit_root: Hash32Field | None
    opened_at: datetime | None
    closes_at: datetime | None
    latest_close_at: datetime | None
    closed_at: datetime | None
    reveals_until: datetime | None
    ready_at: datetime | None
    failed_at: datetime | None
    attempts: int
    winner: DigestField | None
    price: Amount | None
    transcript: DigestField | None


class OfferOut(BaseModel):
    """One party's signed offer that waits for the other's equal one."""

    verb: str
    account: AddressField
    remaining: Amount
    to_agent: Amount | None
    deadline: int
    created_at: datetime


class TaskOut(BaseModel):
    """A task. `finality` is null until money has been seen; `reason` says why something failed or went back,
    `warnings` which of its terms an agent should distrust."""

    task_id: TaskIdField
    title: str
    capability: str
    visibility: str
    payment: Payment
    terms: TermsField
    state: TaskState
    finality: Finality | None
    escrow: EscrowOut | None
    auction: AuctionOut | None
    offers: list[OfferOut]
    created_at: datetime
    reason: str | None
    warnings: list[TermsWarning]


class SubmissionOut(BaseModel):
    agent_id: int
    deliverable: Hash32Field
    submitted_at: int
    block_number: int
    tx_hash: Hash32Field
    finality: Finality


def task_out(view: TaskView, offers: list[Offer] | None = None, *, published: Collection[str] | None = None) -> TaskOut:
    """The wire shape of a task; `offers` are for its parties' eyes, `published` are the deployment's arbiters."""
    task, escrow = view.task, view.escrow
    return TaskOut(
        task_id=task.task_id,
        title=task.title,
        capability=task.capability,
        visibility=task.visibility,
        payment=Payment(task.payment),
        terms=terms_field(task.terms),
        state=view.state,
        finality=None if escrow is None else finality_of(escrow.last_block, view.clock),
        escrow=None if escrow is None else escrow_out(escrow, view.clock),
        auction=None if view.auction is None else auction_out(view.auction),
        offers=[offer_out(offer) for offer in offers or []],
        created_at=task.created_at,
        reason=reason_of(view),
        warnings=warnings_of(task.terms, published),
    )


def terms_field(terms: Terms) -> TermsField:
    """Terms with the contract's names."""
    return TermsField.model_validate(terms.message())


def reason_of(view: TaskView) -> str | None:
    """Why the task stands where nobody wanted it."""
    match view.state:
        case TaskState.FUNDING_FAILED:
            return intent_reason(view.fund_intent)
        case TaskState.AWARD_FAILED | TaskState.INVITING:
            return intent_reason(view.award_intent)
        case TaskState.REFUNDED if view.escrow is not None and view.escrow.refund_reason is not None:
            return Refund(view.escrow.refund_reason).name.lower()
        case _:
            return None


def intent_reason(intent: Intent | None) -> str | None:
    """The contract's error where it gave one, a token's plain words as they are, else the relayer's word."""
    if intent is None:
        return None
    error = intent.error or {}
    if error.get("name") == "Error":
        return str(error.get("args", {}).get("message") or error.get("text") or intent.reason)
    return str(error["name"]) if error.get("name") else intent.reason


def auction_out(auction: Auction) -> AuctionOut:
    """The wire shape of an auction."""
    return AuctionOut(**{name: getattr(auction, name) for name in AuctionOut.model_fields})


def offer_out(offer: Offer) -> OfferOut:
    """An offer without its signature."""
    return OfferOut(**{name: getattr(offer, name) for name in OfferOut.model_fields})


def submission_out(event: EscrowEvent, clock: ChainClock) -> SubmissionOut:
    """One TaskSubmitted."""
    return SubmissionOut(
        agent_id=int(event.args["agentId"]),
        deliverable=event.args["deliverable"],
        submitted_at=event.block_timestamp,
        block_number=event.block_number,
        tx_hash=event.tx_hash,
        finality=finality_of(event.block_number, clock),
    )


def prepared(message: Message, body: Asked) -> Prepared:
    """The answer to a prepare request."""
    params = body.model_dump(mode="json", exclude={"deadline"}, exclude_none=True)
    payment = dict(message.payment) if isinstance(message, Payable) else None
    return Prepared(typed_data=dict(message.typed_data), params=params, deadline=message.deadline, payment=payment)


def carried_out(intent: Intent) -> Carried:
    """The answer to a signed request."""
    return Carried(intent=IntentOut.of(intent))
