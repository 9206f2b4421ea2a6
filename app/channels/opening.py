"""A payer's channel with the marketplace as sequencer: opened, filled up and closed by his signature alone, carried for
him. Nothing here commits, and nothing is stored before the signature is verified."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.chain import channels, contracts
from app.chain.channels import Channel, channel_id, contract_of
from app.chain.contracts import Authorization
from app.chain.rpc import AsyncChain
from app.chain.signatures import verify
from app.chain.typed_data import ZERO_ADDRESS, TokenDomain, TypedData
from app.channels import queries
from app.channels.actions import struct_of
from app.channels.mirror_rules import ChannelState
from app.channels.sequencing import Sequencer
from app.database import Address, Hash32, TaskId
from app.errors import ChannelUnfit, NotFound
from app.escrow.queries import chain_clock
from app.relayer import actions as relayer
from app.relayer.models import Intent
from app.relayer.queries import intent_by_key
from app.relayer.rules import checked_deadline
from app.spending import actions as spending
from app.spending.rules import Payment

CAPABILITY = "payment-channel"
"""What a spend policy calls money that is put into a channel."""


@dataclass(frozen=True)
class Counter:
    """Where a payer is served: in which transaction, by which sequencer, with which token."""

    session: AsyncSession
    chain: AsyncChain
    sequencer: Sequencer
    token: TokenDomain
    payer: Address


@dataclass(frozen=True)
class Signable:
    """What the payer signs, and the call that his signature makes. `spends` is what it takes from him."""

    verb: str
    channel_id: Hash32
    typed_data: TypedData
    deadline: int
    call: Callable[[bytes], bytes]
    spends: int = 0


def wished(counter: Counter, signer: Address | None, challenge_seconds: int, salt: Hash32 | None) -> Channel:
    """The channel that a payer asks for; its salt is drawn where he brings none."""
    return Channel(
        payer=counter.payer,
        payee=ZERO_ADDRESS,
        sequencer=counter.sequencer.address,
        signer=ZERO_ADDRESS if signer is None or signer == counter.payer else signer,
        challenge_seconds=challenge_seconds,
        salt=salt or Hash32("0x" + secrets.token_hex(32)),
    )


async def opening(counter: Counter, channel: Channel, deposit: int, valid_before: int | None) -> Signable:
    """EIP-3009: the token takes the deposit by one signature, whose nonce is the channel's id. Raises DeadlinePassed,
    SpendRefused, ApprovalNeeded."""
    deployment = counter.sequencer.deployment
    until, named = await deadline_of(counter, valid_before), channel_id(channel, deployment)
    await spending.allow(counter.session, counter.payer, Payment(TaskId(named), deposit, None, CAPABILITY))
    return Signable(
        verb="open_channel",
        channel_id=named,
        typed_data=channels.open_authorization(deployment, counter.token, channel, deposit, 0, until),
        deadline=until,
        call=lambda signature: channels.call_open_with_authorization(
            channel, deposit, Authorization(0, until, signature)
        ),
        spends=deposit,
    )


async def topping_up(
    counter: Counter, named: Hash32, amount: int, salt: Hash32 | None, valid_before: int | None
) -> tuple[Signable, Hash32]:
    """More money, once for each salt. Raises NotFound, ChannelUnfit and what `opening` raises."""
    channel, deployment = await own_open(counter, named), counter.sequencer.deployment
    until, drawn = await deadline_of(counter, valid_before), salt or Hash32("0x" + secrets.token_hex(32))
    await spending.allow(counter.session, counter.payer, Payment(TaskId(named), amount, None, CAPABILITY))
    typed = channels.top_up_authorization(deployment, counter.token, channel, amount, drawn, 0, until)
    signable = Signable(
        verb="top_up_channel",
        channel_id=named,
        typed_data=typed,
        deadline=until,
        call=lambda signature: channels.call_top_up_with_authorization(
            channel, amount, drawn, Authorization(0, until, signature)
        ),
        spends=amount,
    )
    return signable, drawn


async def closing(counter: Counter, named: Hash32, deadline: int | None) -> Signable:
    """Begins the challenge period; what is left comes back after it. Raises NotFound, ChannelUnfit, DeadlinePassed."""
    channel = await own_open(counter, named)
    until = await deadline_of(counter, deadline)
    return Signable(
        verb="close_channel",
        channel_id=named,
        typed_data=channels.start_close(counter.sequencer.deployment, named, until),
        deadline=until,
        call=lambda signature: channels.call_start_close(channel, contracts.pack_auth(until, signature)),
    )


async def carried(counter: Counter, signable: Signable, signature: bytes) -> Intent:
    """The intent of a signed verb, the one that it has already where it came before. Raises BadSignature."""
    await verify(counter.chain, signable.typed_data, signature, counter.payer)
    data = signable.call(signature)
    key = f"{signable.verb}:{hashlib.sha256(data).hexdigest()}"
    known = await intent_by_key(counter.session, key)
    if known is not None:
        return known
    intent = await relayer.enqueue(
        counter.session,
        key=key,
        verb=signable.verb,
        task_id=None,
        account=counter.payer,
        to=contract_of(counter.sequencer.deployment),
        data=data,
    )
    if signable.spends:
        await spending.record(counter.session, intent.id, counter.payer, signable.spends)
    return intent


async def own_open(counter: Counter, named: Hash32) -> Channel:
    """The payer's open channel. Raises NotFound, ChannelUnfit."""
    found = await queries.channel_of(counter.session, named)
    if found is None or found.payer != counter.payer:
        raise NotFound(kind="channel")
    if found.state != ChannelState.OPEN:
        raise ChannelUnfit(reason="it is closing or closed")
    return struct_of(found)


async def deadline_of(counter: Counter, asked: int | None) -> int:
    """Until when a signature holds. Raises DeadlinePassed, DeadlineTooFar."""
    return checked_deadline(asked, (await chain_clock(counter.session)).timestamp)
