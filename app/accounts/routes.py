"""/v1/auth: a nonce, a session for the signed message, its renewal and its end; API keys."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status

from app.accounts import actions, queries, wallets
from app.accounts.actions import Lifetimes, OpenedSession, Proof, Site, WantedKey
from app.accounts.schemas import (
    ApiKeyView,
    ChallengeView,
    MadeApiKey,
    NewApiKey,
    NewSession,
    NonceAsked,
    OpenSession,
    Refreshing,
    SessionView,
    SignedMessage,
    WalletView,
    api_key_view,
    challenge_view,
    wallet_view,
)
from app.accounts.tokens import AccessToken, TokenKeys, read_token, read_token_keys, sign_token
from app.errors import RefreshTokenReused, Unauthenticated
from app.web.caller import Caller
from app.web.calls import speak_for
from app.web.dependencies import (
    BearerToken,
    CurrentCaller,
    CurrentChain,
    CurrentRoles,
    CurrentRuntime,
    CurrentSettings,
    DbSession,
)
from app.web.fields import AddressField
from app.web.mutating_route import MutatingRoute
from app.web.problems import problem_of

router = APIRouter(prefix="/v1/auth", tags=["sign-in"], route_class=MutatingRoute)


def current_site(runtime: CurrentRuntime) -> Site:
    """The service as sign-in messages and tokens name it."""
    return Site(runtime.settings.origin, runtime.deployment.chain_id)


def current_lifetimes(settings: CurrentSettings) -> Lifetimes:
    """How long tokens and sessions last here."""
    return Lifetimes(timedelta(minutes=settings.access_minutes), timedelta(hours=settings.sign_in_hours))


def current_token_keys(settings: CurrentSettings) -> TokenKeys:
    """Read for each signature, so that a rotated file counts at once."""
    return read_token_keys(settings.token_keys_file)


CurrentSite = Annotated[Site, Depends(current_site)]
CurrentLifetimes = Annotated[Lifetimes, Depends(current_lifetimes)]
CurrentTokenKeys = Annotated[TokenKeys, Depends(current_token_keys)]


@router.post("/nonce")
async def ask_nonce(body: NonceAsked, session: DbSession, site: CurrentSite) -> ChallengeView:
    """The values of an EIP-4361 message to sign within five minutes; its nonce works once, for the client that asks."""
    return challenge_view(*await actions.issue_nonce(session, site, body.address))


@router.post("/sessions", status_code=status.HTTP_201_CREATED)
async def open_session(
    request: Request,
    body: SignedMessage,
    session: DbSession,
    site: CurrentSite,
    chain: CurrentChain,
    keys: CurrentTokenKeys,
    lifetimes: CurrentLifetimes,
) -> NewSession:
    """Signs in with the signed message: an access token, and a refresh token for the next one."""
    proof = Proof(body.message, bytes.fromhex(body.signature[2:]), body.client_token)
    opened = await actions.open_session(session, chain, site, proof, lifetimes)
    speak_for(request, Caller(opened.wallet, opened.account, opened.wallet, session_id=opened.id))
    return new_session(keys, site, opened)


@router.post("/refresh", response_model=NewSession)
async def refresh_session(
    request: Request,
    body: Refreshing,
    session: DbSession,
    site: CurrentSite,
    keys: CurrentTokenKeys,
    lifetimes: CurrentLifetimes,
) -> NewSession | Response:
    """The next pair of tokens. A refresh token that comes twice ends the session: somebody has a copy of it."""
    opened = await actions.refresh_session(session, body.refresh_token, lifetimes)
    if opened is None:
        # Answered, not raised: the end of the session has to be committed.
        return problem_of(RefreshTokenReused(), request.state.request_id)
    speak_for(request, Caller(opened.wallet, opened.account, opened.wallet, session_id=opened.id))
    return new_session(keys, site, opened)


@router.get("/session")
async def read_session(session: DbSession, caller: CurrentCaller, roles: CurrentRoles) -> SessionView:
    """Who asks, and until when or with which scopes."""
    found = None if caller.session_id is None else await queries.session_of(session, caller.session_id)
    return SessionView(
        account=caller.account,
        address=caller.address,
        roles=sorted(roles),
        expires_at=None if found is None else found.expires_at,
        session_id=caller.session_id,
        scopes=None if caller.scopes is None else sorted(caller.scopes),
    )


@router.get("/sessions")
async def list_sessions(session: DbSession, caller: CurrentCaller) -> Sequence[OpenSession]:
    """Where the account is signed in, newest first."""
    return [
        OpenSession(
            session_id=each.id,
            wallet=each.wallet,
            created_at=each.created_at,
            expires_at=each.expires_at,
            current=each.id == caller.session_id,
        )
        for each in await queries.open_sessions(session, caller.account)
    ]


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
async def close_session(
    request: Request, session: DbSession, token: BearerToken, keys: CurrentTokenKeys, site: CurrentSite
) -> Response:
    """Signs out; a session that ended already answers alike."""
    held = None if token is None else read_token(keys, site.public_url, token.credentials)
    if held is None:
        raise Unauthenticated
    speak_for(request, Caller(held.account, held.account, session_id=held.session_id))
    await actions.close_session(session, held.session_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.delete("/sessions", status_code=status.HTTP_204_NO_CONTENT)
async def close_sessions(session: DbSession, caller: CurrentCaller) -> Response:
    """Signs out everywhere. API keys stay; each is revoked by itself."""
    await actions.close_sessions(session, caller.account)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.get("/wallets")
async def list_wallets(session: DbSession, caller: CurrentCaller) -> Sequence[WalletView]:
    """The account's wallets, the founding one first. The header Guildhall-Wallet names which of them a request acts
    as; without it, it is the one that signed in."""
    return [wallet_view(each) for each in await queries.wallets_of(session, caller.account)]


@router.post("/wallets/nonce")
async def ask_to_link(body: NonceAsked, session: DbSession, site: CurrentSite, caller: CurrentCaller) -> ChallengeView:
    """The values of the message by which another wallet agrees to be this account's. It opens no session."""
    wallets.require_founder(caller)
    return challenge_view(*await actions.issue_nonce(session, site, body.address, caller.account))


@router.post("/wallets", status_code=status.HTTP_201_CREATED)
async def link_wallet(
    body: SignedMessage, session: DbSession, site: CurrentSite, chain: CurrentChain, caller: CurrentCaller
) -> WalletView:
    """Takes the wallet that signed into the account, by a session of the founding wallet."""
    wallets.require_founder(caller)
    proof = Proof(body.message, bytes.fromhex(body.signature[2:]), body.client_token)
    return wallet_view(await wallets.link(session, chain, site, caller.account, proof))


@router.delete("/wallets/{address}", status_code=status.HTTP_204_NO_CONTENT)
async def unlink_wallet(address: AddressField, session: DbSession, caller: CurrentCaller) -> Response:
    """Lets a wallet go, by the founding wallet or by itself; its sessions and keys end."""
    if address != caller.opened_by:
        wallets.require_founder(caller)
    await wallets.unlink(session, caller.account, address)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/keys", status_code=status.HTTP_201_CREATED)
async def make_api_key(body: NewApiKey, session: DbSession, caller: CurrentCaller) -> MadeApiKey:
    """A key for a program, shown this once. It acts as the wallet that the request acts as."""
    wanted = WantedKey(body.name, frozenset(body.scopes), timedelta(days=body.expires_in_days))
    stored, key = await actions.make_api_key(session, caller.account, caller.address, wanted)
    return MadeApiKey(**api_key_view(stored).model_dump(), key=key)


@router.get("/keys")
async def list_api_keys(session: DbSession, caller: CurrentCaller) -> Sequence[ApiKeyView]:
    """The account's keys that were not revoked, oldest first, with their last use (to the minute)."""
    return [api_key_view(each) for each in await queries.api_keys_of(session, caller.account)]


@router.delete("/keys/{key_id}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_api_key(key_id: UUID, session: DbSession, caller: CurrentCaller) -> Response:
    """Ends a key at once; again answers alike."""
    await actions.revoke_api_key(session, caller.account, key_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


def new_session(keys: TokenKeys, site: Site, opened: OpenedSession) -> NewSession:
    """What the client is told, this once."""
    held = AccessToken(opened.account, opened.id)
    return NewSession(
        token=sign_token(keys, site.public_url, held, opened.issued_at, opened.access_ends),
        account=opened.account,
        address=opened.wallet,
        expires_at=opened.access_ends,
        refresh_token=opened.refresh_token,
        session_expires_at=opened.ends,
    )
