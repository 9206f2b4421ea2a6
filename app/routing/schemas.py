"""Wire shapes of routing and calls."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from app.chain.channels import voucher
from app.chain.deployment import Deployment
from app.channels.actions import Due
from app.channels.models import ChannelVoucher
from app.errors import ChannelNeeded
from app.routing.actions import Asked
from app.routing.models import Call
from app.routing.rules import Candidate, Choice, Considered, Wanted
from app.routing.rules.choice import Preference
from app.routing.streaming import NUL
from app.web.fields import (
    AddressField,
    Amount,
    Capability,
    Hash32Field,
    Signature,
    Text,
    TypedDataField,
    WireModel,
)

Version = Annotated[Text, Field(pattern=r"^(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})$")]
Millionths = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Prefer = Literal["speed", "balanced", "cost"]


def refuse_unsendable(value: Any) -> Any:
    """JSON that every agent can read and the database can store: integers of 64 bits, no NUL, no half characters."""
    try:
        text = orjson.dumps(value)
    except TypeError as error:
        raise PydanticCustomError(
            "unsendable", "The input cannot be sent as JSON: {reason}.", {"reason": str(error)}
        ) from None
    if NUL.search(text):
        raise PydanticCustomError("unsendable", "The input must not contain NUL characters.")
    return value


Sendable = Annotated[Any, AfterValidator(refuse_unsendable)]


class RouteAsked(WireModel):
    """What a call needs; what is left out does not narrow. `keeps_to` is a version of the catalogue, `region` a tag
    `region:…` of the listing, `prefer` what counts more of two agents that do."""

    capability: Capability
    max_price: Amount | None = None
    min_quality: Millionths | None = None
    max_latency_ms: Annotated[int, Field(strict=True, ge=1, le=600_000)] | None = None
    keeps_to: Version | None = None
    region: Annotated[Text, Field(min_length=1, max_length=33)] | None = None
    prefer: Prefer = "balanced"

    def wanted(self) -> Wanted:
        """The request as the rules take it."""
        return Wanted(
            capability=self.capability,
            max_price=self.max_price,
            min_quality=self.min_quality,
            max_latency_ms=self.max_latency_ms,
            keeps_to=self.keeps_to,
            region=self.region,
            prefer=Preference(self.prefer),
        )


class ConsideredOut(BaseModel):
    """An agent that was looked at, and its burden: the smaller one is chosen."""

    agent_id: int
    price: Amount
    quality: int
    latency_ms: float
    in_flight: int
    success: float
    probe: bool
    burden: float


class RouteOut(BaseModel):
    """Who does it now, where, and why. `reason`: less burden, only (no other may be called), probe (of a breaker)."""

    agent_id: int
    listing_id: str
    endpoint: str
    price: Amount
    quality: int
    reason: str
    considered: list[ConsideredOut]


class CallAsked(RouteAsked):
    """`call_id` names the call: sent again, it is not done again. `deadline_ms` is for everything, `try_ms` for each
    agent that is asked; `hedge` lets a second agent be asked when the first is slower than usual, and whoever is first
    answers and is paid. Up to `max_price` is paid from `channel_id`; without both only agents that ask nothing are
    called."""

    call_id: Annotated[UUID, Field(strict=False)]
    input: Sendable
    max_price: Amount = 0
    channel_id: Hash32Field | None = None
    deadline_ms: Annotated[int, Field(strict=True, ge=10, le=120_000)] = 30_000
    try_ms: Annotated[int, Field(strict=True, ge=10, le=60_000)] = 10_000
    hedge: Annotated[bool, Field(strict=True)] = False
    priority: Literal["low", "normal", "high"] = "normal"

    def asked(self) -> Asked:
        """The request as the action takes it. Raises ChannelNeeded."""
        if self.max_price and self.channel_id is None:
            raise ChannelNeeded(max_price=self.max_price)
        said = (self.input, self.deadline_ms, self.try_ms, self.hedge, self.priority, self.channel_id)
        return Asked(self.wanted(), *said)


class Paid(WireModel):
    """The payer's signature over the voucher that `due` names."""

    cumulative: Amount
    signature: Signature


class TakeAsked(WireModel):
    wait_seconds: Annotated[float, Field(ge=0, le=25)] = 20


class WorkOut(BaseModel):
    """A call to be answered under its `id` until `expires_at`; `call_id` is the same when it comes again."""

    id: UUID
    call_id: str
    input: Any
    expires_at: datetime


class Taken(BaseModel):
    """`work` is null where nothing came in time: ask again."""

    work: WorkOut | None


class Answered(WireModel):
    """An answer, or why there is none."""

    answer: Sendable = None
    failure: Annotated[Text, Field(min_length=1, max_length=200)] | None = None


class AttemptOut(BaseModel):
    """One try: `ok` is null where nobody waited for it any more."""

    agent_id: int
    hedge: bool
    ms: float
    ok: bool | None
    reason: str | None
    chosen: str
    considered: list[ConsideredOut]


class VoucherBefore(BaseModel):
    """What the payer signed for this payee before, so that he can tell what the next one adds."""

    cumulative: Amount
    signature: Signature


class DueOut(BaseModel):
    """The voucher that a held answer waits for: `price` more than `before` (null: there was none)."""

    channel_id: Hash32Field
    payee: AddressField
    price: Amount
    cumulative: Amount
    before: VoucherBefore | None
    typed_data: TypedDataField


class CallOut(BaseModel):
    """A call and what came of it. `held`: its answer is there, and is served once `due` is paid. `lost`: its process
    went before it had an answer; the same request does it again. `price` is what the answer costs, or what a call on
    its way may cost."""

    call_id: UUID
    state: Literal["running", "held", "answered", "failed", "lost"]
    agent_id: int | None
    channel_id: Hash32Field | None
    price: Amount
    due: DueOut | None
    answer: Any
    problem: str | None
    attempts: list[AttemptOut]
    created_at: datetime
    ended_at: datetime | None


def considered_out(each: Considered, burden: float) -> ConsideredOut:
    return ConsideredOut(
        agent_id=each.agent_id,
        price=each.price,
        quality=each.quality,
        latency_ms=each.latency_ms,
        in_flight=each.in_flight,
        success=each.success,
        probe=each.probe,
        burden=burden,
    )


def route_out(candidate: Candidate, choice: Choice) -> RouteOut:
    """A decision as it is shown."""
    pairs = zip(choice.considered, choice.burdens, strict=True)
    return RouteOut(
        agent_id=candidate.agent_id,
        listing_id=candidate.listing_id,
        endpoint=candidate.endpoint,
        price=candidate.price,
        quality=candidate.quality,
        reason=choice.reason,
        considered=[considered_out(each, burden) for each, burden in pairs],
    )


def attempt_out(stored: dict[str, Any]) -> AttemptOut:
    """A try as it was stored."""
    choice = stored["choice"]
    pairs = zip(choice["considered"], choice["burdens"], strict=True)
    return AttemptOut(
        agent_id=choice["agent_id"],
        hedge=stored["hedge"],
        ms=stored["ms"],
        ok=stored["ok"],
        reason=stored["reason"],
        chosen=choice["reason"],
        considered=[considered_out(Considered(**each), burden) for each, burden in pairs],
    )


def due_out(due: Due, held: ChannelVoucher | None, deployment: Deployment) -> DueOut:
    """The voucher to sign, as it stands now: another answer of the same payee may be paid first."""
    before = 0 if held is None else held.cumulative
    signed = None if held is None else VoucherBefore(cumulative=before, signature="0x" + held.signature.hex())
    return DueOut(
        channel_id=due.channel_id,
        payee=due.payee,
        price=due.price,
        cumulative=before + due.price,
        before=signed,
        typed_data=dict(voucher(deployment, due.channel_id, due.payee, before + due.price)),
    )


def call_out(call: Call, now: datetime, due: DueOut | None = None) -> CallOut:
    """A call as it is shown."""
    is_lost = call.state == "running" and call.deadline < now
    return CallOut.model_validate(
        {
            "call_id": call.call_id,
            "state": "lost" if is_lost else call.state,
            "agent_id": call.agent_id,
            "channel_id": call.channel_id,
            "price": call.price,
            "due": due,
            "answer": None if call.state == "held" else call.answer,
            "problem": call.problem,
            "attempts": [attempt_out(each) for each in call.attempts],
            "created_at": call.created_at,
            "ended_at": call.ended_at,
        }
    )
