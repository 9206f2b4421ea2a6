"""What routes ask for: the request's transaction, the account behind the token, the deployment and the chain.

This floor knows no accounts: main hands it `authenticate`, the one question that it has for them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.boundary import transaction
from app.chain.deployment import Deployment
from app.chain.rpc import AsyncChain
from app.config import Settings
from app.database import Address
from app.errors import Unauthenticated
from app.web import idempotency
from app.web.database_errors import translating
from app.web.network import Network

Authenticate = Callable[[AsyncSession, str], Awaitable[Address | None]]
"""Gives the account that a bearer token stands for, or None."""


@dataclass(frozen=True)
class Runtime:
    """What main makes once and every request uses."""

    settings: Settings
    sessions: async_sessionmaker[AsyncSession]
    deployment: Deployment
    chain: AsyncChain
    network: Network
    authenticate: Authenticate


def current_runtime(request: Request) -> Runtime:
    """The runtime that main put on the application."""
    runtime = request.app.state.runtime
    if not isinstance(runtime, Runtime):
        raise TypeError("the application was started without its runtime")
    return runtime


CurrentRuntime = Annotated[Runtime, Depends(current_runtime)]


bearer = HTTPBearer(auto_error=False, description="The token that POST /v1/auth/sessions gave.")
BearerToken = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


async def request_transaction(
    request: Request, runtime: CurrentRuntime, token: BearerToken
) -> AsyncIterator[AsyncSession]:
    """The request's transaction: commits once, after the handler succeeds and before the response is sent.

    A POST with an Idempotency-Key claims it here, first of all: its answer commits with its effect.
    """
    key = idempotency.key_of(request)
    with translating():
        async with transaction(runtime.sessions) as session:
            account = None if key is None or token is None else await runtime.authenticate(session, token.credentials)
            if key is not None and account is not None:
                request.state.claim = await idempotency.claim(session, account, key, request)
            yield session


# Scope "function" is what puts the commit before the response: the default commits after it has left.
DbSession = Annotated[AsyncSession, Depends(request_transaction, scope="function")]


async def current_account_or_none(session: DbSession, runtime: CurrentRuntime, token: BearerToken) -> Address | None:
    """The signed-in account; None without a token. Raises Unauthenticated for a token that stands for nobody."""
    if token is None:
        return None
    account = await runtime.authenticate(session, token.credentials)
    if account is None:
        raise Unauthenticated
    return account


MaybeAccount = Annotated[Address | None, Depends(current_account_or_none)]


async def current_account(account: MaybeAccount) -> Address:
    """The signed-in account. Raises Unauthenticated."""
    if account is None:
        raise Unauthenticated
    return account


CurrentAccount = Annotated[Address, Depends(current_account)]


async def streaming_account(runtime: CurrentRuntime, token: BearerToken) -> Address:
    """The signed-in account, asked in a transaction that ends before the body is read: an upload takes long.

    Raises Unauthenticated.
    """
    with translating():
        async with transaction(runtime.sessions) as session:
            account = None if token is None else await runtime.authenticate(session, token.credentials)
    if account is None:
        raise Unauthenticated
    return account


StreamingAccount = Annotated[Address, Depends(streaming_account)]


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
