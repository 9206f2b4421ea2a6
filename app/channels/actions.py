"""The sequencer's books: what a call may take is reserved, then freed or paid by a voucher. Nothing here commits.

Books are locked before they are read, all of a payer's together, since his credit is over all of them.
"""

from dataclasses import dataclass

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.chain import channels, typed_data
from app.chain.channels import voucher
from app.chain.signatures import key_fault
from app.chain.typed_data import ZERO_ADDRESS, TypedData
from app.channels import queries, rules
from app.channels.mirror_models import Channel
from app.channels.mirror_rules import ChannelState
from app.channels.models import ChannelBook, ChannelVoucher
from app.channels.rules import Cover
from app.channels.sequencing import Sequencer
from app.database import Address, Hash32
from app.errors import BadSignature, ChannelUnfit, NotFound
from app.escrow.queries import chain_clock, is_final


@dataclass(frozen=True)
class Due:
    """What a payee is to have from a channel for one answer."""

    channel_id: Hash32
    payee: Address
    price: int


async def reserve(session: AsyncSession, sequencer: Sequencer, payer: Address, channel_id: Hash32, amount: int) -> None:
    """Sets `amount` of a channel aside. Raises NotFound for a channel of somebody else's, ChannelUnfit, ChannelShort,
    CreditSpent."""
    channel, clock = await queries.channel_of(session, channel_id), await chain_clock(session)
    if channel is None or channel.payer != payer:
        raise NotFound(kind="channel")
    rules.require_fit(
        sequencer=channel.sequencer,
        required=sequencer.address,
        is_open=channel.state == ChannelState.OPEN,
        is_final=is_final(channel.opened_block, clock),
    )
    fresh = insert(ChannelBook).values(channel_id=channel_id, payer=payer, signed=0, reserved=0)
    await session.execute(fresh.on_conflict_do_nothing())
    books = await queries.books_of(session, payer)
    paid, owed = sum(book.signed for book in books.values()), sum(book.reserved for book in books.values())
    book = books[channel_id]
    rules.require_credit(rules.credit_of(sequencer.credit, sequencer.most, paid), owed, amount)
    holdings = await queries.final_holdings(session, [channel], clock)
    rules.require_room(Cover(holdings[channel_id], book.signed, book.reserved), amount)
    book.reserved += amount
    await session.flush()


async def free(session: AsyncSession, channel_id: Hash32, amount: int) -> None:
    """What a call did not need after all."""
    if amount:
        held = update(ChannelBook).where(ChannelBook.channel_id == channel_id)
        await session.execute(held.values(reserved=ChannelBook.reserved - amount))


async def accept(
    session: AsyncSession, sequencer: Sequencer, payer: Address, due: Due, cumulative: int, signature: bytes
) -> None:
    """Takes the voucher that pays for an answer, signs it too, and books it out of what was reserved.

    Raises ChannelUnfit where it could not be redeemed any more, VoucherNotNext, BadSignature; then nothing has changed.
    """
    channel, clock = await queries.channel_of(session, due.channel_id), await chain_clock(session)
    if channel is None:
        raise ChannelUnfit(reason="it is not mirrored")
    is_closing = channel.state == ChannelState.CLOSING
    if channel.state == ChannelState.CLOSED or not rules.is_payable(
        is_closing=is_closing, closes_at=channel.closes_at, chain_time=clock.timestamp
    ):
        raise ChannelUnfit(reason="it closes before a voucher could be redeemed")
    book = (await queries.books_of(session, payer))[due.channel_id]
    held = await queries.voucher_of(session, due.channel_id, due.payee)
    rules.require_next(0 if held is None else held.cumulative, due.price, cumulative)
    message = voucher(sequencer.deployment, due.channel_id, due.payee, cumulative)
    require_signed(message, signature, signer_of(channel))
    await keep(session, due, cumulative, signature, sequencer.sign(due.channel_id, due.payee, cumulative))
    book.signed, book.reserved = book.signed + due.price, book.reserved - due.price
    await session.flush()


async def keep(session: AsyncSession, due: Due, cumulative: int, signature: bytes, second: bytes) -> None:
    """Stores a voucher in the place of the one before."""
    said = {"cumulative": cumulative, "signature": signature, "sequencer_signature": second}
    fresh = insert(ChannelVoucher).values(
        channel_id=due.channel_id, payee=due.payee, since=func.clock_timestamp(), **said
    )
    since = func.coalesce(ChannelVoucher.since, func.clock_timestamp())
    await session.execute(
        fresh.on_conflict_do_update(
            index_elements=[ChannelVoucher.channel_id, ChannelVoucher.payee], set_=said | {"since": since}
        )
    )


def require_signed(message: TypedData, signature: bytes, signer: Address) -> None:
    """By a key: a contract could change its mind before the voucher is redeemed. Raises BadSignature."""
    fault = key_fault(typed_data.digest(message), signature, signer)
    if fault is not None:
        raise BadSignature(reason=fault, signer=signer)


def signer_of(channel: Channel) -> Address:
    """Whose key signs the channel's vouchers."""
    return Address(channel.payer if channel.signer == ZERO_ADDRESS else channel.signer)


def struct_of(channel: Channel) -> channels.Channel:
    """The channel as its contract takes it."""
    return channels.Channel(
        payer=Address(channel.payer),
        payee=Address(channel.payee),
        sequencer=Address(channel.sequencer),
        signer=Address(channel.signer),
        challenge_seconds=channel.challenge_seconds,
        salt=Hash32(channel.salt),
    )
