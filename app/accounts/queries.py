"""Reading sign-in challenges, sessions and API keys; who is behind a bearer credential."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.api_keys import is_api_key
from app.accounts.models import ApiKey, RefreshToken, Session, SignInNonce
from app.accounts.tokens import TokenKeys, read_token
from app.clock import database_now
from app.database import Address
from app.web.caller import Authenticate, Caller
from app.web.scopes import Scope

USE_NOTED_EVERY = timedelta(minutes=1)


async def locked_nonce(session: AsyncSession, nonce: str) -> SignInNonce | None:
    """The unused challenge with this nonce, locked so that it is used once."""
    return (
        await session.scalars(select(SignInNonce).where(SignInNonce.nonce == nonce).with_for_update())
    ).one_or_none()


async def locked_refresh(session: AsyncSession, token: str) -> tuple[RefreshToken, Session] | None:
    """A refresh token and its session, both locked so that two uses come one after the other."""
    wanted = select(RefreshToken, Session).join(Session, Session.id == RefreshToken.session_id)
    row = await session.execute(wanted.where(RefreshToken.token_hash == secret_hash(token)).with_for_update())
    found = row.one_or_none()
    return None if found is None else (found[0], found[1])


async def session_of(session: AsyncSession, session_id: UUID) -> Session | None:
    """A session, ended or not."""
    return (await session.scalars(select(Session).where(Session.id == session_id))).one_or_none()


async def open_sessions(session: AsyncSession, address: Address) -> Sequence[Session]:
    """Where an account is signed in, newest first."""
    mine = select(Session).where(Session.address == address, Session.revoked_at.is_(None))
    return (
        await session.scalars(
            mine.where(Session.expires_at > func.clock_timestamp()).order_by(Session.created_at.desc())
        )
    ).all()


async def api_keys_of(session: AsyncSession, address: Address) -> Sequence[ApiKey]:
    """An account's keys that were not revoked, oldest first, those that ended included."""
    mine = select(ApiKey).where(ApiKey.address == address, ApiKey.revoked_at.is_(None))
    return (await session.scalars(mine.order_by(ApiKey.created_at, ApiKey.id))).all()


async def api_key_of(session: AsyncSession, address: Address, key_id: UUID) -> ApiKey | None:
    """One key of an account."""
    return (await session.scalars(select(ApiKey).where(ApiKey.address == address, ApiKey.id == key_id))).one_or_none()


def authenticator(keys: Callable[[], TokenKeys], site: str) -> Authenticate:
    """Who a bearer credential speaks for at this service: an API key by its form, else an access token.

    `keys` is asked each time, so that a rotated key counts at once.
    """

    async def authenticate(session: AsyncSession, credential: str) -> Caller | None:
        if is_api_key(credential):
            return await _holder_of_key(session, credential)
        held = read_token(keys(), site, credential)
        found = None if held is None else await session_of(session, held.session_id)
        if found is None or held is None or found.address != held.address:
            return None
        if not is_open(found, await database_now(session)):
            return None
        return Caller(Address(found.address), session_id=found.id)

    return authenticate


def is_open(found: Session, now: datetime) -> bool:
    """Whether a session was neither ended nor outlived."""
    return found.revoked_at is None and found.expires_at > now


async def _holder_of_key(session: AsyncSession, key: str) -> Caller | None:
    """Notes the use, once a minute at most: reading must not become a write each time."""
    live = (
        ApiKey.key_hash == secret_hash(key),
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at > func.clock_timestamp(),
    )
    found = (await session.scalars(select(ApiKey).where(ApiKey.key_hash == secret_hash(key), *live))).one_or_none()
    if found is None:
        return None
    stale = ApiKey.last_used_at.is_(None) | (ApiKey.last_used_at < func.clock_timestamp() - USE_NOTED_EVERY)
    noted = update(ApiKey).where(ApiKey.id == found.id, stale).values(last_used_at=func.clock_timestamp())
    await session.execute(noted.execution_options(synchronize_session=False))
    return Caller(Address(found.address), key_id=found.id, scopes=frozenset(map(Scope, found.scopes)))


def secret_hash(secret: str) -> bytes:
    """What is stored of a credential: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).digest()
