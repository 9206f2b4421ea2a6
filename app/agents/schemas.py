"""Wire shapes of agents."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.agents.actions import Registration
from app.agents.queries import Agent
from app.agents.rules import Counted, mean_hundredths, share
from app.chain.deployment import Deployment
from app.database import Address
from app.escrow.queries import ChainClock, is_final
from app.relayer.schemas import IntentOut
from app.web.fields import AddressField, ChainSeconds, Signature, Text, TypedDataField, WireModel

MAX_NONCE = 2**53
AgentUri = Annotated[Text, Field(min_length=1, max_length=1024)]
EndpointUrl = Annotated[Text, Field(max_length=500, pattern=r"^https?://[^\s]+$")]


class RegistrationAsked(WireModel):
    """`agent_uri` is where the agent's card is (ERC-8004)."""

    agent_uri: AgentUri


class RegistrationPrepared(BaseModel):
    """What to sign; `deadline` is in seconds of the chain."""

    typed_data: TypedDataField
    nonce: int
    deadline: int


class RegistrationSigned(WireModel):
    agent_uri: AgentUri
    nonce: Annotated[int, Field(ge=0, lt=MAX_NONCE)]
    deadline: ChainSeconds
    signature: Signature


class CarriedRegistration(BaseModel):
    intent: IntentOut


class ProfileWritten(WireModel):
    name: Annotated[Text, Field(min_length=1, max_length=100)]
    description: Annotated[Text, Field(max_length=4000)] = ""
    endpoint: EndpointUrl | None = None


class Heartbeat(WireModel):
    state: Literal["ready", "busy", "away"]


class Figures(BaseModel):
    """Final work in numbers. `success` is the share of finished (paid) work in finished and abandoned work,
    `punctuality` that of delivered work in delivered work and work whose deadline was missed, both as text and null
    without any. Delivery runs from the award, of a direct hire from the funding, to the last submission, in seconds of
    the chain; median and nine tenths of the newest 200 that were paid."""

    awarded: int
    delivered: int
    finished: int
    abandoned: int
    missed: int
    success: str | None
    punctuality: str | None
    median_delivery_seconds: int | None
    p90_delivery_seconds: int | None


class AgentView(BaseModel):
    """`finality` is pending until the last event of the agent is finalized; profile fields are null where unwritten.
    `live` is what the agent last said of itself, null where it never did, and `performance` what its final work adds up
    to, null without any; lists look up neither. `reviews` are those of buyers that stand, `mean_hundredths` the mean of
    their stars."""

    agent_id: int
    owner: AddressField
    wallet: AddressField | None
    uri: str
    registered_block: int
    finality: Literal["pending", "final"]
    name: str | None
    description: str | None
    endpoint: str | None
    live: Literal["ready", "busy", "away"] | None
    reviews: int
    mean_hundredths: int | None
    performance: Figures | None


def agent_view(agent: Agent, clock: ChainClock) -> AgentView:
    """One agent as it is shown."""
    chain, profile = agent.chain, agent.profile
    return AgentView(
        agent_id=chain.agent_id,
        owner=Address(chain.owner),
        wallet=None if chain.wallet is None else Address(chain.wallet),
        uri=chain.uri,
        registered_block=chain.registered_block,
        finality="final" if is_final(chain.last_block, clock) else "pending",
        name=profile.name if profile else None,
        description=profile.description if profile else None,
        endpoint=profile.endpoint if profile else None,
        live=agent.live,
        reviews=agent.reviews,
        mean_hundredths=mean_hundredths(agent.stars, agent.reviews),
        performance=None if agent.performance is None else Figures(**figures(agent.performance)),
    )


def figures(row: Counted) -> dict[str, Any]:
    """The numbers of one sum of work, as Figures has them."""
    return {
        "awarded": row.awarded,
        "delivered": row.delivered,
        "finished": row.finished,
        "abandoned": row.abandoned,
        "missed": row.missed,
        "success": share(row.finished, row.abandoned),
        "punctuality": share(row.delivered, row.missed),
        "median_delivery_seconds": row.median_seconds,
        "p90_delivery_seconds": row.p90_seconds,
    }


def registration_prepared(asked: Registration, deployment: Deployment) -> RegistrationPrepared:
    """A registration to sign."""
    return RegistrationPrepared(typed_data=dict(asked.message(deployment)), nonce=asked.nonce, deadline=asked.deadline)
