"""The typed client of Guildhall. Keys stay here: what is signed is rebuilt here and compared with the service's."""

from sdk.client import Client
from sdk.network import ChainClock, Network, Token
from sdk.terms import Bid, Terms, Windows, make_terms
from sdk.transport import Patience
from sdk.wallet import Wallet

__all__ = [
    "Bid",
    "ChainClock",
    "Client",
    "Network",
    "Patience",
    "Terms",
    "Token",
    "Wallet",
    "Windows",
    "make_terms",
]
