"""Signing in by wallet (EIP-4361) and out again."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from eth_utils.crypto import keccak
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries
from app.accounts.models import Account, Session, SignInNonce
from app.accounts.rules import NONCE_SECONDS, Challenge, check_message, parse_message
from app.chain.rpc import AsyncChain
from app.chain.signatures import verify_digest
from app.clock import database_now
from app.database import Address, Digest, Hash32
from app.errors import SignInRefused


@dataclass(frozen=True)
class Site:
    """What a sign-in message must be for: this service, on this chain."""

    public_url: str
    chain_id: int

    @property
    def domain(self) -> str:
        return urlsplit(self.public_url).netloc


@dataclass(frozen=True)
class OpenedSession:
    """A session and its token, which is told once and stored nowhere."""

    token: str
    address: Address
    expires_at: datetime


async def issue_nonce(session: AsyncSession, site: Site, address: Address) -> Challenge:
    """Stores a challenge for `address` that can be used once within five minutes; forgets expired ones."""
    now = (await database_now(session)).replace(microsecond=0)
    expires_at = now + timedelta(seconds=NONCE_SECONDS)
    asked = SignInNonce(nonce=secrets.token_hex(16), address=address, issued_at=now, expires_at=expires_at)
    await session.execute(delete(SignInNonce).where(SignInNonce.expires_at < now))
    session.add(asked)
    return challenge_of(site, asked)


async def open_session(
    session: AsyncSession, chain: AsyncChain, site: Site, text: str, signature: bytes, hours: float
) -> OpenedSession:
    """Signs in the signer of `text` for `hours` and uses up its nonce.

    Raises SignInMessageMalformed, SignInRefused and BadSignature; then nothing changes, the nonce included.
    """
    message = parse_message(text)
    asked = await queries.locked_nonce(session, message.nonce)
    if asked is None:
        raise SignInRefused(rule="nonce")
    now = await database_now(session)
    check_message(message, challenge_of(site, asked), now)
    await verify_digest(chain, text_digest(text), signature, Address(asked.address))
    await session.delete(asked)
    return await start_session(session, Address(asked.address), now, now + timedelta(hours=hours))


async def start_session(session: AsyncSession, address: Address, now: datetime, ends: datetime) -> OpenedSession:
    """Stores the session under its token's hash; forgets those of the account that ended."""
    token = secrets.token_urlsafe(32)
    await session.execute(insert(Account).values(address=address).on_conflict_do_nothing())
    await session.execute(delete(Session).where(Session.address == address, Session.expires_at < now))
    opened = Session(token_hash=queries.token_hash(token), address=address, created_at=now, expires_at=ends)
    session.add(opened)
    return OpenedSession(token, address, ends)


async def close_session(session: AsyncSession, token: str) -> None:
    """Ends the session of `token`; there may be none."""
    await session.execute(delete(Session).where(Session.token_hash == queries.token_hash(token)))


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
    )


def text_digest(text: str) -> Digest:
    """What a wallet signs for a text (EIP-191, version 0x45)."""
    body = text.encode()
    return Digest(Hash32("0x" + keccak(b"\x19Ethereum Signed Message:\n%d" % len(body) + body).hex()))
