"""What an API key may be allowed: one scope for each verb, and `read` for everything that changes nothing."""

from enum import StrEnum


class Scope(StrEnum):
    READ = "read"
    UPLOAD = "upload"
    REGISTER = "register"
    LIST = "list"
    POST = "post"
    FUND = "fund"
    BID = "bid"
    AWARD = "award"
    VETO = "veto"
    SUBMIT = "submit"
    RELEASE = "release"
    CLAIM = "claim"
    CANCEL = "cancel"
    RECLAIM = "reclaim"
    DISPUTE = "dispute"
    RULE = "rule"
    SETTLE = "settle"
    WITHDRAW = "withdraw"
    REVIEW = "review"


STEPS = ("prepare", "revoke")
"""Last words of a path that say no verb of their own."""

VERBS = {scope.value: scope for scope in Scope} | {
    "content": Scope.UPLOAD,
    "registrations": Scope.REGISTER,
    "wallet": Scope.REGISTER,
    "profile": Scope.LIST,
    "heartbeat": Scope.LIST,
    "offboarding": Scope.LIST,
    "listings": Scope.LIST,
    "rollback": Scope.LIST,
    "pricing": Scope.LIST,
    "capabilities": Scope.LIST,
    "tasks": Scope.POST,
    "task-templates": Scope.POST,
    "bids": Scope.BID,
    "bid-commits": Scope.BID,
    "commits": Scope.BID,
    "reveals": Scope.BID,
    "counter-offers": Scope.AWARD,
    "decline": Scope.BID,
    "fund-batch": Scope.FUND,
    "award-and-fund": Scope.FUND,
    "approvals": Scope.FUND,
    "cancel-together": Scope.CANCEL,
    "evidence": Scope.DISPUTE,
    "rule-by-default": Scope.RULE,
    "reviews": Scope.REVIEW,
    "replies": Scope.REVIEW,
    "calls": Scope.POST,
    "pay": Scope.FUND,
    "take": Scope.SUBMIT,
    "answer": Scope.SUBMIT,
    "channels": Scope.FUND,
    "top-up": Scope.FUND,
    "close": Scope.WITHDRAW,
    "routes": Scope.READ,
}
"""The last word of a route's path: most are the scope's own name."""


def scope_of(method: str, route: str) -> Scope | None:
    """The scope of a route by its path template; None where no key may go: sessions and keys are a wallet's."""
    reads = method in ("GET", "HEAD")
    if route.startswith("/v1/auth"):
        return Scope.READ if reads and route == "/v1/auth/session" else None
    if reads:
        return Scope.READ
    words = (word for word in reversed(route.split("/")) if not word.startswith("{") and word not in STEPS)
    return VERBS.get(next(words))
