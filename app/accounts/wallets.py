"""The wallets of an account: linked by a proof of control, let go again. Nothing here commits.

A wallet is in one account at a time. The founding wallet names the account and stays; only a session that it opened
links and unlinks others, so that a stolen second key takes nothing over. Each wallet may take itself out.
"""

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import queries
from app.accounts.actions import Proof, Site, ending, found_account, proven
from app.accounts.models import Account, ApiKey, Session, Wallet
from app.chain.rpc import AsyncChain
from app.clock import database_now
from app.database import Address
from app.errors import FoundingWallet, FoundingWalletNeeded, NotFound, SignInRefused, TooManyWallets, WalletTaken
from app.web.caller import Caller

MAX_WALLETS = 20


async def link(session: AsyncSession, chain: AsyncChain, site: Site, account: Address, proof: Proof) -> Wallet:
    """Takes the signer of a linking message into the account; one that is in it already stays as it is.

    What the wallet had of its own (sessions, API keys) ends: from now on it is this account's. Raises as signing in
    does, SignInRefused where another account asked for the message, WalletTaken, TooManyWallets.
    """
    asked = await proven(session, chain, site, proof, linking=True)
    if asked.link_to != account:
        raise SignInRefused(rule="account", expected=account)
    address = Address(asked.address)
    await queries.locked_account(session, account)  # two at once must not pass the limit together
    mine = await queries.wallets_of(session, account)
    if any(wallet.address == address for wallet in mine):
        return await queries.wallet(session, address)
    if len(mine) >= MAX_WALLETS:
        raise TooManyWallets(limit=MAX_WALLETS)
    theirs = await found_account(session, address)
    if len(await queries.wallets_of(session, theirs)) > 1:
        raise WalletTaken(wallet=address)
    held = await queries.wallet(session, address)
    await end_all(session, address)
    held.account, held.linked_at = account, await database_now(session)
    await session.flush()
    return held


async def unlink(session: AsyncSession, account: Address, address: Address) -> None:
    """Lets a wallet go: its sessions and keys in this account end, and it may found an account of its own.

    Raises NotFound for a wallet of somebody else, FoundingWallet.
    """
    held = await queries.wallet_of(session, account, address)
    if held is None:
        raise NotFound(kind="wallet")
    if address == account:
        raise FoundingWallet(wallet=address)
    await end_all(session, address)
    await session.execute(insert(Account).values(address=address).on_conflict_do_nothing())
    held.account, held.linked_at = address, await database_now(session)


def require_founder(caller: Caller) -> None:
    """Raises FoundingWalletNeeded unless the account's first wallet opened the session."""
    if caller.opened_by != caller.account:
        raise FoundingWalletNeeded(wallet=caller.account)


async def end_all(session: AsyncSession, address: Address) -> None:
    """Ends the sessions that a wallet opened and the keys that act as it."""
    await session.execute(ending(Session.wallet == address))
    revoked = update(ApiKey).where(ApiKey.wallet == address, ApiKey.revoked_at.is_(None))
    stamped = revoked.values(revoked_at=func.clock_timestamp())
    await session.execute(stamped.execution_options(synchronize_session=False))
