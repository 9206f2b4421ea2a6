"""Who asks: the account behind a bearer credential, and what that credential may do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Address
from app.web.scopes import Scope


@dataclass(frozen=True)
class Caller:
    """`scopes` is None for a session, which may do all that its account may."""

    address: Address
    session_id: UUID | None = None
    key_id: UUID | None = None
    scopes: frozenset[Scope] | None = None

    def may(self, scope: Scope | None) -> bool:
        """Whether the credential reaches a route of this scope; None stands for routes that take a session."""
        return self.scopes is None or scope in self.scopes


Authenticate = Callable[[AsyncSession, str], Awaitable[Caller | None]]
"""Gives who a bearer credential speaks for, or None."""
