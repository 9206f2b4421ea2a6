"""The wallets of one account: taken in by their own signature, let go again."""

from typing import Any

from sdk.session import Session
from sdk.sign_in import linking_statement, sign_in_message
from sdk.wallet import Wallet


class Wallets(Session):
    async def wallets(self) -> list[dict[str, Any]]:
        """The account's wallets, the founding one first."""
        return list(await self._get("/v1/auth/wallets"))

    async def link_wallet(self, wallet: Wallet) -> dict[str, Any]:
        """Makes another wallet one of this account; both keys are at hand. Only the founding wallet's client may.

        Raises SignatureRefused when the text to sign says anything but that.
        """
        network = await self.network()
        account = str((await self._get("/v1/auth/session"))["account"])
        challenge = await self._post("/v1/auth/wallets/nonce", {"address": wallet.address})
        message = sign_in_message(
            challenge,
            address=wallet.address,
            origin=self._transport.origin,
            chain_id=network.chain_id,
            statement=linking_statement(account),
        )
        signature = wallet.sign_text(message)
        proof = {"message": message, "signature": signature, "client_token": challenge["client_token"]}
        return dict(await self._post("/v1/auth/wallets", proof))

    async def unlink_wallet(self, address: str) -> None:
        """Lets a wallet go: its sessions and API keys end. The founding wallet lets go, or the wallet itself."""
        await self.request("DELETE", f"/v1/auth/wallets/{address}", repeatable=True)
