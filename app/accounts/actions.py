"""Signing in by wallet (EIP-4361), staying signed in, and out again; API keys for programs."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Update, delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries
from app.accounts.api_keys import hint_of, new_api_key
from app.accounts.models import Account, ApiKey, RefreshToken, Session, SignInNonce, Wallet
from app.accounts.proof import verify_text
from app.accounts.rules import NONCE_SECONDS, Challenge, check_message
from app.accounts.siwe import parse_message
from app.chain.rpc import AsyncChain
from app.clock import database_now
from app.database import Address
from app.errors import NotFound, RefreshTokenRefused, SignInRefused, TooManyApiKeys
from app.web.scopes import Scope

ENDED_KEPT = timedelta(days=30)
MAX_API_KEYS = 50


@dataclass(frozen=True)
class Site:
    """What a sign-in message must be for: this service, on this chain."""

    public_url: str
    chain_id: int

    @property
    def domain(self) -> str:
        return urlsplit(self.public_url).netloc


@dataclass(frozen=True)
class WantedKey:
    """What the owner of a new API key says of it."""

    name: str
    scopes: frozenset[Scope]
    lifetime: timedelta


@dataclass(frozen=True)
class Lifetimes:
    """How long an access token and the session behind it last."""

    access: timedelta
    session: timedelta


@dataclass(frozen=True)
class OpenedSession:
    """A session and its next refresh token, which is told once and stored nowhere."""

    id: UUID
    account: Address
    wallet: Address
    refresh_token: str
    issued_at: datetime
    access_ends: datetime
    ends: datetime


async def issue_nonce(
    session: AsyncSession, site: Site, address: Address, link_to: Address | None = None
) -> tuple[Challenge, str]:
    """Stores a challenge for `address` that can be used once within five minutes, and forgets expired ones. With it
    comes what only the asking client knows: who read the signed message alone can do nothing with it. `link_to` makes
    it one for linking the wallet to that account, which opens no session."""
    now = (await database_now(session)).replace(microsecond=0)
    expires_at = now + timedelta(seconds=NONCE_SECONDS)
    client_token = secrets.token_urlsafe(32)
    asked = SignInNonce(
        nonce=secrets.token_hex(16),
        client_hash=queries.secret_hash(client_token),
        address=address,
        link_to=link_to,
        issued_at=now,
        expires_at=expires_at,
    )
    await session.execute(delete(SignInNonce).where(SignInNonce.expires_at < now))
    session.add(asked)
    return challenge_of(site, asked), client_token


@dataclass(frozen=True)
class Proof:
    """A signed sign-in message, and what shows that it comes from the client that asked for it."""

    text: str
    signature: bytes
    client_token: str


async def open_session(
    session: AsyncSession, chain: AsyncChain, site: Site, proof: Proof, lifetimes: Lifetimes
) -> OpenedSession:
    """Signs in the signer of a message and uses up its nonce.

    Raises SignInMessageMalformed, SignInRefused and BadSignature; then nothing changes, the nonce included.
    """
    asked = await proven(session, chain, site, proof, linking=False)
    return await start_session(session, Address(asked.address), await database_now(session), lifetimes)


async def proven(session: AsyncSession, chain: AsyncChain, site: Site, proof: Proof, *, linking: bool) -> SignInNonce:
    """The challenge that a signed message answers, used up. Raises as `open_session`."""
    message = parse_message(proof.text)
    asked = await queries.locked_nonce(session, message.nonce)
    if asked is None or (asked.link_to is not None) != linking:
        raise SignInRefused(rule="nonce")
    if asked.client_hash != queries.secret_hash(proof.client_token):
        raise SignInRefused(rule="client_token")
    check_message(message, challenge_of(site, asked), await database_now(session))
    await verify_text(chain, proof.text, proof.signature, Address(asked.address))
    await session.delete(asked)
    return asked


async def start_session(session: AsyncSession, wallet: Address, now: datetime, lifetimes: Lifetimes) -> OpenedSession:
    """Stores the session and its first refresh token; forgets those of the account that ended long ago."""
    account = await found_account(session, wallet)
    outlived = Session.expires_at < now - ENDED_KEPT
    await session.execute(delete(Session).where(Session.account == account, outlived))
    ends = now + lifetimes.session
    opened = Session(id=uuid4(), account=account, wallet=wallet, created_at=now, expires_at=ends)
    session.add(opened)
    await session.flush()
    return await next_link(session, opened, now, lifetimes)


async def found_account(session: AsyncSession, wallet: Address) -> Address:
    """The account of a wallet; one that was never seen founds its own."""
    await session.execute(insert(Account).values(address=wallet).on_conflict_do_nothing())
    await session.execute(insert(Wallet).values(address=wallet, account=wallet).on_conflict_do_nothing())
    return Address((await queries.wallet(session, wallet, locked=True)).account)


async def refresh_session(session: AsyncSession, token: str, lifetimes: Lifetimes) -> OpenedSession | None:
    """Gives the next link of a session for an unused refresh token.

    None where the token was used before: the session is ended with it, which must be committed though the caller is
    refused. Raises RefreshTokenRefused.
    """
    found = await queries.locked_refresh(session, token)
    now = await database_now(session)
    if found is None or not queries.is_open(found[1], now):
        raise RefreshTokenRefused
    link, family = found
    if link.used_at is not None:
        family.revoked_at = now
        return None
    link.used_at = now
    return await next_link(session, family, now, lifetimes)


async def next_link(session: AsyncSession, opened: Session, now: datetime, lifetimes: Lifetimes) -> OpenedSession:
    """A new refresh token of a session. No access token outlives the session."""
    token = secrets.token_urlsafe(32)
    session.add(RefreshToken(token_hash=queries.secret_hash(token), session_id=opened.id, issued_at=now))
    access_ends = min(now + lifetimes.access, opened.expires_at)
    account, wallet = Address(opened.account), Address(opened.wallet)
    return OpenedSession(opened.id, account, wallet, token, now, access_ends, opened.expires_at)


async def close_session(session: AsyncSession, session_id: UUID) -> None:
    """Ends a session; one that ended already stays ended since then."""
    await session.execute(ending(Session.id == session_id))


async def close_sessions(session: AsyncSession, account: Address) -> None:
    """Ends every session of an account: signing out everywhere. Its API keys go on; each is revoked by itself."""
    await session.execute(ending(Session.account == account))


async def make_api_key(
    session: AsyncSession, account: Address, wallet: Address, wanted: WantedKey
) -> tuple[ApiKey, str]:
    """Stores the hash of a key that acts as `wallet` and gives the key, this once. Raises TooManyApiKeys."""
    await queries.locked_account(session, account)  # two at once must not pass the limit together
    if len(await queries.api_keys_of(session, account)) >= MAX_API_KEYS:
        raise TooManyApiKeys(limit=MAX_API_KEYS)
    text, now = new_api_key(), await database_now(session)
    stored = ApiKey(
        id=uuid4(),
        key_hash=queries.secret_hash(text),
        account=account,
        wallet=wallet,
        name=wanted.name,
        hint=hint_of(text),
        scopes=sorted(wanted.scopes),
        created_at=now,
        expires_at=now + wanted.lifetime,
    )
    session.add(stored)
    return stored, text


async def revoke_api_key(session: AsyncSession, account: Address, key_id: UUID) -> None:
    """Ends a key for good; again changes nothing. Raises NotFound."""
    found = await queries.api_key_of(session, account, key_id)
    if found is None:
        raise NotFound(kind="API key")
    found.revoked_at = found.revoked_at or await database_now(session)


def ending(which: ColumnElement[bool]) -> Update:
    """Ends those of the sessions that did not end yet."""
    ended = update(Session).where(which, Session.revoked_at.is_(None)).values(revoked_at=func.clock_timestamp())
    return ended.execution_options(synchronize_session=False)


def challenge_of(site: Site, asked: SignInNonce) -> Challenge:
    """The challenge that a stored nonce stands for."""
    return Challenge(
        domain=site.domain,
        uri=site.public_url,
        chain_id=site.chain_id,
        address=asked.address,
        nonce=asked.nonce,
        issued_at=asked.issued_at,
        expires_at=asked.expires_at,
        link_to=asked.link_to,
    )
