"""Redeems vouchers in batches, and ends channels whose challenge period is over."""

import hashlib
import logging
from collections.abc import Sequence

from celery import shared_task
from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.chain.channels import SignedVoucher, call_finish_close, call_redeem_batch, contract_of
from app.chain.deployment import load
from app.channels import queries
from app.channels.actions import struct_of
from app.channels.mirror_models import Channel
from app.channels.models import ChannelVoucher
from app.channels.rules import MOST_REDEEMED, MOST_TRIES
from app.channels.sequencing import Sequencer, sequencer_of
from app.database import Address
from app.errors import ChainNotMirrored
from app.escrow.queries import chain_clock
from app.relayer import actions as relayer
from app.relayer.gas.rules import Payer

log = logging.getLogger(__name__)
SCHEDULE: dict[str, float] = {"channels.redeem": 5.0, "channels.finish": 10.0}
MOST_BATCHES = 20
"""In one round: the next one comes in seconds."""


@shared_task(name="channels.redeem")  # type: ignore[untyped-decorator]  # celery ships no types
def redeem() -> None:
    """Has what is worth it redeemed, where this deployment sequences."""
    run_in_worker(redeem_once)


@shared_task(name="channels.finish")  # type: ignore[untyped-decorator]  # celery ships no types
def finish() -> None:
    """Has what is left of closed channels sent to their payers."""
    run_in_worker(finish_once)


async def redeem_once(runtime: WorkerRuntime) -> int:
    """One round, a transaction for each batch; how many vouchers are on their way now."""
    sequencer, asked = sequencer_at(runtime), 0
    if sequencer is None:
        return 0
    for _ in range(MOST_BATCHES):
        async with transaction(runtime.sessions) as session:
            due = await queries.to_redeem(session, sequencer.address, MOST_REDEEMED)
            if due:
                await redeem_batch(session, sequencer, due)
            asked += len(due)
        if len(due) < MOST_REDEEMED:
            break
    return asked


async def redeem_batch(
    session: AsyncSession, sequencer: Sequencer, due: Sequence[tuple[ChannelVoucher, Channel]]
) -> None:
    """One transaction for all of them. A voucher that the contract passes over costs the others nothing."""
    for voucher, _ in due:
        voucher.tries = voucher.tries + 1 if voucher.asked == voucher.cumulative else 0
    calls = [(struct_of(channel), signed_of(voucher)) for voucher, channel in due]
    intent = await relayer.enqueue(
        session,
        key=f"redeem:{batch_name([voucher for voucher, _ in due])}",
        verb="redeem",
        task_id=None,
        account=sequencer.address,
        to=contract_of(sequencer.deployment),
        data=call_redeem_batch(calls),
        payer=Payer.PLATFORM,
    )
    for voucher, _ in due:
        voucher.asked, voucher.intent_id, voucher.since = voucher.cumulative, intent.id, None
        if voucher.tries == MOST_TRIES:
            log.error("a voucher is not tried again: channel=%s payee=%s", voucher.channel_id, voucher.payee)


def batch_name(vouchers: Sequence[ChannelVoucher]) -> str:
    """Of what is redeemed, and of which try: a repeat of the same is the same transaction."""
    said = "\n".join(f"{each.channel_id} {each.payee} {each.cumulative} {each.tries}" for each in vouchers)
    return hashlib.sha256(said.encode()).hexdigest()


def signed_of(voucher: ChannelVoucher) -> SignedVoucher:
    """As the contract takes it."""
    return SignedVoucher(Address(voucher.payee), voucher.cumulative, voucher.signature, voucher.sequencer_signature)


async def finish_once(runtime: WorkerRuntime) -> int:
    """One round; how many channels are ended now. Each payer's own gas pays for his."""
    sequencer = sequencer_at(runtime)
    if sequencer is None:
        return 0
    try:
        async with transaction(runtime.sessions) as session:
            over = await queries.to_finish(session, sequencer.address, await chain_clock(session), 100)
            for channel in over:
                await relayer.enqueue(
                    session,
                    key=f"finish:{channel.channel_id}",
                    verb="finish_close",
                    task_id=None,
                    account=Address(channel.payer),
                    to=contract_of(sequencer.deployment),
                    data=call_finish_close(struct_of(channel)),
                )
            return len(over)
    except ChainNotMirrored:
        return 0


def sequencer_at(runtime: WorkerRuntime) -> Sequencer | None:
    return sequencer_of(runtime.settings, load(runtime.settings.deployment_file))
