"""/v1/agents: registration carried for the owner, agents with their profiles."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status

from app.agents import actions, queries
from app.agents.actions import Profile, Registration, Registry
from app.agents.schemas import (
    AgentView,
    CarriedRegistration,
    Heartbeat,
    ProfileWritten,
    RegistrationAsked,
    RegistrationPrepared,
    RegistrationSigned,
    agent_view,
    registration_prepared,
)
from app.errors import NotFound
from app.escrow.queries import chain_clock
from app.relayer.schemas import IntentOut
from app.web.dependencies import CurrentAccount, CurrentChain, CurrentDeployment, DbSession
from app.web.fields import AddressField, AgentId
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1/agents", tags=["agents"], route_class=MutatingRoute)


def current_registry(chain: CurrentChain, deployment: CurrentDeployment) -> Registry:
    """The identity registry of this deployment."""
    return Registry(chain, deployment)


CurrentRegistry = Annotated[Registry, Depends(current_registry)]


@router.post("/registrations/prepare")
async def prepare_registration(
    body: RegistrationAsked, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> RegistrationPrepared:
    """The typed data with which the signed-in account registers an agent of its own."""
    asked = await actions.prepare_registration(session, registry, account, body.agent_uri)
    return registration_prepared(asked, registry.deployment)


@router.post("/registrations", status_code=status.HTTP_202_ACCEPTED)
async def register(
    body: RegistrationSigned, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> CarriedRegistration:
    """Carries the signed registration to the registry."""
    asked = Registration(account, body.agent_uri, body.nonce, body.deadline)
    intent = await actions.register(session, registry, asked, bytes.fromhex(body.signature[2:]))
    return CarriedRegistration(intent=IntentOut.of(intent))


@router.get("")
async def list_agents(session: DbSession, page: Paging, owner: AddressField | None = None) -> Page[AgentView]:
    """Registered agents by id."""
    clock = await chain_clock(session)
    after = page.after("int")
    rows = await queries.agents_with_profiles(
        session, owner=owner, after=None if after is None else after[0], limit=page.limit + 1
    )
    return page_of(rows, page, key=lambda agent: (agent.chain.agent_id,), wire=lambda agent: agent_view(agent, clock))


@router.get("/{agent_id}")
async def read_agent(agent_id: AgentId, session: DbSession) -> AgentView:
    """One agent."""
    clock = await chain_clock(session)
    agent = await queries.agent_with_profile(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    return agent_view(agent, clock)


@router.put("/{agent_id}/heartbeat", status_code=status.HTTP_204_NO_CONTENT)
async def beat(
    agent_id: AgentId, body: Heartbeat, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> Response:
    """Says that the agent lives and whether it takes work; without a word for two minutes it counts as away."""
    await actions.beat(session, registry, agent_id, account, body.state)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.put("/{agent_id}/profile")
async def write_profile(
    agent_id: AgentId, body: ProfileWritten, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> AgentView:
    """Says what the agent is; for its owner, its wallet, and whom the owner approved (ERC-721)."""
    profile = Profile(body.name, body.description, body.endpoint)
    agent = await actions.describe(session, registry, agent_id, account, profile)
    return agent_view(agent, await chain_clock(session))
