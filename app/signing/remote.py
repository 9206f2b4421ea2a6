"""A signer over HTTP: it keeps the key, and signs what its own rules allow (app/signing/service.py, or a KMS's proxy).

    GET  /v1/address                          {"address": "0x..."}
    POST /v1/sign  {"transactions": [...]}    {"signatures": ["0x...", ...]}   65 bytes each: r, s, parity of y

Amounts are decimal strings, bytes hexadecimal. What comes back is checked against the address that was told at first: a
service that is confused, or somebody else by now, cannot make the relayer send what its account did not sign.
"""

from collections.abc import Sequence
from typing import Any, Self

import httpx

from app.database import Address
from app.errors import SignerRefused, SignerUnavailable
from app.signing.envelope import Signed, Unsigned, assembled
from app.signing.signer import signer_of

TIMEOUT_SECONDS = 5.0


class RemoteSigner:
    """Close it when done."""

    def __init__(self, client: httpx.AsyncClient, address: Address) -> None:
        self._client = client
        self._address = address

    @classmethod
    async def open(cls, url: str, token: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> Self:
        """Asks the service for its address. Raises SignerUnavailable, SignerRefused."""
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_seconds, trust_env=False)
        try:
            told = await answer(client, "GET", "/v1/address")
            return cls(client, Address(str(told["address"])))
        except BaseException:
            await client.aclose()
            raise

    @property
    def address(self) -> Address:
        return self._address

    async def close(self) -> None:
        await self._client.aclose()

    async def sign(self, transactions: Sequence[Unsigned]) -> list[Signed]:
        """All or none. Raises SignerUnavailable, SignerRefused."""
        if not transactions:
            return []
        told = await answer(self._client, "POST", "/v1/sign", {"transactions": [wire(each) for each in transactions]})
        signatures = [bytes.fromhex(str(each)[2:]) for each in told["signatures"]]
        if len(signatures) != len(transactions):
            raise SignerUnavailable(reason="it answered with another number of signatures")
        for each, signature in zip(transactions, signatures, strict=True):
            if len(signature) != 65 or signer_of(each.digest, signature) != self._address:
                raise SignerUnavailable(reason="what came back is no signature of its account")
        return [assembled(each, signature) for each, signature in zip(transactions, signatures, strict=True)]


def wire(transaction: Unsigned) -> dict[str, Any]:
    """A transaction as it is asked for."""
    return {
        "chain_id": transaction.chain_id,
        "nonce": transaction.nonce,
        "max_fee": str(transaction.max_fee),
        "tip": str(transaction.tip),
        "gas": transaction.gas,
        "to": transaction.to,
        "data": "0x" + transaction.data.hex(),
    }


async def answer(client: httpx.AsyncClient, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Raises SignerRefused for what the service refuses by its rules, SignerUnavailable for all else."""
    try:
        response = await client.request(method, path, json=body)
        told = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise SignerUnavailable(reason=type(error).__name__) from error
    if response.status_code in (401, 403, 422):
        raise SignerRefused(reason=str(told.get("detail", response.status_code)))
    if response.status_code != 200 or not isinstance(told, dict):
        raise SignerUnavailable(reason=f"HTTP {response.status_code}")
    return told
