"""Who may dispute, settle and rule, and until when. Times are unix seconds of the chain."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from app.errors import AmountAboveRemaining, ShareAboveWhole
from app.escrow.rules import State
from app.money import WHOLE_BPS
from app.tasks.rules import (
    EscrowFacts,
    Party,
    Standing,
    may_part,
    require_after,
    require_held,
    require_not_after,
    require_party,
)


@dataclass(frozen=True)
class Accord:
    """What two parties agree on over the pot they see; `to_agent` is None where everything goes back."""

    verb: str
    remaining: int
    to_agent: int | None


class OfferFacts(Protocol):
    """What rules read of a stored offer."""

    @property
    def verb(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def remaining(self) -> int: ...
    @property
    def to_agent(self) -> int | None: ...
    @property
    def deadline(self) -> int: ...


AnyOffer = TypeVar("AnyOffer", bound=OfferFacts)


def accord(standing: Standing, account: str, to_agent: int | None) -> Accord:
    """The accord that this account would sign now. Raises what forbids it."""
    if to_agent is None:
        return Accord("cancel_together", may_part(standing, account, "cancel together").remaining, None)
    return Accord("settle", may_settle(standing, account, to_agent).remaining, to_agent)


def matching_offer(offers: Iterable[AnyOffer], agreed: Accord, account: str, time: int) -> AnyOffer | None:
    """The other party's equal offer that still holds; one over another pot is stale."""
    for offer in offers:
        same = Accord(offer.verb, offer.remaining, offer.to_agent) == agreed
        if same and offer.account != account and offer.deadline > time:
            return offer
    return None


def may_settle(standing: Standing, account: str, to_agent: int) -> EscrowFacts:
    """Buyer and agent together, a split of what they see in the pot."""
    held = may_part(standing, account, "settle")
    if to_agent > held.remaining:
        raise AmountAboveRemaining(amount=str(to_agent), remaining=str(held.remaining))
    return held


def may_dispute(standing: Standing, account: str) -> Party:
    """Buyer or agent, until the review window's last second."""
    party = require_party(standing, account, "dispute", Party.BUYER, Party.AGENT)
    held = require_held(standing, "dispute", State.SUBMITTED)
    require_not_after(standing, "dispute", held.since + standing.task.review_seconds)
    return party


def may_rule(standing: Standing, account: str, share_bps: int) -> EscrowFacts:
    """The arbiter, until his window's last second."""
    require_party(standing, account, "rule", Party.ARBITER)
    held = require_held(standing, "rule", State.DISPUTED)
    require_not_after(standing, "rule", held.since + standing.task.arbiter_seconds)
    if share_bps > WHOLE_BPS:
        raise ShareAboveWhole(share_bps=share_bps, max=WHOLE_BPS)
    return held


def may_rule_by_default(standing: Standing) -> None:
    """Anyone, strictly after the arbiter's window."""
    held = require_held(standing, "rule by default", State.DISPUTED)
    require_after(standing, "rule by default", held.since + standing.task.arbiter_seconds)


def may_show_evidence(standing: Standing, account: str) -> Party:
    """Buyer or agent, from the submission until the ruling: an arbiter should find it before he is asked."""
    party = require_arguing_party(standing, account)
    require_held(standing, "show evidence on", State.SUBMITTED, State.DISPUTED)
    return party


def require_arguing_party(standing: Standing, account: str) -> Party:
    """Buyer or agent. Raises NotParty."""
    return require_party(standing, account, "show evidence on", Party.BUYER, Party.AGENT)
