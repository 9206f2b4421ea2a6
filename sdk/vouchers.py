"""Payment channels off chain: a payer signs vouchers, a payee checks each and keeps the highest.

A voucher says all that the payee has been paid once it is redeemed, so a later one replaces the earlier ones. Amounts
are base units of the token. Deposit, state and what was paid are the chain's: whoever takes vouchers reads them there.
"""

from dataclasses import dataclass

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from sdk.errors import SignatureRefused, VoucherRefused
from sdk.network import Network
from sdk.terms import ZERO_ADDRESS
from sdk.typed_data import TypedData, typed
from sdk.wallet import Wallet

CHANNEL_ABI = "(address,address,address,address,uint32,bytes32)"
HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 // 2


@dataclass(frozen=True)
class Channel:
    """What its payer opened: either one `payee`, or none and a `sequencer`; `signer` zero is the payer himself."""

    payer: str
    payee: str
    sequencer: str
    signer: str
    challenge_seconds: int
    salt: str

    @property
    def voucher_signer(self) -> str:
        return self.payer if self.signer == ZERO_ADDRESS else self.signer


@dataclass(frozen=True)
class Voucher:
    """`signature` is 65 bytes as "0x" hex; `sequencer_signature` is None in a channel of one payee."""

    payee: str
    cumulative: int
    signature: str
    sequencer_signature: str | None = None


def channel_id(channel: Channel, network: Network) -> str:
    """keccak256(abi.encode(deployment chain id, contract, channel)). Raises SignatureRefused without channels."""
    values = (*list(vars(channel).values())[:-1], bytes.fromhex(channel.salt[2:]))
    encoded = encode(["uint256", "address", CHANNEL_ABI], [network.chain_id, contract_of(network), values])
    return "0x" + keccak(encoded).hex()


def salted_id(channel: str, salt: str) -> str:
    """keccak256(abi.encode(channel id, salt)): what names one top-up."""
    return "0x" + keccak(bytes.fromhex(channel[2:] + salt[2:])).hex()


def voucher_message(channel: Channel, payee: str, cumulative: int, network: Network) -> TypedData:
    message = {"channelId": channel_id(channel, network), "payee": payee, "cumulative": cumulative}
    contract = contract_of(network)
    return typed("Voucher", message, "Guildhall PaymentChannel", "1", network.chain_id, contract)


def sign_voucher(wallet: Wallet, channel: Channel, payee: str, cumulative: int, network: Network) -> Voucher:
    """By the payer, or by the signer whom he named. Raises SignatureRefused for any other wallet."""
    if wallet.address != channel.voucher_signer:
        raise SignatureRefused("signer", channel.voucher_signer, wallet.address)
    return Voucher(payee, cumulative, wallet.sign_typed(voucher_message(channel, payee, cumulative, network)))


def sequence_voucher(wallet: Wallet, channel: Channel, voucher: Voucher, network: Network) -> Voucher:
    """By the sequencer, who has made sure that the deposit covers it. Raises SignatureRefused for any other wallet."""
    if wallet.address != channel.sequencer:
        raise SignatureRefused("sequencer", channel.sequencer, wallet.address)
    signature = wallet.sign_typed(voucher_message(channel, voucher.payee, voucher.cumulative, network))
    return Voucher(voucher.payee, voucher.cumulative, voucher.signature, signature)


class Till:
    """What one payee has in hand from one channel: its highest voucher.

    `deposit` is what the channel holds for vouchers in all, `paid` what this payee had redeemed. With many payees the
    deposit covers everybody, and the sequencer keeps their sum within it: here only this payee's part is known.
    """

    def __init__(self, channel: Channel, payee: str, network: Network, *, deposit: int, paid: int = 0) -> None:
        self.channel, self.payee, self.network = channel, payee, network
        self.deposit = deposit
        self.promised = paid
        self.highest: Voucher | None = None

    def take(self, voucher: Voucher, price: int) -> int:
        """Keeps a voucher that pays at least `price` more than the one before; what it pays more.

        Raises VoucherRefused, and then the one before is still in hand.
        """
        more = voucher.cumulative - self.promised
        if voucher.payee != self.payee:
            raise VoucherRefused("other payee", actual=voucher.payee, required=self.payee)
        if more < max(price, 1):
            raise VoucherRefused("too little", more=more, price=price)
        if voucher.cumulative > self.deposit:
            raise VoucherRefused("above the deposit", cumulative=voucher.cumulative, deposit=self.deposit)
        self._require_signed(voucher, voucher.signature, self.channel.voucher_signer)
        if self.channel.sequencer != ZERO_ADDRESS:
            self._require_signed(voucher, voucher.sequencer_signature or "0x", self.channel.sequencer)
        self.highest, self.promised = voucher, voucher.cumulative
        return more

    def _require_signed(self, voucher: Voucher, signature: str, signer: str) -> None:
        message = voucher_message(self.channel, voucher.payee, voucher.cumulative, self.network)
        if not is_signed(message, signature, signer):
            raise VoucherRefused("not signed", signer=signer)


def is_signed(message: TypedData, signature: str, signer: str) -> bool:
    """In the one form that the contract takes of a key: 65 bytes, low s, v of 27 or 28. A contract is not asked."""
    raw = bytes.fromhex(signature.removeprefix("0x"))
    if len(raw) != 65 or int.from_bytes(raw[32:64], "big") > HALF_ORDER or raw[64] not in (27, 28):
        return False
    try:
        recovered = Account.recover_message(encode_typed_data(full_message=message), signature=raw)
    except Exception:  # the curve libraries raise kinds of their own for points that do not exist
        return False
    return bool(recovered == signer)


def contract_of(network: Network) -> str:
    if network.channels is None:
        raise SignatureRefused("domain.verifyingContract", "a PaymentChannel", None)
    return network.channels
