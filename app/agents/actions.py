"""Registering an agent for its owner, saying what it is, and who may speak for it."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents import queries
from app.agents.mirror_models import ChainAgent
from app.agents.models import AgentHeartbeat, AgentProfile
from app.agents.rules import REGISTRATION_SECONDS, check_registration, is_controller
from app.announcements.actions import announce
from app.chain.contracts import call_data, decode_result, register_for
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.chain.signatures import verify
from app.chain.typed_data import TypedData, digest
from app.chain.typed_data import register as register_message
from app.database import Address
from app.errors import NotController, NotFound
from app.escrow.queries import chain_clock
from app.relayer.actions import enqueue
from app.relayer.models import Intent
from app.relayer.queries import intent_by_key


@dataclass(frozen=True)
class Registry:
    """The identity registry itself, for what its mirror cannot tell."""

    chain: AsyncChain
    deployment: Deployment

    async def ask(self, name: str, *arguments: object) -> object:
        """The first value that a view answers now. Raises ChainUnavailable."""
        answer = await self.chain.call(self.deployment.identity, call_data("IdentityRegistry", name, *arguments))
        return decode_result("IdentityRegistry", name, answer)[0]


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
    session: AsyncSession, registry: Registry, owner: Address, agent_uri: str
) -> Registration:
    """The registration to sign, with the nonce that the registry expects next. Raises ChainUnavailable."""
    clock = await chain_clock(session)
    nonce = await registration_nonce(registry, owner)
    return Registration(owner, agent_uri, nonce, clock.timestamp + REGISTRATION_SECONDS)


async def register(session: AsyncSession, registry: Registry, asked: Registration, signature: bytes) -> Intent:
    """Has a signed registration carried; the same one again answers the same intent.

    Raises BadSignature, RegistrationNonceUsed, RegistrationDeadlineRefused and ChainUnavailable.
    """
    message = asked.message(registry.deployment)
    await verify(registry.chain, message, signature, asked.owner)
    key = f"register:{digest(message)}"
    existing = await intent_by_key(session, key)
    if existing is not None:
        return existing
    clock = await chain_clock(session)
    expected = await registration_nonce(registry, asked.owner)
    check_registration(asked.nonce, asked.deadline, expected_nonce=expected, chain_time=clock.timestamp)
    data = register_for(asked.owner, asked.agent_uri, asked.deadline, signature)
    to = registry.deployment.identity
    return await enqueue(session, key=key, verb="register", task_id=None, account=asked.owner, to=to, data=data)


async def describe(
    session: AsyncSession, registry: Registry, agent_id: int, account: Address, profile: Profile
) -> queries.Agent:
    """Writes the agent's profile. Raises NotFound and NotController."""
    agent = await queries.agent_of(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    await require_controller(registry, agent, account, verb="describe")
    said = {**vars(profile), "updated_by": account, "updated_at": func.clock_timestamp()}
    written = insert(AgentProfile).values(agent_id=agent_id, **said)
    stored = written.on_conflict_do_update(index_elements=[AgentProfile.agent_id], set_=said).returning(AgentProfile)
    row = (await session.scalars(stored, execution_options={"populate_existing": True})).one()
    await announce(session, "agent.described", f"agent:{agent_id}", {"name": profile.name})
    return queries.Agent(agent, row)


async def beat(session: AsyncSession, registry: Registry, agent_id: int, account: Address, state: str) -> None:
    """A sign of life: ready, busy or away. Only a change of state is announced. Raises NotFound and NotController."""
    agent = await queries.agent_of(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    await require_controller(registry, agent, account, verb="speak for")
    before = await queries.live_state(session, agent_id)
    said = {"state": state, "seen_at": func.clock_timestamp()}
    written = insert(AgentHeartbeat).values(agent_id=agent_id, **said)
    await session.execute(written.on_conflict_do_update(index_elements=[AgentHeartbeat.agent_id], set_=said))
    if before != state:
        await announce(session, "agent.live", f"agent:{agent_id}", {"state": state})


async def registration_nonce(registry: Registry, owner: Address) -> int:
    """The nonce that `owner` signs next, as the chain says now. Raises ChainUnavailable."""
    return int(str(await registry.ask("registrationNonce", owner)))


async def require_controller(registry: Registry, agent: ChainAgent, account: Address, *, verb: str) -> None:
    """Raises NotController, and ChainUnavailable where nobody can tell."""
    if not await controls(registry, agent, account):
        raise NotController(agent_id=agent.agent_id, verb=verb)


class Controlled(Protocol):
    """What is read of an agent to tell who controls it."""

    @property
    def agent_id(self) -> int: ...
    @property
    def owner(self) -> str: ...
    @property
    def wallet(self) -> str | None: ...


async def controls(registry: Registry, agent: Controlled, account: Address) -> bool:
    """As the escrow decides at an award: owner and wallet by the mirror, operators and approvals by the chain itself.

    Approvals make no row: one operator may stand for every agent of an owner. Raises ChainUnavailable.
    """
    if is_controller(agent.owner, agent.wallet, account):
        return True
    return bool(await registry.ask("isController", account, agent.agent_id))
