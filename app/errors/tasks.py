"""Tasks, their terms and verbs."""

from app.errors.kinds import Conflict, Forbidden, InvalidInput


class NotParty(Forbidden):
    text = "Only the {required} may {verb} this task."


class WrongTaskState(Conflict):
    text = "To {verb} a task it must be {required}; it is {state}."


class WindowNotOpen(Conflict):
    text = "To {verb} this task wait until chain time is past {opens_after}; it is {time}."


class WindowOver(Conflict):
    text = "It is too late to {verb} this task: the limit was {limit}, chain time is {time}."


class DeadlinePassed(Conflict):
    text = "The signature's deadline {deadline} is not after chain time {time}."


class DeadlineTooFar(InvalidInput):
    text = "The deadline {deadline} is later than {max}."


class AmountAboveRemaining(Conflict):
    text = "{amount} is not between 1 and the {remaining} that the task still holds."


class ShareAboveWhole(InvalidInput):
    text = "{share_bps} basis points are more than the whole of {max}."


class TermsNotYours(Forbidden):
    text = "The terms name {buyer} as buyer; you are signed in as {account}."


class PartiesNotDistinct(InvalidInput):
    text = "{field} may not be {address}: buyer, agent and arbiter are three different parties."


class PartyMissing(InvalidInput):
    text = "The terms name no {field}."


class PartyUnpayable(InvalidInput):
    text = "{field} may not be a contract of this deployment: {address}."


class FieldReserved(InvalidInput):
    text = "{field} is reserved and must be zero."


class BudgetZero(InvalidInput):
    text = "The budget must be at least one base unit."


class WindowOutOfBounds(InvalidInput):
    text = "{field} is {actual}; it must be within {min}..{max}."


class AwarderRefused(InvalidInput):
    text = "awarder must be {required} for this kind of task; it is {awarder}."


class AuctionForDirectHire(InvalidInput):
    text = "A task that names its agent has nobody to choose by auction."


class PaymentAtAwardRefused(InvalidInput):
    text = "Only a task whose buyer chooses among bids himself can be paid at its award."


class Permit2NotOffered(Conflict):
    text = "This deployment takes no Permit2."


class BatchNotDistinct(InvalidInput):
    text = "A batch names each task once."


class AuctionTooLong(InvalidInput):
    text = "An auction of {duration_seconds} seconds cannot end by awardBy {award_by}; chain time is {time}."


class AuctionsNotOffered(Conflict):
    text = "This deployment has no auctioneer."


class ContentNotUploaded(InvalidInput):
    text = "{field} {digest} is not among the contents that {account} has uploaded."


class OfferStale(Conflict):
    text = "The pot is {remaining} now; the offer was signed over {signed}."


class AgentIdNotControlled(Forbidden):
    text = "{account} controls no agent {agent_id}."


class TooManyTemplates(Conflict):
    text = "An account keeps at most {limit} task templates; remove one first."
