"""/v1/auth: a nonce, a session for the signed message, and its end."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response, status

from app.accounts import actions, queries
from app.accounts.actions import Site
from app.accounts.schemas import ChallengeView, NewSession, NonceAsked, SessionView, SignedMessage, challenge_view
from app.database import Address
from app.errors import Unauthenticated
from app.web.dependencies import BearerToken, CurrentChain, CurrentRuntime, CurrentSettings, DbSession
from app.web.idempotency import IdempotentRoute

router = APIRouter(prefix="/v1/auth", tags=["sign-in"], route_class=IdempotentRoute)


def current_site(runtime: CurrentRuntime) -> Site:
    """The service as sign-in messages name it."""
    return Site(runtime.settings.public_url.rstrip("/"), runtime.deployment.chain_id)


CurrentSite = Annotated[Site, Depends(current_site)]


@router.post("/nonce")
async def ask_nonce(body: NonceAsked, session: DbSession, site: CurrentSite) -> ChallengeView:
    """The values of an EIP-4361 message to sign within five minutes; the nonce works once."""
    return challenge_view(await actions.issue_nonce(session, site, body.address))


@router.post("/sessions", status_code=status.HTTP_201_CREATED)
async def open_session(
    body: SignedMessage, session: DbSession, site: CurrentSite, chain: CurrentChain, settings: CurrentSettings
) -> NewSession:
    """Signs in with the signed message and gives the bearer token."""
    signature = bytes.fromhex(body.signature[2:])
    opened = await actions.open_session(session, chain, site, body.message, signature, settings.sign_in_hours)
    return NewSession(token=opened.token, address=opened.address, expires_at=opened.expires_at)


@router.get("/session")
async def read_session(session: DbSession, token: BearerToken) -> SessionView:
    """Who is signed in, and until when."""
    found = None if token is None else await queries.live_session(session, token.credentials)
    if found is None:
        raise Unauthenticated
    return SessionView(address=Address(found.address), expires_at=found.expires_at)


@router.delete("/session", status_code=status.HTTP_204_NO_CONTENT)
async def close_session(session: DbSession, token: BearerToken) -> Response:
    """Signs out; a session that ended already answers alike."""
    if token is None:
        raise Unauthenticated
    await actions.close_session(session, token.credentials)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
