"""Who may name a referrer, and what a finished task's fees are worth to him. Pure; amounts are base units.

Amounts are rounded down. Newness is told by the database's clock; what is shared, and for how long, by the chain's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.errors import (
    AccountNotNew,
    AlreadyReferred,
    ReferralInCircle,
    ReferralsNotOffered,
    ReferrerLinked,
)

WHOLE_BPS = 10_000
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Offered:
    """What a deployment gives to a referrer: `cap` is for all that one account's tasks bring him."""

    share_bps: int
    cap: int
    days: int
    name_days: int


@dataclass(frozen=True)
class Newcomer:
    """Who names a referrer: since when his account is there, and whether it ever bought or worked."""

    account: str
    created_at: datetime
    has_tasks: bool
    referrer: str | None


@dataclass(frozen=True)
class Share:
    """What was promised when a referrer was named: for tasks that end above `from_block`, until a time of the chain."""

    account: str
    referrer: str
    share_bps: int
    cap: int
    from_block: int
    until: int


@dataclass(frozen=True)
class Finished:
    """A task that ended for good with fees: the accounts behind its buyer and behind those who were paid."""

    task_id: str
    fees: int
    block: int
    ended_at: int
    buyer: str
    sellers: frozenset[str]

    @property
    def is_own(self) -> bool:
        """Buyer and agent are one account's wallets."""
        return self.buyer in self.sellers

    @property
    def parties(self) -> frozenset[str]:
        return self.sellers | {self.buyer}


def may_name(newcomer: Newcomer, referrer: str, referrers_own: str | None, offered: Offered, now: datetime) -> bool:
    """Whether there is something to store: the same name again changes nothing. `referrers_own` is who referred the
    referrer. Raises ReferralsNotOffered, AlreadyReferred, ReferrerLinked, ReferralInCircle, AccountNotNew."""
    if newcomer.referrer is not None:
        if newcomer.referrer == referrer:
            return False
        raise AlreadyReferred(referrer=newcomer.referrer)
    if offered.share_bps == 0:
        raise ReferralsNotOffered
    if newcomer.account == referrer:
        raise ReferrerLinked(referrer=referrer)
    if referrers_own == newcomer.account:
        raise ReferralInCircle(referrer=referrer)
    if newcomer.has_tasks or now > newcomer.created_at + timedelta(days=offered.name_days):
        raise AccountNotNew(days=offered.name_days)
    return True


def accrual(share: Share, task: Finished, so_far: int, referrers_account: str) -> int:
    """What a referrer gets of a task's fees; `so_far` is what this account's tasks brought him already, and
    `referrers_account` the account that his wallet is in now: nobody earns by tasks that he has a part in."""
    is_out = task.block <= share.from_block or task.ended_at > share.until
    if is_out or task.is_own or {share.referrer, referrers_account} & task.parties:
        return 0
    return min(task.fees * share.share_bps // WHOLE_BPS, max(0, share.cap - so_far))
