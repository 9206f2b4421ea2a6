"""Who may do which verb when. Rows, chain time and parameters in; an error out, or the escrow to sign over.

Times are unix seconds of the chain. The contract decides in the end; these rules say the same earlier and in words,
and only about what the mirror shows.
"""

from app.errors import (
    AmountAboveRemaining,
    NotParty,
    WindowNotOpen,
    WindowOver,
    WrongTaskState,
)
from app.escrow.rules import State
from app.tasks.rules.standing import (
    NOBODY,
    EscrowFacts,
    Party,
    Standing,
    TaskState,
    buyer_awards,
    party_of,
    task_state,
    veto_until,
)


def may_fund(standing: Standing, account: str) -> None:
    """The buyer, once; again only when the first attempt has failed for good."""
    require_party(standing, account, "fund", Party.BUYER)
    state = task_state(standing)
    if state not in (TaskState.DRAFT, TaskState.FUNDING_FAILED, TaskState.INVITING):
        raise WrongTaskState(verb="fund", required="draft", state=state)
    limit = standing.task.deliver_by if standing.task.agent != NOBODY else standing.task.award_by
    require_not_after(standing, "fund", limit)


def may_veto(standing: Standing, account: str) -> None:
    """The buyer, within the veto window of an award that he did not make himself."""
    require_party(standing, account, "veto", Party.BUYER)
    held = require_held(standing, "veto", State.AWARDED)
    require_not_after(standing, "veto", veto_until(standing, held) or 0)


def may_submit(standing: Standing, account: str) -> EscrowFacts:
    """The agent, once the veto window is over and until deliverBy; again while the buyer reviews."""
    require_party(standing, account, "submit", Party.AGENT)
    held = require_hired(standing, "submit", State.AWARDED, State.SUBMITTED)
    require_not_after(standing, "submit", standing.task.deliver_by)
    opens_after = veto_until(standing, held)
    if held.state == State.AWARDED and opens_after is not None:
        require_after(standing, "submit", opens_after)
    return held


def may_release(standing: Standing, account: str, amount: int) -> EscrowFacts:
    """The buyer, any part of what remains, to an agent who is chosen; not while an arbiter decides."""
    require_party(standing, account, "release", Party.BUYER)
    held = require_hired(standing, "release", State.AWARDED, State.SUBMITTED)
    if not 1 <= amount <= held.remaining:
        raise AmountAboveRemaining(amount=str(amount), remaining=str(held.remaining))
    return held


def may_claim(standing: Standing, account: str) -> EscrowFacts:
    """The agent, strictly after the review window."""
    require_party(standing, account, "claim", Party.AGENT)
    held = require_held(standing, "claim", State.SUBMITTED)
    require_after(standing, "claim", held.since + standing.task.review_seconds)
    return held


def may_cancel(standing: Standing, account: str) -> EscrowFacts:
    """The agent while money is held; the buyer before an award that is his, or a hire that was never accepted."""
    party = require_party(standing, account, "cancel", Party.AGENT, Party.BUYER)
    if party is Party.AGENT:
        return require_hired(standing, "cancel", State.AWARDED, State.SUBMITTED, State.DISPUTED)
    if standing.task.agent == NOBODY and not buyer_awards(standing.task):
        raise NotParty(required="auctioneer or, after the deadline, anyone by reclaim", verb="cancel", account=account)
    return require_held(standing, "cancel", State.FUNDED)


def may_part(standing: Standing, account: str, verb: str) -> EscrowFacts:
    """Buyer and agent together, whenever an agent is chosen and money is held."""
    require_party(standing, account, verb, Party.BUYER, Party.AGENT)
    return require_hired(standing, verb, State.AWARDED, State.SUBMITTED, State.DISPUTED)


def may_reclaim(standing: Standing) -> None:
    """Anyone, after awardBy without an award or deliverBy without a submission."""
    held = require_held(standing, "reclaim", State.FUNDED, State.AWARDED)
    awaits_award = held.state == State.FUNDED and standing.task.agent == NOBODY
    require_after(standing, "reclaim", standing.task.award_by if awaits_award else standing.task.deliver_by)


def require_party(standing: Standing, account: str, verb: str, *allowed: Party) -> Party:
    """The account's part, one of `allowed`. Raises NotParty."""
    party = party_of(standing, account)
    if party not in allowed:
        raise NotParty(required=" or ".join(allowed), verb=verb, account=account)
    return party


def require_held(standing: Standing, verb: str, *allowed: State) -> EscrowFacts:
    """The escrow in one of these states. Raises WrongTaskState."""
    held = standing.escrow
    if held is None or held.state not in allowed:
        required = " or ".join(state.name.lower() for state in allowed)
        raise WrongTaskState(verb=verb, required=required, state=task_state(standing))
    return held


def require_hired(standing: Standing, verb: str, *allowed: State) -> EscrowFacts:
    """As require_held; a funded direct hire counts as awarded."""
    direct = (State.FUNDED,) if standing.task.agent != NOBODY else ()
    return require_held(standing, verb, *direct, *allowed)


def require_after(standing: Standing, verb: str, opens_after: int) -> None:
    """Raises WindowNotOpen until chain time is past `opens_after`."""
    if standing.time <= opens_after:
        raise WindowNotOpen(verb=verb, opens_after=opens_after, time=standing.time)


def require_not_after(standing: Standing, verb: str, limit: int) -> None:
    """Raises WindowOver once chain time is past `limit`."""
    if standing.time > limit:
        raise WindowOver(verb=verb, limit=limit, time=standing.time)
