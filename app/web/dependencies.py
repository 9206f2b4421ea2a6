"""What routes ask for: the request's transaction, the account behind the token, the deployment and the chain.

This floor knows no accounts: main hands it `authenticate`, the one question that it has for them.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from eth_utils.address import is_checksum_address
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.boundary import transaction
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.config import Settings
from app.database import Address
from app.errors import ScopeMissing, SessionNeeded, Unauthenticated, WalletNotLinked
from app.web import idempotency
from app.web.caller import Authenticate, Caller
from app.web.calls import Record, speak_for
from app.web.database_errors import translating
from app.web.mutating_route import MutatingRoute
from app.web.network import Network
from app.web.roles import Role, platform_roles, require_role
from app.web.scopes import scope_of


@dataclass(frozen=True)
class Runtime:
    """What main makes once and every request uses."""

    settings: Settings
    sessions: async_sessionmaker[AsyncSession]
    deployment: Deployment
    chain: AsyncChain
    network: Network
    authenticate: Authenticate
    record: Record


def current_runtime(request: Request) -> Runtime:
    """The runtime that main put on the application."""
    runtime = request.app.state.runtime
    if not isinstance(runtime, Runtime):
        raise TypeError("the application was started without its runtime")
    return runtime


CurrentRuntime = Annotated[Runtime, Depends(current_runtime)]
ACTING_AS = "Guildhall-Wallet"
"""The header that names which of the account's wallets a request acts as; without it the one that signed in."""


bearer = HTTPBearer(auto_error=False, description="The access token of POST /v1/auth/sessions, or an API key.")
BearerToken = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def request_transaction(
    request: Request, runtime: CurrentRuntime, token: BearerToken
) -> AsyncIterator[AsyncSession]:
    """The request's transaction: commits once, after the handler succeeds and before the response is sent.

    A POST with an Idempotency-Key claims it here, first of all: its answer commits with its effect. Routes of another
    class name what they do by themselves, and the header says nothing to them.
    """
    key = idempotency.key_of(request) if isinstance(request.scope.get("route"), MutatingRoute) else None
    with translating():
        async with transaction(runtime.sessions) as session:
            request.state.transaction = session
            if key is not None and token is not None:
                await claim_key(request, session, runtime, token.credentials, key)
            yield session


async def claim_key(request: Request, session: AsyncSession, runtime: Runtime, credential: str, key: str) -> None:
    """Claims the key for the account behind the credential; one that stands for nobody is the handler's to refuse."""
    caller = await recognised(request, session, runtime, credential)
    if caller is None:
        return
    refuse_beyond_scope(caller, request)
    request.state.claim = await idempotency.claim(session, caller.address, key, request)


async def recognised(request: Request, session: AsyncSession, runtime: Runtime, credential: str) -> Caller | None:
    """Who the credential speaks for, asked once a request: its key and its handler both want to know."""
    if not hasattr(request.state, "recognised"):
        request.state.recognised = await runtime.authenticate(session, credential, acting_as(request))
    found: Caller | None = request.state.recognised
    return found


def acting_as(request: Request) -> Address | None:
    """The wallet that the request names to act as. Raises WalletNotLinked for what is no address at all."""
    named = request.headers.get(ACTING_AS)
    if named is not None and not is_checksum_address(named):
        raise WalletNotLinked(wallet=named[:60])
    return None if named is None else Address(named)


# Scope "function" is what puts the commit before the response: the default commits after it has left.
DbSession = Annotated[AsyncSession, Depends(request_transaction, scope="function")]


async def current_caller_or_none(
    request: Request, session: DbSession, runtime: CurrentRuntime, token: BearerToken
) -> Caller | None:
    """Who asks; None without a credential. Raises Unauthenticated for one that stands for nobody, ScopeMissing."""
    return None if token is None else await known_caller(request, session, runtime, token.credentials)


MaybeCaller = Annotated[Caller | None, Depends(current_caller_or_none)]


async def current_account_or_none(caller: MaybeCaller) -> Address | None:
    """The account that asks; None without a credential."""
    return None if caller is None else caller.address


MaybeAccount = Annotated[Address | None, Depends(current_account_or_none)]


async def current_caller(caller: MaybeCaller) -> Caller:
    """Who asks. Raises Unauthenticated."""
    if caller is None:
        raise Unauthenticated
    return caller


CurrentCaller = Annotated[Caller, Depends(current_caller)]


async def current_account(caller: CurrentCaller) -> Address:
    """The account that asks. Raises Unauthenticated."""
    return caller.address


CurrentAccount = Annotated[Address, Depends(current_account)]


async def streaming_account(request: Request, runtime: CurrentRuntime, token: BearerToken) -> Address:
    """The account that asks, in a transaction that ends before the body is read: an upload takes long.

    Raises Unauthenticated, ScopeMissing.
    """
    if token is None:
        raise Unauthenticated
    with translating():
        async with transaction(runtime.sessions) as session:
            return (await known_caller(request, session, runtime, token.credentials)).address


StreamingAccount = Annotated[Address, Depends(streaming_account)]


async def known_caller(request: Request, session: AsyncSession, runtime: Runtime, credential: str) -> Caller:
    """Raises Unauthenticated, ScopeMissing, SessionNeeded. The one place where a credential meets a route."""
    caller = await recognised(request, session, runtime, credential)
    if caller is None:
        raise Unauthenticated
    refuse_beyond_scope(caller, request)
    speak_for(request, caller)
    return caller


def refuse_beyond_scope(caller: Caller, request: Request) -> None:
    """Raises ScopeMissing, or SessionNeeded where no key may go at all."""
    scope = scope_of(request.method, request.scope["route"].path)
    if caller.may(scope):
        return
    if scope is None:
        raise SessionNeeded
    raise ScopeMissing(scope=scope.value)


def current_settings(runtime: CurrentRuntime) -> Settings:
    """The process's settings."""
    return runtime.settings


def current_deployment(runtime: CurrentRuntime) -> Deployment:
    """The contracts this process works with."""
    return runtime.deployment


def current_chain(runtime: CurrentRuntime) -> AsyncChain:
    """The JSON-RPC client."""
    return runtime.chain


def current_network(runtime: CurrentRuntime) -> Network:
    """What the contracts said of themselves at start."""
    return runtime.network


CurrentSettings = Annotated[Settings, Depends(current_settings)]
CurrentDeployment = Annotated[Deployment, Depends(current_deployment)]
CurrentChain = Annotated[AsyncChain, Depends(current_chain)]
CurrentNetwork = Annotated[Network, Depends(current_network)]


def current_roles(account: CurrentAccount, settings: CurrentSettings, network: CurrentNetwork) -> frozenset[Role]:
    """What the deployment made of the wallet that asks."""
    return platform_roles(account, settings, network)


CurrentRoles = Annotated[frozenset[Role], Depends(current_roles)]


def current_operator(account: CurrentAccount, roles: CurrentRoles) -> Address:
    """The operator that asks. Raises RoleMissing."""
    require_role(Role.OPERATOR, roles)
    return account


CurrentOperator = Annotated[Address, Depends(current_operator)]
