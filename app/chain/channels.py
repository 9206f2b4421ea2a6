"""Payment channels: the struct that a payer opens, what is signed for it, and the calldata of its verbs.

`deployment.channels` must be set. Amounts are base units, times unix seconds of the chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from app.chain.contracts import Authorization, Permit, call_data
from app.chain.deployment import Deployment
from app.chain.typed_data import AUTHORIZATION, Struct, Terms, TokenDomain, TypedData, domain_of, typed_data
from app.database import Address, Hash32, TaskId

CHANNEL_ABI = "(address,address,address,address,uint32,bytes32)"


class NoChannels(Exception):
    """The deployment has no PaymentChannel."""


@dataclass(frozen=True)
class Channel(Struct):
    """Either one `payee`, or none and a `sequencer` who signs every voucher too; `signer` zero is the payer."""

    payer: Address
    payee: Address
    sequencer: Address
    signer: Address
    challenge_seconds: int
    salt: Hash32


@dataclass(frozen=True)
class SignedVoucher:
    """All that `payee` has been paid once this is redeemed; in a bilateral channel the payee is not read (zero)."""

    payee: Address
    cumulative: int
    signature: bytes
    sequencer_signature: bytes | None = None

    def abi(self) -> tuple[Any, ...]:
        return self.payee, self.cumulative, self.signatures

    @property
    def signatures(self) -> bytes:
        """With a sequencer: the length of the signer's signature in two bytes, it, and the sequencer's."""
        if self.sequencer_signature is None:
            return self.signature
        return len(self.signature).to_bytes(2, "big") + self.signature + self.sequencer_signature


def channel_id(channel: Channel, deployment: Deployment) -> Hash32:
    """keccak256(abi.encode(deployment chain id, contract, channel))."""
    values = [deployment.chain_id, contract_of(deployment), channel.abi()]
    return Hash32("0x" + keccak(encode(["uint256", "address", CHANNEL_ABI], values)).hex())


def voucher(deployment: Deployment, channel: Hash32, payee: Address, cumulative: int) -> TypedData:
    """What the payer's signer signs, and the sequencer where there is one."""
    types = "Voucher(bytes32 channelId,address payee,uint96 cumulative)"
    return channel_message(deployment, types, channel, payee, cumulative)


def open_channel(deployment: Deployment, channel: Hash32, amount: int, deadline: int) -> TypedData:
    return channel_message(
        deployment, "Open(bytes32 channelId,uint96 amount,uint40 deadline)", channel, amount, deadline
    )


def start_close(deployment: Deployment, channel: Hash32, deadline: int) -> TypedData:
    return channel_message(deployment, "StartClose(bytes32 channelId,uint40 deadline)", channel, deadline)


def close_together(deployment: Deployment, channel: Hash32, cumulative: int, deadline: int) -> TypedData:
    types = "CloseTogether(bytes32 channelId,uint96 cumulative,uint40 deadline)"
    return channel_message(deployment, types, channel, cumulative, deadline)


def fund_task(
    deployment: Deployment, channel: Hash32, task: TaskId, amount: int, min_deposit: int, deadline: int
) -> TypedData:
    types = "FundTask(bytes32 channelId,bytes32 taskId,uint96 amount,uint96 minDeposit,uint40 deadline)"
    return channel_message(deployment, types, channel, task, amount, min_deposit, deadline)


def open_authorization(
    deployment: Deployment, token: TokenDomain, channel: Channel, amount: int, valid_after: int, valid_before: int
) -> TypedData:
    """EIP-3009 whose nonce is the channel id."""
    nonce = channel_id(channel, deployment)
    return authorization_to(deployment, token, channel.payer, amount, valid_after, valid_before, nonce)


def top_up_authorization(
    deployment: Deployment,
    token: TokenDomain,
    channel: Channel,
    amount: int,
    salt: Hash32,
    valid_after: int,
    valid_before: int,
) -> TypedData:
    """EIP-3009 whose nonce is keccak256(abi.encode(channel id, salt))."""
    nonce = Hash32("0x" + keccak(bytes.fromhex(channel_id(channel, deployment)[2:] + salt[2:])).hex())
    return authorization_to(deployment, token, channel.payer, amount, valid_after, valid_before, nonce)


def authorization_to(
    deployment: Deployment,
    token: TokenDomain,
    payer: Address,
    amount: int,
    valid_after: int,
    valid_before: int,
    nonce: Hash32,
) -> TypedData:
    values = (payer, contract_of(deployment), amount, valid_after, valid_before, nonce)
    return typed_data(domain_of(deployment, token.name, token.version, deployment.token), AUTHORIZATION, values)


def channel_message(deployment: Deployment, type_string: str, *values: Any) -> TypedData:
    domain = domain_of(deployment, "Guildhall PaymentChannel", "1", contract_of(deployment))
    return typed_data(domain, type_string, values)


def contract_of(deployment: Deployment) -> Address:
    """Raises NoChannels."""
    if deployment.channels is None:
        raise NoChannels
    return deployment.channels


def call_open(channel: Channel, amount: int, auth: bytes) -> bytes:
    return channel_call("open", channel.abi(), amount, auth)


def call_open_with_permit(channel: Channel, amount: int, permit: Permit, auth: bytes) -> bytes:
    return channel_call("openWithPermit", channel.abi(), amount, permit.abi(), auth)


def call_open_with_authorization(channel: Channel, amount: int, authorization: Authorization) -> bytes:
    return channel_call("openWithAuthorization", channel.abi(), amount, authorization.abi())


def call_top_up_with_authorization(channel: Channel, amount: int, salt: Hash32, authorization: Authorization) -> bytes:
    salted = bytes.fromhex(salt[2:])
    return channel_call("topUpWithAuthorization", channel.abi(), amount, salted, authorization.abi())


def call_redeem(channel: Channel, signed: SignedVoucher) -> bytes:
    return channel_call("redeem", channel.abi(), *signed.abi())


def call_redeem_batch(redemptions: Sequence[tuple[Channel, SignedVoucher]]) -> bytes:
    return channel_call("redeemBatch", [(channel.abi(), *signed.abi()) for channel, signed in redemptions])


def call_start_close(channel: Channel, auth: bytes) -> bytes:
    return channel_call("startClose", channel.abi(), auth)


def call_finish_close(channel: Channel) -> bytes:
    return channel_call("finishClose", channel.abi())


def call_close_together(channel: Channel, cumulative: int, payer_auth: bytes, counter_auth: bytes) -> bytes:
    return channel_call("closeTogether", channel.abi(), cumulative, payer_auth, counter_auth)


def call_fund_task(
    channel: Channel, terms: Terms, min_deposit: int, payer_auth: bytes, counter_auth: bytes, fund_auth: bytes
) -> bytes:
    return channel_call("fundTask", channel.abi(), terms.abi(), min_deposit, payer_auth, counter_auth, fund_auth)


def channel_call(name: str, *arguments: Any) -> bytes:
    return call_data("PaymentChannel", name, *arguments)
