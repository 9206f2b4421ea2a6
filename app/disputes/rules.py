"""Who may dispute, settle and rule, and until when. Times are unix seconds of the chain."""

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
