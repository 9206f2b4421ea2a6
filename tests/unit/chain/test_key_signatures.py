"""A key's signature has one form. Everything else is refused with its reason."""

from dataclasses import replace

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from app.chain.deployment import Deployment
from app.chain.signatures import CURVE_ORDER, form_fault, key_fault
from app.chain.typed_data import TypedData, digest, release
from app.database import Address, Hash32, TaskId

KEY = Account.from_key("0x" + "11" * 32)
STRANGER = Account.from_key("0x" + "22" * 32)
SIGNER = Address(KEY.address)
HERE = Deployment(31337, 0, *(Address(Account.from_key(bytes([n]) * 32).address) for n in range(3, 7)))
TASK = TaskId(Hash32("0x" + "ab" * 32))


def message(deployment: Deployment = HERE, task: TaskId = TASK, amount: int = 5, deadline: int = 99) -> TypedData:
    return release(deployment, task, 10, amount, deadline)


def signed(typed: TypedData) -> bytes:
    return bytes(KEY.sign_typed_data(full_message=dict(typed)).signature)


GOOD = signed(message())
R, S, V = GOOD[:32], GOOD[32:64], GOOD[64:]
HIGH_S = (CURVE_ORDER - int.from_bytes(S, "big")).to_bytes(32, "big")
FLIPPED_V = bytes([27 + 28 - V[0]])


def test_accepts_the_signers_signature() -> None:
    assert key_fault(digest(message()), GOOD, SIGNER) is None


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        (b"", "length_not_65"),
        (GOOD[:64], "length_not_65"),
        (GOOD + b"\0", "length_not_65"),
        (R + (int.from_bytes(S, "big") | (V[0] - 27) << 255).to_bytes(32, "big"), "length_not_65"),
        (R + HIGH_S + FLIPPED_V, "high_s"),
        (R + HIGH_S + V, "high_s"),
        (R + S + bytes([V[0] - 27]), "v_not_27_or_28"),
        (R + S + b"\x25", "v_not_27_or_28"),
        (R + S + b"\xff", "v_not_27_or_28"),
        (R + S + FLIPPED_V, "wrong_signer"),
        (bytes(65), "out_of_range"),
        (bytes(32) + S + V, "out_of_range"),
        (R + bytes(32) + V, "out_of_range"),
        (CURVE_ORDER.to_bytes(32, "big") + S + V, "out_of_range"),
        (b"\xff" * 65, "out_of_range"),
    ],
)
def test_refuses_every_other_form(signature: bytes, reason: str) -> None:
    fault = key_fault(digest(message()), signature, SIGNER)
    assert fault == reason or (reason == "wrong_signer" and fault == "no_such_point")


@pytest.mark.parametrize(
    "other",
    [
        message(deployment=replace(HERE, chain_id=137)),
        message(deployment=replace(HERE, escrow=HERE.token)),
        message(task=TaskId(Hash32("0x" + "cd" * 32))),
        message(amount=6),
        message(deadline=100),
    ],
    ids=["chain", "contract", "task", "amount", "deadline"],
)
def test_refuses_a_signature_over_something_else(other: TypedData) -> None:
    assert key_fault(digest(message()), signed(other), SIGNER) in ("wrong_signer", "no_such_point")


def test_refuses_another_keys_signature() -> None:
    other = bytes(STRANGER.sign_typed_data(full_message=dict(message())).signature)
    assert key_fault(digest(message()), other, SIGNER) == "wrong_signer"


@given(st.binary(max_size=200))
def test_any_bytes_give_a_reason_and_never_an_exception(noise: bytes) -> None:
    assert key_fault(digest(message()), noise, SIGNER) is not None
    assert form_fault(noise[:64]) == "length_not_65"


@given(st.binary(min_size=64, max_size=64), st.sampled_from([27, 28]))
def test_well_formed_noise_is_nobodys(noise: bytes, v: int) -> None:
    assert key_fault(digest(message()), noise + bytes([v]), SIGNER) is not None
