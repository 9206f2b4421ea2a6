"""Who asks: the account behind a bearer credential, the wallet it acts as, and what that credential may do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Address
from app.web.scopes import Scope


@dataclass(frozen=True)
class Caller:
    """`address` is the wallet that this request acts as, `account` the one that names the account behind it.
    `scopes` is None for a session, which may do all that its account may; `opened_by` is the wallet that opened it."""

    address: Address
    account: Address
    opened_by: Address | None = None
    session_id: UUID | None = None
    key_id: UUID | None = None
    scopes: frozenset[Scope] | None = None

    def may(self, scope: Scope | None) -> bool:
        """Whether the credential reaches a route of this scope; None stands for routes that take a session."""
        return self.scopes is None or scope in self.scopes


Authenticate = Callable[[AsyncSession, str, Address | None], Awaitable[Caller | None]]
"""Gives who a bearer credential speaks for, or None; acting as a wallet of the account where one is named."""
