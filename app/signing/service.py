"""`python -m app.signing.service`: keeps a key, and signs only what a relayer has to send.

Whoever holds the token can have calls of the deployment's contracts signed, at a bounded fee, and nothing else: no
ether, no other contract, no other chain, no message. Put the service where the relayer's machine can reach it and
nobody else can; over a network, behind TLS.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.chain.deployment import Deployment, load
from app.database import Address
from app.errors import SettingRefused
from app.signing.envelope import Unsigned
from app.signing.keys import KeyRing, open_signer, secret_text
from app.signing.signer import LocalSigner

GWEI = 10**9
MOST_TRANSACTIONS = 200
bearer = HTTPBearer(auto_error=False)


class SignerSettings(BaseSettings):
    """Read from SIGNER_KEY, SIGNER_TOKEN_FILE, ... in the environment."""

    model_config = SettingsConfigDict(env_prefix="SIGNER_", frozen=True, extra="ignore", hide_input_in_errors=True)

    key: str
    token_file: Path
    deployment_file: Path
    keystore_password_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8100, ge=1, le=65_535)
    max_fee_gwei: int = Field(default=5_000, ge=1)
    max_gas: int = Field(default=5_000_000, ge=21_000)


class Asked(BaseModel):
    """One transaction to sign. Integers beyond 53 bits are decimal strings."""

    model_config = ConfigDict(extra="forbid")

    chain_id: Annotated[int, Field(strict=True, ge=1)]
    nonce: Annotated[int, Field(strict=True, ge=0, lt=2**64)]
    max_fee: Annotated[str, Field(pattern=r"^[0-9]{1,30}$")]
    tip: Annotated[str, Field(pattern=r"^[0-9]{1,30}$")]
    gas: Annotated[int, Field(strict=True, ge=21_000)]
    to: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
    data: Annotated[str, Field(pattern=r"^0x(?:[0-9a-fA-F]{2})*$", max_length=200_000)]

    def unsigned(self) -> Unsigned:
        fees = (int(self.max_fee), int(self.tip))
        return Unsigned(self.chain_id, self.nonce, *fees, self.gas, Address(self.to), bytes.fromhex(self.data[2:]))


class Batch(BaseModel):
    transactions: Annotated[list[Asked], Field(max_length=MOST_TRANSACTIONS)]


@dataclass(frozen=True)
class Policy:
    """What the service signs."""

    chain_id: int
    allowed: frozenset[str]
    max_fee: int
    max_gas: int

    def fault(self, asked: Unsigned) -> str | None:
        """The rule that a transaction breaks; None where it may be signed."""
        if asked.chain_id != self.chain_id:
            return f"it is for chain {asked.chain_id}, not {self.chain_id}"
        if asked.to.lower() not in self.allowed:
            return f"{asked.to} is none of the deployment's contracts"
        if asked.max_fee > self.max_fee or asked.tip > asked.max_fee:
            return f"its fee is above {self.max_fee // GWEI} gwei a gas, or its tip above its fee"
        return None if asked.gas <= self.max_gas else f"its gas is above {self.max_gas}"


def policy_of(settings: SignerSettings, deployment: Deployment, own: Address) -> Policy:
    """The deployment's contracts, and the account itself, to which a nonce is filled and the trail anchored."""
    contracts = (deployment.token, deployment.identity, deployment.escrow, deployment.reputation, deployment.channels)
    allowed = frozenset(address.lower() for address in (*contracts, own) if address is not None)
    return Policy(deployment.chain_id, allowed, settings.max_fee_gwei * GWEI, settings.max_gas)


def create_service(signer: LocalSigner, policy: Policy, token: str) -> FastAPI:
    """The application."""
    app = FastAPI(title="Guildhall signer", docs_url=None, redoc_url=None, openapi_url=None)
    known = [Depends(only(token))]

    @app.get("/v1/address", dependencies=known)
    async def address() -> dict[str, str]:
        return {"address": signer.address}

    @app.post("/v1/sign", dependencies=known)
    async def sign(batch: Batch) -> dict[str, list[str]]:
        """All or none."""
        asked = [each.unsigned() for each in batch.transactions]
        for each in asked:
            if fault := policy.fault(each):
                raise HTTPException(403, f"nonce {each.nonce} is not signed: {fault}")
        return {"signatures": ["0x" + signer.signature(each.digest).hex() for each in asked]}

    return app


def only(token: str) -> Callable[..., Any]:
    """Lets in who brings the token."""

    async def check(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> None:
        if given is None or not hmac.compare_digest(given.credentials.encode(), token.encode()):
            raise HTTPException(401, "the token is not the signer's")

    return check


async def open_service(settings: SignerSettings) -> FastAPI:
    """Raises SettingRefused."""
    signer = await open_signer(settings.key, KeyRing(settings.keystore_password_file))
    if not isinstance(signer, LocalSigner):
        raise SettingRefused(name="SIGNER_KEY", reason="a signer keeps a key itself")
    policy = policy_of(settings, load(settings.deployment_file), signer.address)
    return create_service(signer, policy, secret_text(settings.token_file))


if __name__ == "__main__":
    import asyncio

    told = SignerSettings()
    uvicorn.run(asyncio.run(open_service(told)), host=told.host, port=told.port, log_level="info")
