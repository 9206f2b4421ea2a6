"""What the relayer decides, without a chain."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.database import Hash32, TxHash
from app.errors import DeadlinePassed, DeadlineTooFar
from app.relayer.rules import (
    GWEI,
    MAX_CANDIDATES,
    MAX_FEE_PER_GAS,
    RESEND_AFTER,
    SENDS_BEFORE_BUMP,
    Candidate,
    ChainView,
    Fees,
    Refusal,
    Sighting,
    Step,
    TransactionState,
    back_off_seconds,
    bumped,
    checked_deadline,
    fees_for,
    gaps,
    gas_limit,
    next_nonce,
    next_step,
    refusal,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HASH, OTHER = TxHash(Hash32("0x" + "aa" * 32)), TxHash(Hash32("0x" + "bb" * 32))
BLOCK, FORK = Hash32("0x" + "01" * 32), Hash32("0x" + "02" * 32)
VIEW = ChainView(nonce=5, finalized_nonce=3, finalized_number=100)


def candidate(
    state: TransactionState,
    *,
    block: Hash32 | None = None,
    sends: int = 1,
    age: timedelta = timedelta(0),
    tx_hash: TxHash = HASH,
) -> Candidate:
    return Candidate(tx_hash, state, block, sends, NOW - age)


def seen(number: int = 105, block: Hash32 = BLOCK) -> Sighting:
    return Sighting(HASH, number, block, True)


SENT = candidate(TransactionState.SENT)
MINED = candidate(TransactionState.MINED, block=BLOCK)
FINAL = candidate(TransactionState.FINAL, block=BLOCK)
STALE = candidate(TransactionState.SENT, age=2 * RESEND_AFTER)
STUCK = candidate(TransactionState.SENT, age=2 * RESEND_AFTER, sends=SENDS_BEFORE_BUMP)


@pytest.mark.parametrize(
    ("nonce", "stored", "sighting", "step"),
    [
        (4, [SENT], seen(), Step.MINED),
        (4, [MINED], seen(), Step.KEEP),
        (4, [MINED], seen(block=FORK), Step.MINED),
        (4, [MINED], seen(number=100), Step.FINAL),
        (4, [SENT], seen(number=100), Step.FINAL),
        (4, [FINAL], seen(number=100), Step.KEEP),
        (5, [MINED], None, Step.LOST),
        (4, [MINED], None, Step.LOST),
        (5, [FINAL], None, Step.LOST),
        (4, [SENT], None, Step.KEEP),
        (2, [SENT], None, Step.TAKEN),
        (2, [MINED], None, Step.LOST),
        (5, [SENT], None, Step.KEEP),
        (5, [STALE], None, Step.RESEND),
        (6, [STALE], None, Step.RESEND),
        (5, [STUCK], None, Step.BUMP),
        (6, [STUCK], None, Step.RESEND),
        (5, [STUCK] * MAX_CANDIDATES, None, Step.RESEND),
        (5, [candidate(TransactionState.SIGNED), STUCK], None, Step.KEEP),
    ],
)
def test_next_step(nonce: int, stored: list[Candidate], sighting: Sighting | None, step: Step) -> None:
    assert next_step(VIEW, nonce, stored, sighting, NOW) is step


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("already known", Refusal.ALREADY_KNOWN),
        ("transaction already imported", Refusal.ALREADY_KNOWN),
        ("nonce too low: next nonce 5, tx nonce 4", Refusal.NONCE_TOO_LOW),
        ("Nonce too high", Refusal.NONCE_TOO_HIGH),
        ("replacement transaction underpriced", Refusal.UNDERPRICED),
        ("transaction underpriced: tip needed 25000000000, tip permitted 1", Refusal.UNDERPRICED),
        ("max fee per gas less than block base fee", Refusal.UNDERPRICED),
        ("Insufficient funds for gas * price + value", Refusal.INSUFFICIENT_FUNDS),
        ("the dog ate it", Refusal.UNKNOWN),
        ("", Refusal.UNKNOWN),
    ],
)
def test_reads_what_nodes_say(words: str, meaning: Refusal) -> None:
    assert refusal(words) is meaning


def test_polygon_gets_its_minimum_tip() -> None:
    assert fees_for(137, 100 * GWEI, 1).tip == 25 * GWEI
    assert fees_for(31337, 100 * GWEI, 1) == Fees(201 * GWEI, 1 * GWEI)
    assert fees_for(137, MAX_FEE_PER_GAS, 0).max_fee == MAX_FEE_PER_GAS


@given(st.integers(0, MAX_FEE_PER_GAS), st.integers(0, 1000 * GWEI), st.integers(0, 1000 * GWEI))
def test_fees_are_valid_for_a_transaction(base_fee: int, tip: int, old: int) -> None:
    fees = fees_for(137, base_fee, tip)
    assert 0 < fees.tip <= fees.max_fee <= MAX_FEE_PER_GAS
    raised = bumped(Fees(old, min(old, tip)), fees)
    assert raised is None or raised.max_fee * 10 >= old * 11
    assert raised is None or raised.tip * 10 >= min(old, tip) * 11


def test_no_replacement_above_the_cap() -> None:
    assert bumped(Fees(MAX_FEE_PER_GAS, GWEI), Fees(GWEI, GWEI)) is None


def test_nonces_follow_the_chain_and_the_store() -> None:
    assert next_nonce(7, None) == 7
    assert next_nonce(7, 3) == 7
    assert next_nonce(7, 9) == 10


@pytest.mark.parametrize(
    ("chain_nonce", "stored", "missing"),
    [(3, [], []), (3, [3, 4], []), (3, [5], [3, 4]), (3, [3, 5], [4]), (3, [1, 2], [])],
)
def test_finds_gaps(chain_nonce: int, stored: list[int], missing: list[int]) -> None:
    assert gaps(chain_nonce, stored) == missing


def test_gas_has_a_margin_and_waiting_an_end() -> None:
    assert gas_limit(100_000) == 145_000
    assert back_off_seconds(1) == 1.0
    assert back_off_seconds(100) == 60.0


def test_a_deadline_is_given_or_checked() -> None:
    now = 1_800_000_000
    assert checked_deadline(None, now) == now + 3600
    assert checked_deadline(now + 1, now) == now + 1
    with pytest.raises(DeadlinePassed):
        checked_deadline(now, now)
    with pytest.raises(DeadlineTooFar):
        checked_deadline(now + 366 * 86400, now)
