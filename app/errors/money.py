"""Payments, spend policies, channels and referrals."""

from app.errors.kinds import Conflict, Forbidden, InvalidInput


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


class NothingOwed(Conflict):
    text = "Nothing is owed to {owner}."


class PaymentsNotYours(Forbidden):
    text = "Only the account itself may read the payments of {address}."


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
