"""Reading sign-in challenges, sessions and API keys; who is behind a bearer credential."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.api_keys import is_api_key
from app.accounts.models import Account, ApiKey, RefreshToken, Session, SignInNonce, Wallet
from app.accounts.tokens import AccessToken, TokenKeys, read_token
from app.clock import database_now
from app.database import Address
from app.errors import WalletNotLinked
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


async def locked_account(session: AsyncSession, account: Address) -> None:
    """Takes the account's row, so that what counts its parts counts alone."""
    await session.execute(select(Account).where(Account.address == account).with_for_update())


async def wallets_of(session: AsyncSession, account: Address) -> Sequence[Wallet]:
    """An account's wallets, the founding one first."""
    mine = select(Wallet).where(Wallet.account == account)
    found = (await session.scalars(mine.order_by(Wallet.linked_at, Wallet.address))).all()
    return sorted(found, key=lambda wallet: wallet.address != account)


async def wallet(session: AsyncSession, address: Address, *, locked: bool = False) -> Wallet:
    """A wallet that is known to be there."""
    wanted = select(Wallet).where(Wallet.address == address)
    return (await session.scalars(wanted.with_for_update() if locked else wanted)).one()


async def wallet_of(session: AsyncSession, account: Address, address: Address) -> Wallet | None:
    """One wallet of an account, locked."""
    wanted = select(Wallet).where(Wallet.address == address, Wallet.account == account)
    return (await session.scalars(wanted.with_for_update())).one_or_none()


async def same_account(session: AsyncSession, one: Address, other: Address) -> bool:
    """Whether two wallets are known to be one account's."""
    if one == other:
        return True
    theirs = select(func.count(func.distinct(Wallet.account)), func.count()).where(Wallet.address.in_([one, other]))
    accounts, wallets = (await session.execute(theirs)).one()
    return bool(accounts == 1 and wallets == 2)


async def open_sessions(session: AsyncSession, account: Address) -> Sequence[Session]:
    """Where an account is signed in, newest first."""
    mine = select(Session).where(Session.account == account, Session.revoked_at.is_(None))
    return (
        await session.scalars(
            mine.where(Session.expires_at > func.clock_timestamp()).order_by(Session.created_at.desc())
        )
    ).all()


async def api_keys_of(session: AsyncSession, account: Address) -> Sequence[ApiKey]:
    """An account's keys that were not revoked, oldest first, those that ended included."""
    mine = select(ApiKey).where(ApiKey.account == account, ApiKey.revoked_at.is_(None))
    return (await session.scalars(mine.order_by(ApiKey.created_at, ApiKey.id))).all()


async def api_key_of(session: AsyncSession, account: Address, key_id: UUID) -> ApiKey | None:
    """One key of an account."""
    return (await session.scalars(select(ApiKey).where(ApiKey.account == account, ApiKey.id == key_id))).one_or_none()


def authenticator(keys: Callable[[], TokenKeys], site: str) -> Authenticate:
    """Who a bearer credential speaks for at this service: an API key by its form, else an access token.

    `keys` is asked each time, so that a rotated key counts at once.
    """

    async def authenticate(session: AsyncSession, credential: str, wallet: Address | None) -> Caller | None:
        """Raises WalletNotLinked."""
        if is_api_key(credential):
            caller = await _holder_of_key(session, credential)
        else:
            caller = await _holder_of_token(session, read_token(keys(), site, credential))
        if caller is None or wallet in (None, caller.address):
            return caller
        assert wallet is not None
        if await wallet_of(session, caller.account, wallet) is None:
            raise WalletNotLinked(wallet=wallet)
        return replace(caller, address=wallet)

    return authenticate


def is_open(found: Session, now: datetime) -> bool:
    """Whether a session was neither ended nor outlived."""
    return found.revoked_at is None and found.expires_at > now


async def _holder_of_token(session: AsyncSession, held: AccessToken | None) -> Caller | None:
    """None for a session that ended."""
    found = None if held is None else await session_of(session, held.session_id)
    if found is None or held is None or found.account != held.account:
        return None
    if not is_open(found, await database_now(session)):
        return None
    opened_by = Address(found.wallet)
    return Caller(opened_by, held.account, opened_by, session_id=found.id)


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
    scopes = frozenset(map(Scope, found.scopes))
    return Caller(Address(found.wallet), Address(found.account), key_id=found.id, scopes=scopes)


def secret_hash(secret: str) -> bytes:
    """What is stored of a credential: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).digest()
