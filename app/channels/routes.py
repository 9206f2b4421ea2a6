"""/v1/channels: deposits that pay for calls; /v1/vouchers: what was signed away, and what one holds."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, status

from app.channels import opening, queries
from app.channels.opening import Counter
from app.channels.schemas import (
    ChannelCarried,
    ChannelOut,
    ChannelSignable,
    CloseAsked,
    CloseSigned,
    OpenAsked,
    OpenSigned,
    TopUpAsked,
    TopUpSigned,
    VoucherOut,
    carried_out,
    channel_out,
    signable_out,
    voucher_out,
)
from app.channels.sequencing import Sequencer
from app.errors import ChannelsNotOffered, NotFound
from app.escrow.queries import chain_clock
from app.web.dependencies import CurrentAccount, CurrentRuntime, DbSession
from app.web.fields import Hash32Field
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1", tags=["channels"], route_class=MutatingRoute)


def sequencer_or_none(request: Request) -> Sequencer | None:
    """The sequencer that main read, where this deployment has one."""
    found: Sequencer | None = request.app.state.sequencer
    return found


MaybeSequencer = Annotated[Sequencer | None, Depends(sequencer_or_none)]


def current_sequencer(found: MaybeSequencer) -> Sequencer:
    """Raises ChannelsNotOffered."""
    if found is None:
        raise ChannelsNotOffered()
    return found


CurrentSequencer = Annotated[Sequencer, Depends(current_sequencer)]


def current_counter(
    session: DbSession, account: CurrentAccount, runtime: CurrentRuntime, sequencer: CurrentSequencer
) -> Counter:
    """Where the signed-in payer is served."""
    return Counter(session, runtime.chain, sequencer, runtime.network.token_domain, account)


CurrentCounter = Annotated[Counter, Depends(current_counter)]


@router.post("/channels/prepare")
async def prepare_opening(body: OpenAsked, counter: CurrentCounter) -> ChannelSignable:
    """What the payer signs to open a channel from which calls are paid: one signature moves the deposit (EIP-3009)."""
    channel = opening.wished(counter, body.signer, body.challenge_seconds, body.salt)
    signable = await opening.opening(counter, channel, body.deposit, body.valid_before)
    return signable_out(signable, channel.salt)


@router.post("/channels", status_code=status.HTTP_202_ACCEPTED)
async def open_channel(body: OpenSigned, counter: CurrentCounter) -> ChannelCarried:
    """Carries a signed opening. The channel pays for calls once its block is final."""
    channel = opening.wished(counter, body.signer, body.challenge_seconds, body.salt)
    signable = await opening.opening(counter, channel, body.deposit, body.valid_before)
    intent = await opening.carried(counter, signable, bytes.fromhex(body.signature[2:]))
    return carried_out(signable.channel_id, intent)


@router.get("/channels")
async def list_channels(session: DbSession, account: CurrentAccount, page: Paging) -> Page[ChannelOut]:
    """The account's channels, newest first."""
    clock = await chain_clock(session)
    rows = await queries.channels_of(session, account, page.after("int", "hash"), page.limit + 1)
    covers = await queries.covers_of(session, rows, clock)
    return page_of(
        rows,
        page,
        lambda row: (row.opened_block, row.channel_id),
        lambda row: channel_out(row, covers[row.channel_id], clock),
    )


@router.get("/channels/{channel_id}")
async def read_channel(channel_id: Hash32Field, session: DbSession, account: CurrentAccount) -> ChannelOut:
    """One of the account's channels."""
    channel = await queries.channel_of(session, channel_id)
    if channel is None or channel.payer != account:
        raise NotFound(kind="channel")
    clock = await chain_clock(session)
    covers = await queries.covers_of(session, [channel], clock)
    return channel_out(channel, covers[channel_id], clock)


@router.post("/channels/{channel_id}/top-up/prepare")
async def prepare_top_up(channel_id: Hash32Field, body: TopUpAsked, counter: CurrentCounter) -> ChannelSignable:
    """What the payer signs to put more into a channel."""
    return signable_out(*await opening.topping_up(counter, channel_id, body.amount, body.salt, body.valid_before))


@router.post("/channels/{channel_id}/top-up", status_code=status.HTTP_202_ACCEPTED)
async def top_up(channel_id: Hash32Field, body: TopUpSigned, counter: CurrentCounter) -> ChannelCarried:
    """Carries a signed top-up; it counts once its block is final."""
    signable, _ = await opening.topping_up(counter, channel_id, body.amount, body.salt, body.valid_before)
    return carried_out(channel_id, await opening.carried(counter, signable, bytes.fromhex(body.signature[2:])))


@router.post("/channels/{channel_id}/close/prepare")
async def prepare_close(channel_id: Hash32Field, body: CloseAsked, counter: CurrentCounter) -> ChannelSignable:
    """What the payer signs to get back what is left."""
    return signable_out(await opening.closing(counter, channel_id, body.deadline), None)


@router.post("/channels/{channel_id}/close", status_code=status.HTTP_202_ACCEPTED)
async def close(channel_id: Hash32Field, body: CloseSigned, counter: CurrentCounter) -> ChannelCarried:
    """Begins the challenge period. Vouchers are redeemed in it, and then the rest comes back by itself."""
    signable = await opening.closing(counter, channel_id, body.deadline)
    return carried_out(channel_id, await opening.carried(counter, signable, bytes.fromhex(body.signature[2:])))


@router.get("/vouchers")
async def list_vouchers(session: DbSession, account: CurrentAccount, page: Paging) -> Page[VoucherOut]:
    """The newest voucher of each channel and payee that pays the account, or that the account pays with."""
    rows = await queries.vouchers_for(session, account, page.after("hash", "address"), page.limit + 1)
    return page_of(rows, page, lambda row: (row[0].channel_id, row[0].payee), lambda row: voucher_out(row[0], row[1]))
