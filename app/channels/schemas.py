"""Wire shapes of channels; amounts are strings of base units, times unix seconds of the chain."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.channels.mirror_models import Channel
from app.channels.mirror_rules import ChannelState
from app.channels.models import ChannelVoucher
from app.channels.opening import Signable
from app.channels.rules import Cover
from app.database import Hash32
from app.escrow.queries import ChainClock
from app.escrow.schemas import Finality, finality_of
from app.relayer.models import Intent
from app.relayer.schemas import IntentOut
from app.web.fields import AddressField, Amount, ChainSeconds, Hash32Field, Signature, TypedDataField, WireModel

DAY = 86_400
Challenge = Annotated[int, Field(strict=True, ge=1, le=30 * DAY)]
PositiveAmount = Annotated[Amount, Field(gt=0)]


class ChannelFields(BaseModel):
    """A channel as its contract and its signatures know it."""

    payer: AddressField
    payee: AddressField
    sequencer: AddressField
    signer: AddressField
    challenge_seconds: int
    salt: Hash32Field


class OpenAsked(WireModel):
    """`signer` is whose key signs vouchers in the payer's place, and can do nothing else. Closing takes
    `challenge_seconds`: long enough for payees to redeem what they hold."""

    deposit: PositiveAmount
    signer: AddressField | None = None
    challenge_seconds: Challenge = DAY
    salt: Hash32Field | None = None
    valid_before: ChainSeconds | None = None


class OpenSigned(OpenAsked):
    salt: Hash32Field
    valid_before: ChainSeconds
    signature: Signature


class TopUpAsked(WireModel):
    amount: PositiveAmount
    salt: Hash32Field | None = None
    valid_before: ChainSeconds | None = None


class TopUpSigned(TopUpAsked):
    salt: Hash32Field
    valid_before: ChainSeconds
    signature: Signature


class CloseAsked(WireModel):
    deadline: ChainSeconds | None = None


class CloseSigned(WireModel):
    deadline: ChainSeconds
    signature: Signature


class ChannelSignable(BaseModel):
    """What to sign. `salt` and `until` go back beside the signature (`until` as valid_before or deadline)."""

    channel_id: Hash32Field
    typed_data: TypedDataField
    salt: Hash32Field | None
    until: int


class ChannelCarried(BaseModel):
    channel_id: Hash32Field
    intent: IntentOut


class ChannelOut(BaseModel):
    """A channel's money: `deposited` is all that came in, `holds` what vouchers may take of it for good, `signed` what
    they say, `reserved` what calls on their way and answers that wait to be paid may take yet."""

    channel_id: Hash32Field
    channel: ChannelFields
    state: Literal["open", "closing", "closed"]
    closes_at: int | None
    deposited: Amount
    holds: Amount
    paid: Amount
    signed: Amount
    reserved: Amount
    free: Amount
    finality: Finality


class VoucherOut(BaseModel):
    """All that `payee` is to have from a channel, with both signatures: he may redeem it himself at any time."""

    channel_id: Hash32Field
    channel: ChannelFields
    payee: AddressField
    cumulative: Amount
    signature: Signature
    sequencer_signature: Signature


def channel_fields(channel: Channel) -> ChannelFields:
    """The part that is signed for."""
    return ChannelFields.model_validate({name: getattr(channel, name) for name in ChannelFields.model_fields})


def channel_out(channel: Channel, cover: Cover, clock: ChainClock) -> ChannelOut:
    """A channel as it is shown to its payer."""
    state: dict[int, Literal["open", "closing", "closed"]] = {
        ChannelState.OPEN: "open",
        ChannelState.CLOSING: "closing",
        ChannelState.CLOSED: "closed",
    }
    return ChannelOut(
        channel_id=Hash32(channel.channel_id),
        channel=channel_fields(channel),
        state=state[channel.state],
        closes_at=channel.closes_at or None,
        deposited=channel.deposited,
        holds=cover.holds,
        paid=channel.paid,
        signed=cover.signed,
        reserved=cover.reserved,
        free=max(0, cover.free),
        finality=finality_of(channel.last_block, clock),
    )


def voucher_out(voucher: ChannelVoucher, channel: Channel) -> VoucherOut:
    return VoucherOut.model_validate(
        {
            "channel_id": voucher.channel_id,
            "channel": channel_fields(channel),
            "payee": voucher.payee,
            "cumulative": str(voucher.cumulative),
            "signature": "0x" + voucher.signature.hex(),
            "sequencer_signature": "0x" + voucher.sequencer_signature.hex(),
        }
    )


def signable_out(signable: Signable, salt: Hash32 | None) -> ChannelSignable:
    """The answer to a prepare request."""
    return ChannelSignable(
        channel_id=signable.channel_id, typed_data=dict(signable.typed_data), salt=salt, until=signable.deadline
    )


def carried_out(channel_id: Hash32, intent: Intent) -> ChannelCarried:
    return ChannelCarried(channel_id=channel_id, intent=IntentOut.of(intent))
