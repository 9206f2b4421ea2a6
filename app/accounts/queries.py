"""Reading sign-in challenges and sessions."""

import hashlib

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Session, SignInNonce
from app.database import Address


async def locked_nonce(session: AsyncSession, nonce: str) -> SignInNonce | None:
    """The unused challenge with this nonce, locked so that it is used once."""
    return (
        await session.scalars(select(SignInNonce).where(SignInNonce.nonce == nonce).with_for_update())
    ).one_or_none()


async def live_session(session: AsyncSession, token: str) -> Session | None:
    """The session that `token` opens, None where it ended or never was."""
    wanted = select(Session).where(Session.token_hash == token_hash(token), Session.expires_at > func.clock_timestamp())
    return (await session.scalars(wanted)).one_or_none()


async def account_of(session: AsyncSession, token: str) -> Address | None:
    """The account behind a bearer token."""
    found = await live_session(session, token)
    return None if found is None else Address(found.address)


def token_hash(token: str) -> bytes:
    """What is stored of a token: 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).digest()
