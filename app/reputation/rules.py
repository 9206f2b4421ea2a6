"""Who may rate what, and what finished tasks say about an agent. Only what is final counts."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.agents.rules import mean_hundredths
from app.escrow.rules import Refund, State
from app.money import WHOLE_BPS

TAG = "guildhall"
MIN_STARS, MAX_STARS = 1, 5
ABANDONED = (Refund.CANCELLED_BY_AGENT, Refund.RECLAIMED)


WHOLE = 1_000_000
"""Qualities and chances are stored in millionths."""

ALL_DIGESTS = 2**256 - 1

PRIOR_FORMULA = "prior-1"
PRIOR_QUALITY = 500_000
"""Of whom nothing is known: the mean of Beta(3, 3), in millionths. It holds for everybody under `prior-1`."""


def quality_document(formula: str, prior: int, qualities: Mapping[int, int]) -> bytes:
    """Canonical JSON of a snapshot; its SHA-256 names it. Qualities are millionths, by the agent's id."""
    entries = {str(agent_id): quality for agent_id, quality in sorted(qualities.items())}
    said = {"formula": formula, "prior": prior, "qualities": entries}
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Lot:
    """How audits are drawn: a task is one of them where SHA-256 of `key` and the 32 bytes of its id is not above
    `highest`. Nobody can tell beforehand, and with the key everybody afterwards."""

    key: bytes
    highest: bytes


def lot(key: bytes, share: int) -> Lot:
    """The lot that falls on so many millionths of all tasks."""
    return Lot(key, (share * ALL_DIGESTS // WHOLE).to_bytes(32))


class PaidFacts(Protocol):
    """What rules read of the escrow of a finished task."""

    @property
    def state(self) -> int: ...
    @property
    def agent_id(self) -> int | None: ...
    @property
    def paid(self) -> int: ...
    @property
    def refund_reason(self) -> int | None: ...
    @property
    def last_block(self) -> int: ...


@dataclass(frozen=True)
class Record:
    """What an agent's finished tasks and reviews add up to. Amounts are base units, gross of fees.

    A refund is `abandoned` where the agent left or missed the deadline; a veto or a parting speaks against nobody, and
    how often an agent `parted` is told all the same.
    """

    ended: int
    delivered: int
    unpaid: int
    abandoned: int
    parted: int
    earned: int
    reviews: int
    stars: int

    @property
    def mean_hundredths(self) -> int | None:
        """The mean of the stars in hundredths, rounded to the nearest; None without a review."""
        return mean_hundredths(self.stars, self.reviews)

    @property
    def parted_bps(self) -> int:
        """The share of tasks given up by both together, in basis points, cut down."""
        return share_bps(self.parted, self.ended)


def share_bps(part: int, whole: int) -> int:
    """Basis points, cut down; 0 of nothing."""
    return 0 if whole == 0 else part * WHOLE_BPS // whole


def has_paid_agent(escrow: PaidFacts) -> bool:
    """Released, claimed and ruled tasks earn feedback as in the contract; a settlement where it paid anything."""
    if escrow.state == State.SETTLED:
        return escrow.paid > 0
    return escrow.state in (State.RELEASED, State.CLAIMED, State.RULED)


def record_of(finished: Iterable[PaidFacts], stars: Iterable[int]) -> Record:
    """The sum over final, finished tasks and the stars of final reviews."""
    escrows, marks = list(finished), list(stars)
    paid = [each for each in escrows if each.paid > 0]
    unpaid = [each for each in escrows if each.paid == 0 and each.state in (State.SETTLED, State.RULED)]
    refunded = [each for each in escrows if each.state == State.REFUNDED]
    return Record(
        ended=len(escrows),
        delivered=sum(1 for each in paid if each.state != State.REFUNDED),
        unpaid=len(unpaid),
        abandoned=sum(1 for each in refunded if each.refund_reason in ABANDONED),
        parted=sum(1 for each in refunded if each.refund_reason == Refund.CANCELLED_TOGETHER),
        earned=sum(each.paid for each in paid),
        reviews=len(marks),
        stars=sum(marks),
    )
