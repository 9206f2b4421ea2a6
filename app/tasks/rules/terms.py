"""Which terms may be posted: what the contract will accept, said before anybody signs."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.errors import (
    AuctionForDirectHire,
    AuctionTooLong,
    AwarderRefused,
    BudgetZero,
    FieldReserved,
    PartiesNotDistinct,
    PartyMissing,
    PartyUnpayable,
    PaymentAtAwardRefused,
    ShareAboveWhole,
    TermsNotYours,
    WindowOutOfBounds,
)
from app.money import WHOLE_BPS
from app.tasks.rules.standing import NOBODY, Agreed, Payment

DAY = 86400
LOCAL_CHAIN_ID = 31337
MAX_REVIEW_SECONDS = 30 * DAY
FAIR_REVIEW_SECONDS = 7 * DAY
FAIR_SHARE_BPS = (2_500, 7_500)
MAX_VETO_SECONDS = DAY
MAX_ARBITER_SECONDS = 30 * DAY
MAX_TASK_SECONDS = 365 * DAY


class TermsFacts(Agreed, Protocol):
    """The terms, as app.chain.typed_data.Terms has them."""

    @property
    def parent(self) -> str: ...
    @property
    def budget(self) -> int: ...
    @property
    def child_cap(self) -> int: ...
    @property
    def default_share_bps(self) -> int: ...


@dataclass(frozen=True)
class Venue:
    """Where the task would be funded. `auctioneer` awards by auction, None where there is none."""

    chain_id: int
    contracts: frozenset[str]
    auctioneer: str | None


def require_postable(terms: TermsFacts, venue: Venue, account: str, *, auction_seconds: int | None, time: int) -> None:
    """Raises the first rule that these terms break at chain time `time`; None where there is no auction."""
    if terms.buyer != account:
        raise TermsNotYours(buyer=terms.buyer, account=account)
    require_parties(terms, venue)
    require_awarder(terms, venue, auction_seconds is not None)
    require_reserved_fields_zero(terms)
    if terms.budget == 0:
        raise BudgetZero()
    if terms.default_share_bps > WHOLE_BPS:
        raise ShareAboveWhole(share_bps=terms.default_share_bps, max=WHOLE_BPS)
    require_windows(terms, venue, time)
    if auction_seconds is not None and time + auction_seconds >= terms.award_by:
        raise AuctionTooLong(duration_seconds=auction_seconds, award_by=terms.award_by, time=time)


def require_payment(terms: TermsFacts, payment: Payment, *, auctioned: bool) -> None:
    """Paying at the award takes a buyer who chooses among bids himself: an auctioneer cannot pay for him."""
    if payment is Payment.AT_AWARD and (auctioned or terms.agent != NOBODY):
        raise PaymentAtAwardRefused()


def require_parties(terms: TermsFacts, venue: Venue) -> None:
    """Buyer, agent and arbiter are three, and none of them is a contract of ours."""
    for field, party in (("buyer", terms.buyer), ("arbiter", terms.arbiter)):
        if party == NOBODY:
            raise PartyMissing(field=field)
    if terms.arbiter == terms.buyer:
        raise PartiesNotDistinct(field="arbiter", address=terms.arbiter)
    if terms.agent in (terms.buyer, terms.arbiter):
        raise PartiesNotDistinct(field="agent", address=terms.agent)
    if terms.agent in venue.contracts:
        raise PartyUnpayable(field="agent", address=terms.agent)


def require_awarder(terms: TermsFacts, venue: Venue, auctioned: bool) -> None:
    """The auctioneer awards auctions, the buyer everything else; a direct hire needs no award."""
    if auctioned and terms.agent != NOBODY:
        raise AuctionForDirectHire()
    if auctioned and terms.awarder != venue.auctioneer:
        raise AwarderRefused(awarder=terms.awarder, required=venue.auctioneer)
    if not auctioned and terms.awarder not in (NOBODY, terms.buyer):
        raise AwarderRefused(awarder=terms.awarder, required=NOBODY)


class TermsWarning(StrEnum):
    """Terms that the contract takes and that an agent should distrust."""

    ARBITER_UNPUBLISHED = "arbiter_unpublished"
    DEFAULT_SHARE_EXTREME = "default_share_extreme"
    REVIEW_LONG = "review_long"


def warnings_of(terms: TermsFacts, published: Collection[str] | None) -> list[TermsWarning]:
    """What favours the buyer unusually; `published` are the deployment's arbiters, None where nobody asks for them."""
    found = {
        TermsWarning.ARBITER_UNPUBLISHED: published is not None and terms.arbiter not in published,
        TermsWarning.DEFAULT_SHARE_EXTREME: not FAIR_SHARE_BPS[0] <= terms.default_share_bps <= FAIR_SHARE_BPS[1],
        TermsWarning.REVIEW_LONG: terms.review_seconds > FAIR_REVIEW_SECONDS,
    }
    return [warning for warning, holds in found.items() if holds]


def require_reserved_fields_zero(terms: TermsFacts) -> None:
    """parent and childCap belong to tasks that pay for tasks, which this version does not have."""
    if int(terms.parent, 16) != 0:
        raise FieldReserved(field="parent")
    if terms.child_cap != 0:
        raise FieldReserved(field="childCap")


def require_windows(terms: TermsFacts, venue: Venue, time: int) -> None:
    """The contract's bounds; a local chain allows windows of one second."""
    local = venue.chain_id == LOCAL_CHAIN_ID
    require_within("reviewSeconds", terms.review_seconds, 1 if local else DAY // 24, MAX_REVIEW_SECONDS)
    require_within("vetoSeconds", terms.veto_seconds, 0, MAX_VETO_SECONDS)
    require_within("arbiterSeconds", terms.arbiter_seconds, 1 if local else DAY, MAX_ARBITER_SECONDS)
    require_within("deliverBy", terms.deliver_by, time + 1, time + MAX_TASK_SECONDS)
    if terms.agent != NOBODY:
        require_within("awardBy", terms.award_by, 0, 0)
    else:
        require_within("awardBy", terms.award_by, time + 1, terms.deliver_by)


def require_within(field: str, actual: int, least: int, most: int) -> None:
    """Raises WindowOutOfBounds, naming the field of the terms."""
    if not least <= actual <= most:
        raise WindowOutOfBounds(field=field, actual=actual, min=least, max=most)
