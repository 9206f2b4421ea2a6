"""Decisions of the relayer: states, fees, what a node's refusal means, which nonce comes next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.errors import DeadlinePassed, DeadlineTooFar

GWEI = 10**9

# What the pools of each chain ask for at least; a lower tip is never mined.
MINIMUM_TIP = {137: 25 * GWEI, 80002: 25 * GWEI}
OTHER_MINIMUM_TIP = 1 * GWEI
MAX_FEE_PER_GAS = 5_000 * GWEI

GAS_MARGIN_PERCENT = 25
GAS_FLOOR_MARGIN = 20_000

# Pools refuse a replacement that raises either field by less than a tenth.
BUMP_PERCENT = 12

RESEND_AFTER = timedelta(seconds=4)
SENDS_BEFORE_BUMP = 8
MAX_CANDIDATES = 12
MAX_ATTEMPTS = 12
MAX_BACK_OFF_SECONDS = 60.0
WAIT_SECONDS = 0.5

SIGNATURE_SECONDS = 3600
"""How long a prepared signature holds, unless the signer asks for another deadline."""
MAX_DEADLINE_SECONDS = 365 * 86400


def checked_deadline(deadline: int | None, time: int) -> int:
    """The signer's deadline, or an hour from now, in chain time. Raises DeadlinePassed and DeadlineTooFar."""
    if deadline is None:
        return time + SIGNATURE_SECONDS
    if deadline <= time:
        raise DeadlinePassed(deadline=deadline, time=time)
    if deadline > time + MAX_DEADLINE_SECONDS:
        raise DeadlineTooFar(deadline=deadline, max=time + MAX_DEADLINE_SECONDS)
    return deadline


class IntentState(StrEnum):
    """Where an intent is. `failed` and `final` are ends, except that a reorg may still revive what was mined."""

    QUEUED = "queued"
    SIMULATED = "simulated"
    SENT = "sent"
    MINED = "mined"
    FINAL = "final"
    FAILED = "failed"


class Failure(StrEnum):
    """Why an intent failed."""

    SIMULATION_REVERTED = "simulation_reverted"
    REVERTED = "reverted"
    LOST_IN_REORG = "lost_in_reorg"
    UNANSWERED = "unanswered"
    GAS_CREDIT_SPENT = "gas_credit_spent"
    APPROVAL_REVOKED = "approval_revoked"
    SIGNER_REFUSED = "signer_refused"


class TransactionState(StrEnum):
    """Where one signed candidate for a nonce is.

    `signed` waits to be broadcast, also again; `replaced`: something else with its nonce is final.
    """

    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    FINAL = "final"
    REPLACED = "replaced"


class Refusal(StrEnum):
    """What a node means when it does not take a transaction."""

    ALREADY_KNOWN = "already_known"
    NONCE_TOO_LOW = "nonce_too_low"
    NONCE_TOO_HIGH = "nonce_too_high"
    UNDERPRICED = "underpriced"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    UNKNOWN = "unknown"


# Nodes agree on no code, only roughly on words: geth, bor, erigon, anvil.
WORDS: tuple[tuple[str, Refusal], ...] = (
    ("already known", Refusal.ALREADY_KNOWN),
    ("already imported", Refusal.ALREADY_KNOWN),
    ("known transaction", Refusal.ALREADY_KNOWN),
    ("nonce too low", Refusal.NONCE_TOO_LOW),
    ("nonce is too low", Refusal.NONCE_TOO_LOW),
    ("nonce too high", Refusal.NONCE_TOO_HIGH),
    ("nonce is too high", Refusal.NONCE_TOO_HIGH),
    ("nonce gap", Refusal.NONCE_TOO_HIGH),
    ("underpriced", Refusal.UNDERPRICED),
    ("fee too low", Refusal.UNDERPRICED),
    ("less than block base fee", Refusal.UNDERPRICED),
    ("below the minimum", Refusal.UNDERPRICED),
    ("insufficient funds", Refusal.INSUFFICIENT_FUNDS),
)


class Step(StrEnum):
    """What a look at the chain means for one nonce."""

    KEEP = "keep"
    MINED = "mined"
    FINAL = "final"
    LOST = "lost"
    TAKEN = "taken"
    RESEND = "resend"
    BUMP = "bump"


@dataclass(frozen=True)
class ChainView:
    """One look: the account's nonce at the head and at the finalized block, -1 where nothing is final."""

    nonce: int
    finalized_nonce: int
    finalized_number: int


@dataclass(frozen=True)
class Sighting:
    """A transaction in a block that was canonical when looked at."""

    tx_hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    gas_wei: int | None = None
    """What it cost, where that was asked for."""


@dataclass(frozen=True)
class Candidate:
    """What is stored of one transaction."""

    tx_hash: str
    state: TransactionState
    block_hash: str | None
    sends: int
    sent_at: datetime | None
    underpriced: bool = False


@dataclass(frozen=True)
class Fees:
    """Wei per gas (EIP-1559)."""

    max_fee: int
    tip: int


def next_step(
    view: ChainView, nonce: int, candidates: Sequence[Candidate], seen: Sighting | None, now: datetime
) -> Step:
    """What to do about one nonce of which `seen` is on the chain."""
    if seen is not None:
        return step_of_seen(view, candidates, seen)
    if any(each.state in (TransactionState.MINED, TransactionState.FINAL) for each in candidates):
        return Step.LOST
    if nonce < view.nonce:
        return Step.TAKEN if nonce < view.finalized_nonce else Step.KEEP
    if any(each.state is TransactionState.SIGNED for each in candidates):
        return Step.KEEP
    if candidates[-1].underpriced and len(candidates) < MAX_CANDIDATES:
        return Step.BUMP
    last = max(candidates, key=lambda each: each.sent_at or now)
    if last.sent_at is None or now - last.sent_at < RESEND_AFTER:
        return Step.KEEP
    stuck = nonce == view.nonce and last.sends >= SENDS_BEFORE_BUMP and len(candidates) < MAX_CANDIDATES
    return Step.BUMP if stuck else Step.RESEND


def step_of_seen(view: ChainView, candidates: Sequence[Candidate], seen: Sighting) -> Step:
    known = next(each for each in candidates if each.tx_hash == seen.tx_hash)
    if seen.block_number <= view.finalized_number:
        return Step.KEEP if known.state is TransactionState.FINAL else Step.FINAL
    unchanged = known.state is TransactionState.MINED and known.block_hash == seen.block_hash
    return Step.KEEP if unchanged else Step.MINED


def refusal(message: str) -> Refusal:
    """Reads a node's words; what nobody wrote down is UNKNOWN, which stops."""
    lowered = message.lower()
    return next((meaning for words, meaning in WORDS if words in lowered), Refusal.UNKNOWN)


def minimum_tip(chain_id: int) -> int:
    """Wei per gas."""
    return MINIMUM_TIP.get(chain_id, OTHER_MINIMUM_TIP)


def fees_for(chain_id: int, base_fee: int, suggested_tip: int) -> Fees:
    """Room for the base fee to double, so that a few full blocks do not strand the transaction."""
    tip = max(suggested_tip, minimum_tip(chain_id))
    return capped(Fees(2 * base_fee + tip, tip))


def bumped(old: Fees, current: Fees) -> Fees | None:
    """Both fields raised enough for a replacement; None where the cap leaves no room."""
    raised = Fees(max(raised_up(old.max_fee), current.max_fee), max(raised_up(old.tip), current.tip))
    return raised if raised.max_fee <= MAX_FEE_PER_GAS else None


def raised_up(wei: int) -> int:
    return -(-wei * (100 + BUMP_PERCENT) // 100)


def capped(fees: Fees) -> Fees:
    max_fee = min(fees.max_fee, MAX_FEE_PER_GAS)
    return Fees(max_fee, min(fees.tip, max_fee))


def gas_limit(estimate: int) -> int:
    """Gas units: state may move between estimate and block, and a push needs gas left to be honest."""
    return estimate * (100 + GAS_MARGIN_PERCENT) // 100 + GAS_FLOOR_MARGIN


def next_nonce(chain_nonce: int, highest_stored: int | None) -> int:
    """The first nonce that neither the chain nor a stored transaction uses."""
    return chain_nonce if highest_stored is None else max(chain_nonce, highest_stored + 1)


def gaps(chain_nonce: int, stored: Collection[int]) -> list[int]:
    """Nonces that the chain still waits for, below a stored one, of which nothing is stored.

    They arise when something else used the key and a reorg undid it; until they are filled, all above them wait.
    """
    held = set(stored)
    return [nonce for nonce in range(chain_nonce, max(held, default=chain_nonce)) if nonce not in held]


def back_off_seconds(attempts: int) -> float:
    """How long to leave an intent alone after it went unanswered for the nth time."""
    return float(min(MAX_BACK_OFF_SECONDS, 0.5 * 2 ** min(attempts, 10)))
