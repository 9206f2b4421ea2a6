"""A payer's channel as the indexer would mirror it, and vouchers signed for what is due."""

from typing import Any
from uuid import uuid4

import httpx

from app.chain.channels import Channel, channel_id
from app.chain.deployment import load
from app.chain.typed_data import ZERO_ADDRESS
from app.config import Settings
from app.database import Address, Hash32
from devnet.keys import Role, role_key
from tests.integration.api import Wallet, execute
from tests.integration.routing.shop import Shop

OPENED, FINALIZED = 50, 92
DEPOSIT = 1_000_000


class Payer:
    """The shop's buyer, with a channel of DEPOSIT base units."""

    def __init__(self, shop: Shop, settings: Settings, *, signer: Wallet | None = None) -> None:
        self.shop, self.database_url = shop, shop.database_url
        self.signer = signer or shop.buyer
        self.channel = Channel(
            payer=Address(shop.buyer.address),
            payee=ZERO_ADDRESS,
            sequencer=Address(role_key(Role.SEQUENCER).address),
            signer=ZERO_ADDRESS if signer is None else Address(signer.address),
            challenge_seconds=86_400,
            salt=Hash32("0x" + uuid4().hex * 2),
        )
        self.channel_id = channel_id(self.channel, load(settings.deployment_file))

    def mirror(self, **changed: Any) -> None:
        """Writes the channel: open and final, except for what is `changed`."""
        row = vars(self.channel) | {"channel_id": self.channel_id, "state": 1, "deposited": DEPOSIT, "paid": 0}
        row |= {"returned": 0, "tasks": 0, "closes_at": 0, "opened_block": OPENED, "last_block": OPENED}
        row |= {"opened_tx": self.channel_id, "last_tx": self.channel_id, "last_log_index": 0} | changed
        packed = {name: bytes.fromhex(value[2:]) if isinstance(value, str) else value for name, value in row.items()}
        names = ", ".join(packed)
        values = ", ".join(f"%({name})s" for name in packed)
        execute(self.database_url, "DELETE FROM chain.channels WHERE channel_id = %(channel_id)s", packed)
        execute(self.database_url, f"INSERT INTO chain.channels ({names}) VALUES ({values})", packed)

    async def call(self, **asked: Any) -> httpx.Response:
        return await self.shop.call(**{"channel_id": self.channel_id, "max_price": "1000"} | asked)

    async def held(self, **asked: Any) -> dict[str, Any]:
        """A call whose answer waits to be paid."""
        answer = await self.call(**asked)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "held", answer.text
        return dict(answer.json())

    async def pay(self, call: dict[str, Any], **changed: Any) -> httpx.Response:
        """Signs what is due and sends it."""
        due = call["due"]
        body = {"cumulative": due["cumulative"], "signature": self.signer.sign_typed(due["typed_data"])} | changed
        headers = await self.shop.buyer.sign_in()
        return await self.shop.api.post(f"/v1/calls/{call['call_id']}/pay", json=body, headers=headers)

    async def seen(self) -> dict[str, int]:
        """What the channel's books say."""
        answer = (await self.shop.get(f"/channels/{self.channel_id}")).json()
        return {name: int(answer[name]) for name in ("holds", "signed", "reserved", "free")}
