"""Every error the product raises on purpose.

    GuildhallError
    ├── InvalidInput          what was sent breaks a rule of form
    │   ├── AmountMalformed · AmountOutOfRange
    ├── Unauthenticated       nobody, or not who he says
    ├── Forbidden             somebody, but not the party the rule names
    ├── NotFound              unknown, or not for the asker's eyes: both answer alike
    ├── Conflict              right form, wrong state
    ├── TooLarge              over a stated limit
    ├── TooManyRequests       over a stated rate
    └── Unavailable           try again later: a service behind us did not answer

A class names the broken fact and carries the facts as keyword fields; the message is built from them. Nothing here
knows HTTP: app.web maps the second level to status codes.
"""

from collections.abc import Mapping
from typing import ClassVar


class GuildhallError(Exception):
    """Root. `text` is a format string over the facts."""

    text: ClassVar[str] = "Something is not as it should be."

    def __init__(self, **facts: object) -> None:
        self.facts: Mapping[str, object] = facts
        super().__init__(self.text.format(**facts))


class InvalidInput(GuildhallError):
    """The request breaks a rule of form."""


class Unauthenticated(GuildhallError):
    """The caller has not shown who he is."""

    text = "Sign in first."


class Forbidden(GuildhallError):
    """The rule names another party."""


class NotFound(GuildhallError):
    """Unknown, or not visible to the caller."""

    text = "There is no such {kind}, or it is not yours to see."


class Conflict(GuildhallError):
    """The state does not allow it."""


class TooLarge(GuildhallError):
    """Over a stated limit."""


class TooManyRequests(GuildhallError):
    text = "Too many requests for this {limited}; try again in {retry_after_seconds} s."


class Unavailable(GuildhallError):
    """A service behind us did not answer in time; a retry may succeed."""


# money


class AmountMalformed(InvalidInput):
    text = "{value!r} is not an amount: give base units as an integer or a string of digits."


class AmountOutOfRange(InvalidInput):
    text = "{value} is outside 0..{max} base units."


# config


class SettingRefused(GuildhallError):
    text = "{name}: {reason}"


# web


class BadCursor(InvalidInput):
    text = "The cursor is not one that this list gave out."


class BodyTooDeep(InvalidInput):
    text = "The body nests deeper than {limit} levels."


class BodyTooLarge(TooLarge):
    text = "The body is larger than {limit} bytes."


class IdempotencyKeyMalformed(InvalidInput):
    text = "An Idempotency-Key is 8 to 128 letters, digits or ._:/+=-, with or without quotes."


class IdempotencyKeyReused(InvalidInput):
    text = "The Idempotency-Key {key} belongs to another request of yours; take a new one for a new request."


class RequestMalformed(InvalidInput):
    text = "The request breaks a rule of form; errors says where."


class ValueRefused(InvalidInput):
    text = "The database cannot hold a value of this request."


class DatabaseUnavailable(Unavailable):
    text = "The database did not answer in time; try again."


# accounts


class SignInMessageMalformed(InvalidInput):
    text = "This is not an EIP-4361 message as it was asked for: {reason}."


class RefreshTokenRefused(Unauthenticated):
    text = "This refresh token is not one that can be used; sign in again."


class RefreshTokenReused(Unauthenticated):
    text = "This refresh token was used before. Somebody may have a copy, so its session is ended; sign in again."


class CredentialInUrl(InvalidInput):
    text = "A credential stands in the URL, where logs keep it. Revoke it, and send the next one as a header."


class ScopeMissing(Forbidden):
    text = "This API key may not {scope}."


class SessionNeeded(Forbidden):
    text = "This takes a signed-in wallet; an API key cannot do it."


class RoleMissing(Forbidden):
    text = "This takes the role {role}, which this wallet does not have here."


class WalletNotLinked(Forbidden):
    text = "The wallet {wallet} is not one of this account's; link it first."


class FoundingWalletNeeded(Forbidden):
    text = "Only a session opened by the account's first wallet, {wallet}, may do this."


class FoundingWallet(Conflict):
    text = "The wallet {wallet} names this account and cannot leave it."


class WalletTaken(Conflict):
    text = "The wallet {wallet} belongs to an account with other wallets; it has to leave that one first."


class TooManyWallets(Conflict):
    text = "An account has at most {limit} wallets; unlink one first."


class TooManyApiKeys(Conflict):
    text = "An account has at most {limit} API keys; revoke one first."


class SignInRefused(Unauthenticated):
    """`rule` names the part of the message that is not what was asked for."""

    text = "The sign-in message is refused: its {rule} is not what it must be."


# chain


class DeploymentMalformed(SettingRefused):
    text = "The deployment file {path} cannot be used: {reason}"


class BadSignature(InvalidInput):
    """`reason` is one of the words in app.chain.signatures."""

    text = "This is not a signature of {signer}: {reason}."


class ChainUnavailable(Unavailable):
    text = "No node answered {method}: {reason}."


class RpcRefused(Unavailable):
    """A node answered with an error that is not a revert."""

    text = "A node refused {method}: {message} ({code})."

    @property
    def code(self) -> int:
        return int(str(self.facts["code"]))

    @property
    def message(self) -> str:
        return str(self.facts["message"])


class CallReverted(Conflict):
    """A contract refused; `data` is what it said, as hex."""

    text = "The contract refused {method}: {message}."

    @property
    def data(self) -> bytes:
        return bytes.fromhex(str(self.facts["data"]).removeprefix("0x"))


# escrow


class ChainNotMirrored(Unavailable):
    """The indexer has not written its first cursor yet."""

    text = "The chain is not mirrored yet; the indexer has written no block."


# relayer


class RelayerKeyMissing(SettingRefused):
    """This worker was started without a key to send with."""


class SpendRefused(Forbidden):
    """`rule` is the field of the account's own policy."""

    text = "The account's own spend policy does not allow it: {rule} is {limit}."


class ApprovalNeeded(Conflict):
    text = "{amount} is above {above}: ask for an approval of this task's money first (POST /v1/approvals)."


class ApprovalClosed(Conflict):
    text = "This approval is {state}; ask anew."


class OwnApprover(InvalidInput):
    text = "An account is not its own approver: whoever holds its key could say yes himself."


class ApprovalNotYours(Forbidden):
    text = "This is not yours to decide: not by your rank now, or your right has ended."


class InviteRefused(InvalidInput):
    text = "This invite is not one that you can use: it is unknown, used by somebody else, or its time is over."


class SignerUnavailable(Unavailable):
    """The service that keeps a key did not sign; a later try may succeed."""

    text = "The signer did not answer as it must: {reason}."


class SignerRefused(Forbidden):
    """The service that keeps a key does not sign this, by its own rules."""

    text = "The signer refuses: {reason}."


# content


class DigestMismatch(InvalidInput):
    text = "The bytes have the digest {actual}, the request says {expected}."


class DigestHeaderMalformed(InvalidInput):
    text = "Content-Digest must be sha-256=:BASE64: of 32 bytes (RFC 9530)."


class MediaTypeMalformed(InvalidInput):
    text = "Content-Type is not a media type."


class ContentTooLarge(TooLarge):
    text = "The content is larger than {limit} bytes."


class UploadStalled(InvalidInput):
    text = "The body sent nothing for {seconds} seconds."


class ContentMissing(Unavailable):
    """The row is there and the file is not: storage is detached or damaged."""

    text = "The stored bytes of {digest} cannot be read just now."


# agents, listings


class NotController(Forbidden):
    text = "Only the owner, the wallet or an approved operator of agent {agent_id} may {verb} it."


class RegistrationNonceUsed(Conflict):
    text = "The registry expects nonce {expected}, the signature holds {nonce}: prepare again."


class RegistrationDeadlineRefused(Conflict):
    text = "The deadline {deadline} must be after chain time {time} and at most {limit}."


# search


class EmbedderUnavailable(Unavailable):
    """What makes vectors of texts did not; searches go by words meanwhile."""

    text = "The embedder did not answer as it must: {reason}."


# tasks, auctions, disputes, reputation, payments


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


class AgentIdNotControlled(Forbidden):
    text = "{account} controls no agent {agent_id}."


class SchemaRefused(InvalidInput):
    text = "The schema is refused at {at}: {reason}."


class VersionOutOfTurn(Conflict):
    text = "Version {version} is not the next one; it would be one of {allowed}."


class VersionIncompatible(Conflict):
    """`faults` names each place where a document of the earlier version would not do."""

    text = (
        "A minor version takes the place of the one before; this one would break it, see faults. Publish a major one."
    )


class CapabilityNotYours(Forbidden):
    text = "The capability {name} is published by {owner}."


class CapabilityUnknown(InvalidInput):
    text = "The catalogue has no version {version} of {name}."


class OfferRefused(InvalidInput):
    text = "{field} of this listing is refused: {reason}."


class ReferralsNotOffered(Conflict):
    text = "This deployment shares no fees with referrers."


class ReferralCodeUnknown(InvalidInput):
    text = "Nobody has this referral code."


class ReferrerLinked(Forbidden):
    text = "The code is that of {referrer}, and so are you: nobody refers himself."


class ReferralInCircle(Conflict):
    text = "{referrer} named you as referrer; two accounts do not refer each other."


class AlreadyReferred(Conflict):
    text = "This account named {referrer} as its referrer, for good."


class AccountNotNew(Conflict):
    text = "A referrer is named within {days} days of an account's first sign-in, and before its first task."


class PayoutNotProven(Conflict):
    text = "The transaction {tx_hash} does not prove the payout: {reason}."


class PayoutPaid(Conflict):
    text = "This payout was paid by the transaction {tx_hash}."


class TransferUsed(Conflict):
    text = "The transaction {tx_hash} has proven another payout."


class PricingRefused(InvalidInput):
    text = "{field} of this pricing is refused: {reason}."


class ListingChangedMeanwhile(Conflict):
    text = "The listing is at version {version} and not at {expected}; read it again."


class TooManyTemplates(Conflict):
    text = "An account keeps at most {limit} task templates; remove one first."


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


class BiddingClosed(Conflict):
    text = "Bidding on this task is over."


class BidNotLive(Conflict):
    text = "The bid {bid_digest} was withdrawn or struck."


class BidIsRevoked(Conflict):
    text = "The bid {bid_digest} was revoked on chain, for ever."


class PriceOutOfBounds(InvalidInput):
    text = "The price {price} must be within {min}..{max}."


class TaskNotFinished(Conflict):
    text = "A task is rated when its agent has been paid; it is {state}."


class NotFinalYet(Conflict):
    text = "Block {block} is not final yet; the chain is final up to {finalized}."


class AlreadyRated(Conflict):
    text = "The task {task_id} is rated already."


class ReviewsClosed(Conflict):
    text = "The reviews of this task were closed at {since}: what was said by then is shown, and nothing is added."


class ReviewsAreLinked(Forbidden):
    text = "The buyer {buyer} and the agent {agent_id} are one account's; what they say of each other is not taken."


class ReviewDeadlineTooSoon(InvalidInput):
    text = "The deadline {deadline} is before {least}: a review is carried when its window ends, and a day later still."


class AlreadyReplied(Conflict):
    text = "This review of the task {task_id} has its answer."


class AlreadyAudited(Conflict):
    text = "An audit of the task {task_id} is recorded already, and it says something else."


class NothingOwed(Conflict):
    text = "Nothing is owed to {owner}."


class BadStoredKey(SettingRefused):
    text = "The key file {path} holds no usable key: {reason}."


class PaymentsNotYours(Forbidden):
    text = "Only the account itself may read the payments of {address}."


class EndpointFailed(Unavailable):
    text = "The agent's endpoint did not do the call: {reason}."


class EndpointRefused(Forbidden):
    text = "Nothing is sent to {host}: {address} is not an address of the public internet."


class NoAgentFits(NotFound):
    text = "No agent that fits takes calls of {capability} now."


class TooBusy(Unavailable):
    text = "Calls of {priority} priority are not taken now: come again later."


class CallFailed(Unavailable):
    """`attempts` are the router's own notes of each try."""

    text = "No valid answer in {tries} tries."
    attempts: tuple[object, ...] = ()


class CallRunning(Conflict):
    text = "The call {call_id} is on its way: ask for it by GET."


class CallNamedTwice(Conflict):
    text = "The name {call_id} stands for another call of yours."


class InputRefused(InvalidInput):
    text = "The input is not what the capability takes, at {at}: {reason}."


class ChannelsNotOffered(Conflict):
    text = "This deployment signs no vouchers: it has no payment channels, or no key to sequence them with."


class ChannelUnfit(Conflict):
    text = "Calls cannot be paid from this channel: {reason}."


class ChannelShort(Conflict):
    text = "The channel has {free} that nothing is promised of; this may take {amount}."


class ChannelNeeded(InvalidInput):
    text = "A call that may cost {max_price} names the channel that pays for it."


class CreditSpent(Conflict):
    """`owed` is for calls on their way and answers that wait to be paid."""

    text = "You may owe {credit} at one time, and owe {owed} already: pay what waits before a call that takes {amount}."


class VoucherNotNext(Conflict):
    text = "The next voucher for this payee says {required} in all; this one says {cumulative}."


class CallOver(Conflict):
    text = "Nobody waits for an answer to {id} of this agent."


class CallNotHeld(Conflict):
    text = "Only an answer that waits to be paid is paid for; this call is {state}."
