"""The whole client, one method per verb of the market."""

from sdk.agents import Agents
from sdk.audits import Audits
from sdk.awards import Awards
from sdk.calls import Calls
from sdk.counter_offers import CounterOffers
from sdk.disputes import Disputes
from sdk.escrows import Escrows
from sdk.feed import Feed
from sdk.pricing import Pricing
from sdk.referrals import Referrals
from sdk.reviews import Reviews
from sdk.sealed_bids import SealedBids
from sdk.spending import Spending
from sdk.wallets import Wallets


class Client(
    Awards,
    SealedBids,
    CounterOffers,
    Escrows,
    Disputes,
    Reviews,
    Agents,
    Calls,
    Pricing,
    Referrals,
    Audits,
    Feed,
    Spending,
    Wallets,
):
    """`async with Client(url, Wallet.from_key_file(path)) as client:`; from synchronous code, `asyncio.run`."""
