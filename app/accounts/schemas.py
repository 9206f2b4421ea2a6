"""Wire shapes of signing in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.accounts.models import ApiKey, Wallet
from app.accounts.rules import Challenge
from app.accounts.siwe import MAX_MESSAGE_BYTES, VERSION
from app.web.fields import AddressField, Signature, Text, WireModel
from app.web.roles import Role
from app.web.scopes import Scope

ScopeField = Annotated[Scope, Field(strict=False)]


class NonceAsked(WireModel):
    address: AddressField


class ChallengeView(BaseModel):
    """The values of the EIP-4361 message to sign; `expires_at` is its Expiration Time. Keep `client_token` and send it
    with the signed message: it shows that the answer comes from who asked."""

    nonce: str
    domain: str
    uri: str
    chain_id: int
    issued_at: datetime
    expires_at: datetime
    statement: str
    version: str
    client_token: str


class SignedMessage(WireModel):
    message: Annotated[Text, Field(max_length=MAX_MESSAGE_BYTES)]
    signature: Signature
    client_token: Annotated[Text, Field(max_length=200)]


class SessionView(BaseModel):
    """Who asks: `account` is named by its first wallet, `address` is the wallet that the request acts as, `roles` are
    what the platform itself made of it. `expires_at` and `session_id` are a session's, `scopes` an API key's."""

    account: AddressField
    address: AddressField
    roles: list[Role]
    expires_at: datetime | None
    session_id: UUID | None
    scopes: list[Scope] | None


class WalletView(BaseModel):
    """A wallet of the account; `founding` is the one that names it."""

    address: AddressField
    linked_at: datetime
    founding: bool


class OpenSession(BaseModel):
    """A place where the account is signed in, and with which wallet; `current` is the asking one."""

    session_id: UUID
    wallet: AddressField
    created_at: datetime
    expires_at: datetime
    current: bool


class NewSession(BaseModel):
    """Send `token` as `Authorization: Bearer TOKEN` until `expires_at`; then give `refresh_token`, which works once,
    for the next pair, until `session_expires_at`."""

    token: str
    account: AddressField
    address: AddressField
    expires_at: datetime
    refresh_token: str
    session_expires_at: datetime


class Refreshing(WireModel):
    refresh_token: Annotated[Text, Field(max_length=200)]


class NewApiKey(WireModel):
    """What the key is for, what it may do, and for how long."""

    name: Annotated[Text, Field(min_length=1, max_length=60)]
    scopes: Annotated[list[ScopeField], Field(min_length=1, max_length=len(Scope))]
    expires_in_days: Annotated[int, Field(strict=True, ge=1, le=366)] = 90


class ApiKeyView(BaseModel):
    """`hint` is how the key begins, `wallet` whom it acts as."""

    id: UUID
    wallet: AddressField
    name: str
    hint: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class MadeApiKey(ApiKeyView):
    """`key` is told this once; nobody can show it again."""

    key: str


def api_key_view(stored: ApiKey) -> ApiKeyView:
    """A key as its owner sees it later."""
    return ApiKeyView.model_validate(stored, from_attributes=True)


def wallet_view(stored: Wallet) -> WalletView:
    """A wallet as its account sees it."""
    return WalletView(address=stored.address, linked_at=stored.linked_at, founding=stored.address == stored.account)


def challenge_view(challenge: Challenge, client_token: str) -> ChallengeView:
    """What the client is asked to sign."""
    return ChallengeView(
        nonce=challenge.nonce,
        domain=challenge.domain,
        uri=challenge.uri,
        chain_id=challenge.chain_id,
        issued_at=challenge.issued_at,
        expires_at=challenge.expires_at,
        statement=challenge.statement,
        version=VERSION,
        client_token=client_token,
    )
