"""Vouchers: signed as the contract hashes them, and only the highest that is worth its price is kept."""

from dataclasses import replace

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from app.chain import channels as service
from app.chain.typed_data import digest
from app.database import Address, Hash32
from sdk.errors import SignatureRefused, VoucherRefused
from sdk.terms import ZERO_ADDRESS
from sdk.vouchers import Channel, Till, Voucher, channel_id, is_signed, sequence_voucher, sign_voucher, voucher_message
from sdk.wallet import Wallet
from tests.unit.sdk.test_typed_data import DEPLOYMENT, NETWORK

PAYER, PAYEE, SEQUENCER, DELEGATE, STRANGER = (Wallet(Account.from_key(bytes([n]) * 32)) for n in range(21, 26))
CONTRACT = Account.from_key(bytes([30]) * 32).address
HERE = replace(NETWORK, channels=CONTRACT)
THERE = replace(DEPLOYMENT, channels=Address(CONTRACT))
SALT = "0x" + "5a" * 32
ONE = Channel(PAYER.address, PAYEE.address, ZERO_ADDRESS, ZERO_ADDRESS, 86_400, SALT)
MANY = replace(ONE, payee=ZERO_ADDRESS, sequencer=SEQUENCER.address, signer=DELEGATE.address)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def till(channel: Channel = ONE) -> Till:
    return Till(channel, PAYEE.address, HERE, deposit=1_000)


@given(
    cumulative=st.integers(0, 2**96 - 1), seconds=st.integers(0, 2**32 - 1), salt=st.binary(min_size=32, max_size=32)
)
def test_ids_and_vouchers_equal_the_services(cumulative: int, seconds: int, salt: bytes) -> None:
    ours = replace(MANY, challenge_seconds=seconds, salt="0x" + salt.hex())
    theirs = service.Channel(**vars(ours))
    assert channel_id(ours, HERE) == service.channel_id(theirs, THERE)
    message = service.voucher(THERE, Hash32(channel_id(ours, HERE)), Address(PAYEE.address), cumulative)
    assert digest(voucher_message(ours, PAYEE.address, cumulative, HERE)) == digest(message)  # type: ignore[arg-type]  # a dict of the same form


def test_the_highest_voucher_is_kept_and_says_what_it_pays_more() -> None:
    held = till()
    assert held.take(sign_voucher(PAYER, ONE, PAYEE.address, 300, HERE), 300) == 300
    assert held.take(sign_voucher(PAYER, ONE, PAYEE.address, 1_000, HERE), 1) == 700
    assert held.highest is not None
    assert held.highest.cumulative == held.promised == 1_000


@pytest.mark.parametrize(
    ("payee", "cumulative", "reason"),
    [
        (STRANGER.address, 500, "other payee"),
        (PAYEE.address, 100, "too little"),
        (PAYEE.address, 109, "too little"),
        (PAYEE.address, 1_001, "above the deposit"),
    ],
)
def test_refuses_what_is_not_worth_its_price(payee: str, cumulative: int, reason: str) -> None:
    held = till()
    first = sign_voucher(PAYER, ONE, PAYEE.address, 100, HERE)
    held.take(first, 0)
    with pytest.raises(VoucherRefused) as refused:
        held.take(sign_voucher(PAYER, ONE, payee, cumulative, HERE), 10)
    assert refused.value.reason == reason
    assert (held.highest, held.promised) == (first, 100)


def test_refuses_another_signer_channel_or_amount() -> None:
    signed = sign_voucher(PAYER, ONE, PAYEE.address, 100, HERE)
    elsewhere = sign_voucher(PAYER, replace(ONE, salt="0x" + "00" * 32), PAYEE.address, 100, HERE)
    for forged in (replace(signed, cumulative=200), elsewhere, replace(signed, signature="0x")):
        with pytest.raises(VoucherRefused, match="not signed"):
            till().take(forged, 1)
    with pytest.raises(SignatureRefused, match="signer"):
        sign_voucher(STRANGER, ONE, PAYEE.address, 100, HERE)


def test_a_sequencer_signs_beside_the_payers_delegate() -> None:
    alone = sign_voucher(DELEGATE, MANY, PAYEE.address, 100, HERE)
    with pytest.raises(VoucherRefused, match=SEQUENCER.address):
        till(MANY).take(alone, 1)
    with pytest.raises(SignatureRefused, match="sequencer"):
        sequence_voucher(STRANGER, MANY, alone, HERE)
    assert till(MANY).take(sequence_voucher(SEQUENCER, MANY, alone, HERE), 1) == 100


def test_refuses_forms_that_the_contract_refuses() -> None:
    signed = sign_voucher(PAYER, ONE, PAYEE.address, 100, HERE)
    message = voucher_message(ONE, PAYEE.address, 100, HERE)
    raw = bytes.fromhex(signed.signature[2:])
    high = raw[:32] + (ORDER - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big") + bytes([55 - raw[64]])
    assert is_signed(message, signed.signature, PAYER.address)
    for form in (high, raw[:64] + bytes([raw[64] - 27]), raw[:64], bytes(64) + b"\x1b"):
        assert not is_signed(message, "0x" + form.hex(), PAYER.address)


def test_without_a_contract_there_is_nothing_to_sign() -> None:
    with pytest.raises(SignatureRefused, match="PaymentChannel"):
        sign_voucher(PAYER, ONE, PAYEE.address, 1, NETWORK)
    assert Voucher(PAYEE.address, 1, "0x").sequencer_signature is None
