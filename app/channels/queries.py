"""Every SELECT of channels."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Numeric, and_, cast, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.channels.mirror_models import Channel, ChannelEvent
from app.channels.mirror_rules import ChannelState
from app.channels.models import ChannelBook, ChannelVoucher
from app.channels.rules import MOST_TRIES, REDEEM_AT, REDEEM_LEAST, REDEEM_SECONDS, Cover
from app.database import Address, Hash32
from app.escrow.queries import ChainClock
from app.relayer.models import Intent


async def channel_of(session: AsyncSession, channel_id: Hash32) -> Channel | None:
    """One channel as it is mirrored."""
    return await session.get(Channel, channel_id)


async def channels_of(
    session: AsyncSession, payer: Address, after: tuple[Any, ...] | None, limit: int
) -> Sequence[Channel]:
    """An account's channels, newest first."""
    found = select(Channel).where(Channel.payer == payer)
    if after is not None:
        found = found.where(tuple_(Channel.opened_block, Channel.channel_id) < after)
    ordered = found.order_by(Channel.opened_block.desc(), Channel.channel_id.desc()).limit(limit)
    return (await session.scalars(ordered)).all()


async def final_holdings(session: AsyncSession, channels: Sequence[Channel], clock: ChainClock) -> dict[str, int]:
    """What each channel holds for vouchers in all, without top-ups that a reorg could still undo."""
    amount = func.sum(cast(ChannelEvent.args["amount"].astext, Numeric(78, 0)))
    topped_up = select(ChannelEvent.channel_id, amount).where(
        ChannelEvent.channel_id.in_([each.channel_id for each in channels]),
        ChannelEvent.name == "ChannelToppedUp",
        ChannelEvent.block_number > clock.finalized_number,
    )
    rows = await session.execute(topped_up.group_by(ChannelEvent.channel_id))
    pending = {channel_id: int(amount) for channel_id, amount in rows}
    return {
        each.channel_id: each.deposited - each.returned - each.tasks - pending.get(each.channel_id, 0)
        for each in channels
    }


async def books_of(session: AsyncSession, payer: Address) -> dict[str, ChannelBook]:
    """All books of a payer by channel, locked in one order: two requests of his never wait for each other."""
    found = select(ChannelBook).where(ChannelBook.payer == payer).order_by(ChannelBook.channel_id).with_for_update()
    return {book.channel_id: book for book in await session.scalars(found.execution_options(populate_existing=True))}


async def covers_of(session: AsyncSession, channels: Sequence[Channel], clock: ChainClock) -> dict[str, Cover]:
    """Each channel's money and what it is promised for, as it stands."""
    holdings = await final_holdings(session, channels, clock)
    found = await session.scalars(select(ChannelBook).where(ChannelBook.channel_id.in_(list(holdings))))
    promised = {book.channel_id: (book.signed, book.reserved) for book in found}
    return {named: Cover(holds, *promised.get(named, (0, 0))) for named, holds in holdings.items()}


async def voucher_of(session: AsyncSession, channel_id: Hash32, payee: Address) -> ChannelVoucher | None:
    """A payee's newest voucher."""
    return await session.get(ChannelVoucher, (channel_id, payee), populate_existing=True)


async def vouchers_for(
    session: AsyncSession, account: Address, after: tuple[Any, ...] | None, limit: int
) -> Sequence[tuple[ChannelVoucher, Channel]]:
    """Vouchers that an account was paid with or has paid with, by channel and payee."""
    found = select(ChannelVoucher, Channel).join(Channel, Channel.channel_id == ChannelVoucher.channel_id)
    found = found.where(or_(ChannelVoucher.payee == account, Channel.payer == account))
    if after is not None:
        found = found.where(tuple_(ChannelVoucher.channel_id, ChannelVoucher.payee) > after)
    ordered = found.order_by(ChannelVoucher.channel_id, ChannelVoucher.payee).limit(limit)
    return [(voucher, channel) for voucher, channel in await session.execute(ordered)]


async def to_redeem(session: AsyncSession, sequencer: Address, limit: int) -> Sequence[tuple[ChannelVoucher, Channel]]:
    """Vouchers whose money is worth a transaction now, those of closing channels first, locked; what another worker
    holds is left out. One whose transaction failed comes again, after a pause that grows with its tries."""
    rest = ChannelVoucher.cumulative - ChannelVoucher.asked
    waited = ChannelVoucher.since < func.clock_timestamp() - timedelta(seconds=REDEEM_SECONDS)
    is_closing = Channel.state == ChannelState.CLOSING
    is_worth = and_(rest >= REDEEM_LEAST, or_(rest >= REDEEM_AT, waited, is_closing))
    pause = func.make_interval(0, 0, 0, 0, 0, 0, cast(func.power(2, ChannelVoucher.tries), BigInteger))
    failed = and_(Intent.state == "failed", Intent.updated_at + pause < func.clock_timestamp())
    found = (
        select(ChannelVoucher, Channel)
        .join(Channel, Channel.channel_id == ChannelVoucher.channel_id)
        .outerjoin(Intent, Intent.id == ChannelVoucher.intent_id)
        .where(Channel.sequencer == sequencer, Channel.state != ChannelState.CLOSED)
        .where(or_(is_worth, failed), ChannelVoucher.tries < MOST_TRIES)
        .order_by(is_closing.desc(), ChannelVoucher.payee, ChannelVoucher.channel_id)
        .limit(limit)
        .with_for_update(of=ChannelVoucher, skip_locked=True)
    )
    return [(voucher, channel) for voucher, channel in await session.execute(found)]


async def to_finish(session: AsyncSession, sequencer: Address, clock: ChainClock, limit: int) -> Sequence[Channel]:
    """Channels whose challenge period is over by the chain's time."""
    found = select(Channel).where(Channel.sequencer == sequencer, Channel.state == ChannelState.CLOSING)
    over = found.where(Channel.closes_at < clock.timestamp, Channel.last_block <= clock.finalized_number)
    return (await session.scalars(over.order_by(Channel.closes_at).limit(limit))).all()
