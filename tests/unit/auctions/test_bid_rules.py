"""Which bids may be placed, which may win, and which awards the buyer may make."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.auctions import rules
from app.auctions.rules import Bounds
from app.errors import (
    BidAboveBudget,
    BidderIsParty,
    BidExpiresTooSoon,
    BidNotYours,
    BidTaskMismatch,
    BidZero,
    GuildhallError,
    NotParty,
    PartyUnpayable,
    PriceOutOfBounds,
    WorkDoesNotFit,
    WrongTaskState,
)
from tests.unit.tasks.facts import (
    AGENT,
    ARBITER,
    AWARDED,
    BUYER,
    DIRECT,
    MOMENT,
    NOBODY,
    NOW,
    OPEN,
    Auction,
    Intent,
    Standing,
)

TASK_ID, OTHER_ID = "0x" + "1" * 64, "0x" + "2" * 64
ESCROW = "0x" + "e" * 40
BOUNDS = Bounds(budget=100, valid_past=NOW + 50, unpayable=frozenset({ESCROW}))
BUYER_AWARDS = replace(OPEN.with_task(awarder=NOBODY), auction=None)


@dataclass(frozen=True)
class Bid:
    task_id: str = TASK_ID
    agent: str = AGENT
    payee: str = AGENT
    min_price: int = 1
    min_work_seconds: int = 10
    valid_until: int = NOW + 51


def place(standing: Standing = OPEN, account: str = AGENT, **changed: Any) -> None:
    rules.require_bid(standing, Bid(**changed), TASK_ID, account, BOUNDS)


@pytest.mark.parametrize(
    ("standing", "changed"),
    [
        (OPEN, {}),
        (OPEN, {"min_price": 100, "min_work_seconds": 950}),
        (replace(OPEN, escrow=None, fund_intent=Intent("queued")), {}),
        (BUYER_AWARDS, {}),
        (OPEN.with_task(veto_seconds=40), {"min_work_seconds": 910}),
        (BUYER_AWARDS.with_task(veto_seconds=40), {"min_work_seconds": 950}),
    ],
)
def test_allows(standing: Standing, changed: dict[str, Any]) -> None:
    place(standing, **changed)


@pytest.mark.parametrize(
    ("standing", "changed", "fault"),
    [
        (OPEN, {"task_id": OTHER_ID}, BidTaskMismatch),
        (OPEN, {"agent": BUYER}, BidNotYours),
        (OPEN, {"account": BUYER, "agent": BUYER}, BidderIsParty),
        (OPEN, {"account": ARBITER, "agent": ARBITER}, BidderIsParty),
        (replace(OPEN, escrow=None), {}, WrongTaskState),
        (DIRECT, {}, WrongTaskState),
        (AWARDED, {}, WrongTaskState),
        (replace(OPEN, auction=Auction(closed_at=MOMENT)), {}, WrongTaskState),
        (OPEN.at(NOW + 101), {}, WrongTaskState),
        (OPEN, {"min_price": 0}, BidZero),
        (OPEN, {"min_price": 101}, BidAboveBudget),
        (OPEN, {"valid_until": NOW + 50}, BidExpiresTooSoon),
        (OPEN, {"min_work_seconds": 951}, WorkDoesNotFit),
        (OPEN.with_task(veto_seconds=40), {"min_work_seconds": 911}, WorkDoesNotFit),
        (OPEN, {"payee": NOBODY}, PartyUnpayable),
        (OPEN, {"payee": ESCROW}, PartyUnpayable),
    ],
)
def test_refuses(standing: Standing, changed: dict[str, Any], fault: type[GuildhallError]) -> None:
    with pytest.raises(fault):
        place(standing, **changed)


def test_a_bid_about_to_expire_cannot_win() -> None:
    soon = NOW + rules.AWARD_MARGIN_SECONDS
    assert rules.is_awardable(OPEN.task, Bid(valid_until=soon), NOW)
    assert not rules.is_awardable(OPEN.task, Bid(valid_until=soon - 1), NOW)
    assert not rules.is_awardable(OPEN.task, Bid(valid_until=2 * NOW, min_work_seconds=990), NOW)


def test_the_buyer_awards_within_the_bid_and_the_budget() -> None:
    for price in (1, 100):
        rules.may_award(BUYER_AWARDS, BUYER, Bid(), price, 100)


@pytest.mark.parametrize(
    ("standing", "account", "price", "changed", "fault"),
    [
        (BUYER_AWARDS, AGENT, 5, {}, NotParty),
        (OPEN, BUYER, 5, {}, WrongTaskState),
        (AWARDED.with_task(awarder=NOBODY), BUYER, 5, {}, WrongTaskState),
        (BUYER_AWARDS.at(NOW + 101), BUYER, 5, {}, WrongTaskState),
        (BUYER_AWARDS, BUYER, 4, {"min_price": 5}, PriceOutOfBounds),
        (BUYER_AWARDS, BUYER, 101, {}, PriceOutOfBounds),
        (BUYER_AWARDS, BUYER, 5, {"valid_until": NOW}, BidExpiresTooSoon),
        (BUYER_AWARDS, BUYER, 5, {"min_work_seconds": 1001}, WorkDoesNotFit),
    ],
)
def test_refuses_an_award(
    standing: Standing, account: str, price: int, changed: dict[str, Any], fault: type[GuildhallError]
) -> None:
    with pytest.raises(fault):
        rules.may_award(standing, account, Bid(**changed), price, 100)


def test_only_the_bids_own_faults_strike_it() -> None:
    assert rules.blames_bid("AgentIdNotControlled")
    assert not rules.blames_bid("WrongState")
    assert not rules.blames_bid(None)
