"""How a party's signature becomes a call: every verb says what is signed, and one way carries it.

A verb's action loads, decides and returns a Signable, for `prepare` and for the signed request alike, so that what
was refused before signing is refused after it too. Nothing is stored before the signature is verified.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.agents.actions import Registry
from app.chain import contracts, signatures
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.chain.typed_data import Terms, TokenDomain, TypedData
from app.database import Address, TaskId
from app.relayer import actions as relayer
from app.relayer.models import Intent
from app.relayer.queries import intent_by_key
from app.spending import actions as spending
from app.tasks import queries
from app.tasks.queries import TaskView
from app.tasks.sponsoring import open_pot


@dataclass(frozen=True)
class Desk:
    """Who asks, in which transaction, and about which contracts."""

    session: AsyncSession
    account: Address
    deployment: Deployment
    chain: AsyncChain
    token: TokenDomain
    auctioneer: Address | None
    permit2: Address | None
    fee_bps: int

    @property
    def registry(self) -> Registry:
        """Who controls which agent, where the mirror cannot tell."""
        return Registry(self.chain, self.deployment)

    async def glance(self, task_id: TaskId) -> TaskView:
        """A task that the account may see, not locked. Raises NotFound."""
        return await queries.visible_task(self.session, task_id, self.account)

    async def task(self, task_id: TaskId) -> TaskView:
        """A task that the account may see, locked. Raises NotFound."""
        return await queries.visible_task(self.session, task_id, self.account, locked=True)


@dataclass(frozen=True)
class Message:
    """What a party signs; `deadline` is None where the message has another end."""

    typed_data: TypedData
    deadline: int | None


@dataclass(frozen=True)
class Signable(Message):
    """A message whose one signature makes a call."""

    verb: str
    task_id: TaskId | None
    to: Address
    call: Callable[[bytes], bytes]
    spends: int = 0
    """What it takes from its signer, in base units."""


@dataclass(frozen=True)
class Payable(Message):
    """Two messages of one party, of which `payment` moves the money: the two signatures make a call."""

    payment: TypedData
    verb: str
    task_id: TaskId
    to: Address
    call: Callable[[bytes, bytes], bytes]
    spends: int = 0


Verb = Callable[[], Awaitable[Signable]]
PaidVerb = Callable[[], Awaitable[Payable]]
"""An action with all its arguments, not yet run."""


def escrow_signable(
    desk: Desk,
    view: TaskView,
    verb: str,
    typed_data: TypedData,
    deadline: int,
    call: Callable[[Terms, bytes], bytes],
    *,
    spends: int = 0,
) -> Signable:
    """A verb of the escrow whose last argument is `auth` without a role."""
    terms = view.task.terms
    return Signable(
        verb=verb,
        task_id=view.task_id,
        to=desk.deployment.escrow,
        typed_data=typed_data,
        deadline=deadline,
        call=lambda signature: call(terms, contracts.pack_auth(deadline, signature)),
        spends=spends,
    )


def request_key(desk: Desk, verb: str, task_id: TaskId | None, request: str) -> str:
    """The key of one signed request: sent again it is the same intent, whatever has become of the task."""
    digest = hashlib.sha256(f"{desk.account}\n{request}".encode()).hexdigest()
    return f"{verb}:{task_id or 'several'}:{digest}"


async def carried(desk: Desk, key: str, signature: bytes, verb: Verb) -> Intent:
    """The intent of a signed request: the one it has already, or a new one once its rules and signature hold."""
    known = await intent_by_key(desk.session, key)
    return known or await carry(desk, key, await verb(), signature)


async def carry(desk: Desk, key: str, signable: Signable, signature: bytes) -> Intent:
    """Verifies and enqueues. Raises BadSignature, and then nothing has changed."""
    await signatures.verify(desk.chain, signable.typed_data, signature, desk.account)
    intent = await enqueue(desk, key, signable.verb, signable.task_id, signable.to, signable.call(signature))
    return await spent(desk, intent, signable.spends)


async def carried_paid(desk: Desk, key: str, signature: bytes, payment_signature: bytes, verb: PaidVerb) -> Intent:
    """As `carried`, for two signatures of one party."""
    known = await intent_by_key(desk.session, key)
    if known is not None:
        return known
    payable = await verb()
    await signatures.verify(desk.chain, payable.typed_data, signature, desk.account)
    await signatures.verify(desk.chain, payable.payment, payment_signature, desk.account)
    call = payable.call(signature, payment_signature)
    intent = await enqueue(desk, key, payable.verb, payable.task_id, payable.to, call)
    return await spent(desk, intent, payable.spends)


async def spent(desk: Desk, intent: Intent, amount: int) -> Intent:
    """Remembers what an intent would take from the account, for its own spend policy."""
    if amount:
        await spending.record(desk.session, intent.id, desk.account, amount)
    return intent


async def carry_unsigned(desk: Desk, verb: str, task_id: TaskId, data: bytes) -> Intent:
    """Enqueues a verb that anybody may call; after a failure a new request is a new intent."""
    failures = await queries.failed_intents(desk.session, task_id, [verb])
    return await enqueue(desk, f"{verb}:{task_id}:{failures}", verb, task_id, desk.deployment.escrow, data)


async def enqueue(desk: Desk, key: str, verb: str, task_id: TaskId | None, to: Address, data: bytes) -> Intent:
    """Hands a call to the relayer's outbox, in this transaction; its task's pot is there before it."""
    if task_id is not None:
        await open_pot(desk.session, task_id, desk.fee_bps)
    return await relayer.enqueue(
        desk.session, key=key, verb=verb, task_id=task_id, account=desk.account, to=to, data=data
    )
