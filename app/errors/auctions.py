"""Bids, commitments and awards."""

from app.errors.kinds import Conflict, Forbidden, InvalidInput


class BidTaskMismatch(InvalidInput):
    text = "The bid names task {bid_task_id}, not {task_id}."


class BidNotYours(Forbidden):
    text = "Only the bid's own agent {agent} may {verb} it; you are signed in as {account}."


class BidZero(InvalidInput):
    text = "min_price must be at least one base unit."


class BidAboveBudget(InvalidInput):
    text = "min_price {min_price} is above the budget {budget}."


class BidExpiresTooSoon(InvalidInput):
    text = "valid_until {valid_until} is not after {required}."


class WorkDoesNotFit(InvalidInput):
    text = "{min_work_seconds} seconds of work cannot end by {deliver_by}."


class BidderIsParty(Forbidden):
    text = "The task's {party} may not bid on it."


class AuctionPlanRefused(InvalidInput):
    text = "{field} of this auction is refused: {reason}."


class BidderIsLinked(Forbidden):
    text = "The wallets {agent} and {buyer} are one account's; one does not work for the other."


class BidsAreSealed(Conflict):
    text = "Bids on this task are sealed: send a commitment, and the bid itself in the reveal window."


class BidsAreOpen(Conflict):
    text = "Bids on this task are open: there is nothing to commit to."


class CommitMissing(Conflict):
    text = "Agent {agent_id} has no commitment in this auction that this bid answers."


class CommitOfOtherAuction(Conflict):
    text = "The commitment names auction {auction_id}, and this one is {expected}."


class BatchTooLarge(InvalidInput):
    text = "A batch holds at most {limit} commitments, of different tasks and agents."


class RevealNotNow(Conflict):
    """`opens_at` and `ends_at` bound the window, null before the auction opened."""

    text = "Bids are revealed between {opens_at} and {ends_at}."


class BarredFromSealed(Conflict):
    text = "Agent {agent_id} left a bid unrevealed on {task_id}; sealed auctions are open to it again at {until}."


class TooManyCounterOffers(Conflict):
    text = "A bid takes at most {limit} counter-offers; award it, or wait for another."


class BidTooHigh(Conflict):
    text = "The next bid may ask {highest} at most; this one asks {min_price}."


class BidHasLed(Conflict):
    text = "This bid has led the auction and binds until the award."


class BiddingNotOpen(Conflict):
    text = "Bidding on this task begins when its auction opens, which the funding brings about."


class QualityTooLow(Forbidden):
    """Millionths, as they were frozen at the opening."""

    text = "This auction asks for a quality of {min_quality}, and agent {agent_id} had {quality} when it opened."


class BiddingClosed(Conflict):
    text = "Bidding on this task is over."


class BidNotLive(Conflict):
    text = "The bid {bid_digest} was withdrawn or struck."


class BidIsRevoked(Conflict):
    text = "The bid {bid_digest} was revoked on chain, for ever."


class PriceOutOfBounds(InvalidInput):
    text = "The price {price} must be within {min}..{max}."
