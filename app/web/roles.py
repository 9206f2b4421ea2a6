"""The roles that somebody can have here, and who has those that the platform itself gives.

A party's role (buyer, agent, arbiter of a task) is a fact of that task, decided by `party_of` in app.tasks.rules; an
approver is named by the account whose money it is (app.spending). What is left are the roles of the whole deployment,
which its settings name and the chain does not know.
"""

from enum import StrEnum

from app.config import Settings
from app.database import Address
from app.errors import RoleMissing
from app.web.network import Network


class Role(StrEnum):
    BUYER = "buyer"
    AGENT = "agent"
    ARBITER = "arbiter"
    APPROVER = "approver"
    OPERATOR = "operator"


def platform_roles(wallet: Address, settings: Settings, network: Network) -> frozenset[Role]:
    """What the deployment made of a wallet: a published arbiter, an operator of the service."""
    named = {Role.ARBITER: network.arbiters, Role.OPERATOR: settings.operators}
    return frozenset(role for role, wallets in named.items() if wallet in wallets)


def require_role(role: Role, held: frozenset[Role]) -> None:
    """Raises RoleMissing."""
    if role not in held:
        raise RoleMissing(role=role.value)
