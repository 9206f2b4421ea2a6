"""Wire shapes of signing in."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.accounts.rules import MAX_MESSAGE_BYTES, STATEMENT, VERSION, Challenge
from app.web.fields import AddressField, Signature, Text, WireModel


class NonceAsked(WireModel):
    address: AddressField


class ChallengeView(BaseModel):
    """The values of the EIP-4361 message to sign; `expires_at` is its Expiration Time."""

    nonce: str
    domain: str
    uri: str
    chain_id: int
    issued_at: datetime
    expires_at: datetime
    statement: str
    version: str


class SignedMessage(WireModel):
    message: Annotated[Text, Field(max_length=MAX_MESSAGE_BYTES)]
    signature: Signature


class SessionView(BaseModel):
    address: AddressField
    expires_at: datetime


class NewSession(SessionView):
    """`token` is told this once: send it as `Authorization: Bearer TOKEN`."""

    token: str


def challenge_view(challenge: Challenge) -> ChallengeView:
    """What the client is asked to sign."""
    return ChallengeView(
        nonce=challenge.nonce,
        domain=challenge.domain,
        uri=challenge.uri,
        chain_id=challenge.chain_id,
        issued_at=challenge.issued_at,
        expires_at=challenge.expires_at,
        statement=STATEMENT,
        version=VERSION,
    )
