"""Registering an agent for its owner, and saying what it is."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents import queries
from app.agents.models import AgentProfile
from app.agents.rules import REGISTRATION_SECONDS, check_registration, require_controller
from app.announcements.actions import announce
from app.chain.contracts import call_data, decode_result, register_for
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.chain.signatures import verify
from app.chain.typed_data import TypedData, digest
from app.chain.typed_data import register as register_message
from app.database import Address
from app.errors import NotFound
from app.escrow.queries import chain_clock
from app.relayer.actions import enqueue
from app.relayer.models import Intent
from app.relayer.queries import intent_by_key


@dataclass(frozen=True)
class Registration:
    """What an owner signs to have an agent registered. `deadline` is in seconds of the chain."""

    owner: Address
    agent_uri: str
    nonce: int
    deadline: int

    def message(self, deployment: Deployment) -> TypedData:
        return register_message(deployment, self.owner, self.agent_uri, self.nonce, self.deadline)


@dataclass(frozen=True)
class Profile:
    """What a controller says of an agent."""

    name: str
    description: str
    endpoint: str | None


async def prepare_registration(
    session: AsyncSession, chain: AsyncChain, deployment: Deployment, owner: Address, agent_uri: str
) -> Registration:
    """The registration to sign, with the nonce that the registry expects next. Raises ChainUnavailable."""
    clock = await chain_clock(session)
    nonce = await registration_nonce(chain, deployment, owner)
    return Registration(owner, agent_uri, nonce, clock.timestamp + REGISTRATION_SECONDS)


async def register(
    session: AsyncSession, chain: AsyncChain, deployment: Deployment, asked: Registration, signature: bytes
) -> Intent:
    """Has a signed registration carried; the same one again answers the same intent.

    Raises BadSignature, RegistrationNonceUsed, RegistrationDeadlineRefused and ChainUnavailable.
    """
    message = asked.message(deployment)
    await verify(chain, message, signature, asked.owner)
    key = f"register:{digest(message)}"
    existing = await intent_by_key(session, key)
    if existing is not None:
        return existing
    clock = await chain_clock(session)
    expected = await registration_nonce(chain, deployment, asked.owner)
    check_registration(asked.nonce, asked.deadline, expected_nonce=expected, chain_time=clock.timestamp)
    data = register_for(asked.owner, asked.agent_uri, asked.deadline, signature)
    return await enqueue(
        session, key=key, verb="register", task_id=None, account=asked.owner, to=deployment.identity, data=data
    )


async def describe(session: AsyncSession, agent_id: int, account: Address, profile: Profile) -> queries.Agent:
    """Writes the agent's profile. Raises NotFound and NotController."""
    agent = await queries.agent_of(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    require_controller(agent.owner, agent.wallet, account, agent_id=agent_id, verb="describe")
    said = {**vars(profile), "updated_by": account, "updated_at": func.clock_timestamp()}
    written = insert(AgentProfile).values(agent_id=agent_id, **said)
    stored = written.on_conflict_do_update(index_elements=[AgentProfile.agent_id], set_=said).returning(AgentProfile)
    row = (await session.scalars(stored, execution_options={"populate_existing": True})).one()
    await announce(session, "agent.described", f"agent:{agent_id}", {"name": profile.name})
    return queries.Agent(agent, row)


async def registration_nonce(chain: AsyncChain, deployment: Deployment, owner: Address) -> int:
    """The nonce that `owner` signs next, as the chain says now. Raises ChainUnavailable."""
    asked = call_data("IdentityRegistry", "registrationNonce", owner)
    answer = await chain.call(deployment.identity, asked)
    return int(decode_result("IdentityRegistry", "registrationNonce", answer)[0])
