"""The typed client of Guildhall. Keys stay here: what is signed is rebuilt here and compared with the service's."""

from sdk.client import Client
from sdk.network import ChainClock, Network, Token
from sdk.sealed_bids import SealedBid
from sdk.terms import AuctionPlan, Bid, Terms, Windows, make_terms
from sdk.transport import Patience
from sdk.vouchers import Channel
from sdk.wallet import Wallet

__all__ = [
    "AuctionPlan",
    "Bid",
    "ChainClock",
    "Channel",
    "Client",
    "Network",
    "Patience",
    "SealedBid",
    "Terms",
    "Token",
    "Wallet",
    "Windows",
    "make_terms",
]
