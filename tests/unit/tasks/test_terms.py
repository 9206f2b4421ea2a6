"""Which terms may be posted."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.errors import (
    AuctionForDirectHire,
    AuctionTooLong,
    AwarderRefused,
    BudgetZero,
    FieldReserved,
    GuildhallError,
    PartiesNotDistinct,
    PartyMissing,
    PartyUnpayable,
    ShareAboveWhole,
    TermsNotYours,
    WindowOutOfBounds,
)
from app.tasks.rules import require_postable
from app.tasks.rules.terms import DAY, Venue
from tests.unit.tasks.facts import AGENT, ARBITER, AUCTIONEER, BUYER, NOBODY, NOW

ESCROW = "0x" + "e" * 40


@dataclass(frozen=True)
class Terms:
    buyer: str = BUYER
    agent: str = NOBODY
    awarder: str = AUCTIONEER
    arbiter: str = ARBITER
    parent: str = "0x" + "0" * 64
    budget: int = 1
    child_cap: int = 0
    award_by: int = NOW + 10
    deliver_by: int = NOW + 10
    review_seconds: int = DAY
    veto_seconds: int = 0
    arbiter_seconds: int = DAY
    default_share_bps: int = 10_000


AMOY = Venue(chain_id=80002, contracts=frozenset({ESCROW}), auctioneer=AUCTIONEER)
LOCAL = replace(AMOY, chain_id=31337)


def post(venue: Venue = AMOY, *, seconds: int | None = 9, account: str = BUYER, **changed: Any) -> None:
    require_postable(Terms(**changed), venue, account, auction_seconds=seconds, time=NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"seconds": None, "awarder": NOBODY},
        {"seconds": None, "awarder": BUYER},
        {"seconds": None, "awarder": NOBODY, "agent": AGENT, "award_by": 0},
        {"review_seconds": 3600},
        {"review_seconds": 30 * DAY, "arbiter_seconds": 30 * DAY, "veto_seconds": DAY},
        {"deliver_by": NOW + 365 * DAY},
        {"venue": LOCAL, "review_seconds": 1, "arbiter_seconds": 1},
    ],
)
def test_allows(changed: dict[str, Any]) -> None:
    post(**changed)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"account": AGENT}, TermsNotYours),
        ({"arbiter": NOBODY}, PartyMissing),
        ({"arbiter": BUYER}, PartiesNotDistinct),
        ({"seconds": None, "awarder": NOBODY, "agent": BUYER, "award_by": 0}, PartiesNotDistinct),
        ({"seconds": None, "awarder": NOBODY, "agent": ARBITER, "award_by": 0}, PartiesNotDistinct),
        ({"seconds": None, "awarder": NOBODY, "agent": ESCROW, "award_by": 0}, PartyUnpayable),
        ({"agent": AGENT}, AuctionForDirectHire),
        ({"awarder": NOBODY}, AwarderRefused),
        ({"seconds": None}, AwarderRefused),
        ({"parent": "0x" + "0" * 63 + "1"}, FieldReserved),
        ({"child_cap": 1}, FieldReserved),
        ({"budget": 0}, BudgetZero),
        ({"default_share_bps": 10_001}, ShareAboveWhole),
        ({"review_seconds": 3599}, WindowOutOfBounds),
        ({"review_seconds": 30 * DAY + 1}, WindowOutOfBounds),
        ({"veto_seconds": DAY + 1}, WindowOutOfBounds),
        ({"arbiter_seconds": DAY - 1}, WindowOutOfBounds),
        ({"deliver_by": NOW}, WindowOutOfBounds),
        ({"deliver_by": NOW + 365 * DAY + 1}, WindowOutOfBounds),
        ({"award_by": NOW}, WindowOutOfBounds),
        ({"award_by": NOW + 11}, WindowOutOfBounds),
        ({"seconds": 10}, AuctionTooLong),
        ({"seconds": None, "awarder": NOBODY, "agent": AGENT}, WindowOutOfBounds),
    ],
)
def test_refuses(changed: dict[str, Any], fault: type[GuildhallError]) -> None:
    with pytest.raises(fault):
        post(**changed)
