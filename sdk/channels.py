"""Channels that pay for calls: opened, filled up and closed by one signature each, and answers paid by vouchers."""

import asyncio
import secrets
from collections import defaultdict
from typing import Any

from sdk.errors import Conflict, VoucherRefused
from sdk.schemas import Intent
from sdk.session import Session
from sdk.terms import ZERO_ADDRESS
from sdk.typed_data import TypedData, drawn_by, refuse_difference, typed
from sdk.vouchers import (
    Channel,
    Voucher,
    channel_id,
    contract_of,
    is_signed,
    salted_id,
    sign_voucher,
    voucher_message,
)

SIGNED_SECONDS = 3_600
DAY = 86_400
MOST_PAYMENTS = 20


class Channels(Session):
    """Each raises Problem or SignatureRefused."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._paying: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def open_channel(
        self, deposit: int, *, challenge_seconds: int = DAY, signer: str = ZERO_ADDRESS
    ) -> tuple[Channel, Intent]:
        """A channel with the service as its sequencer; keep it: it is what vouchers are signed for. `signer` is whose
        key signs them in this wallet's place. It pays for calls once its block is final."""
        network = await self.network()
        sequencer = network.sequencer or ZERO_ADDRESS
        channel = Channel(self.address, ZERO_ADDRESS, sequencer, signer, challenge_seconds, fresh_salt())
        asked: dict[str, Any] = {"deposit": str(deposit), "challenge_seconds": challenge_seconds, "salt": channel.salt}
        asked |= {} if signer == ZERO_ADDRESS else {"signer": signer}
        until, named = await self._until(), channel_id(channel, network)
        ours = drawn_by(contract_of(network), self.address, deposit, named, 0, until, network)
        return channel, await self._agree("/v1/channels", asked | {"valid_before": until}, ours)

    async def top_up_channel(self, channel: Channel, amount: int) -> Intent:
        """More money, once, whoever sends the signature how often."""
        network, named = await self.network(), await self._channel_id(channel)
        salt, until = fresh_salt(), await self._until()
        ours = drawn_by(contract_of(network), self.address, amount, salted_id(named, salt), 0, until, network)
        asked = {"amount": str(amount), "salt": salt, "valid_before": until}
        return await self._agree(f"/v1/channels/{named}/top-up", asked, ours)

    async def close_channel(self, channel: Channel) -> Intent:
        """What is left comes back by itself after the challenge period."""
        network, named = await self.network(), await self._channel_id(channel)
        asked = {"deadline": await self._until()}
        message = {"channelId": named, **asked}
        ours = typed("StartClose", message, "Guildhall PaymentChannel", "1", network.chain_id, contract_of(network))
        return await self._agree(f"/v1/channels/{named}/close", asked, ours)

    async def channel(self, channel: Channel) -> dict[str, Any]:
        """What it holds, what is signed away, and what is free."""
        return dict(await self._get(f"/v1/channels/{await self._channel_id(channel)}"))

    async def vouchers(self) -> list[dict[str, Any]]:
        """The newest of each channel and payee, of those that pay this wallet and those that it pays with."""
        return [item async for item in self._all("/v1/vouchers")]

    async def pay_call(self, call_id: str, channel: Channel, *, most: int) -> Any:
        """The answer of a call that waits to be paid, for `most` base units at most; paid once, however often it is
        said. Raises VoucherRefused where the service asks for another voucher than is due."""
        for _ in range(MOST_PAYMENTS):
            held = await self._get(f"/v1/calls/{call_id}")
            if held["state"] != "held":
                return held["answer"]
            async with self._paying[held["due"]["payee"]]:
                paid = await self._paid(call_id, channel, most)
            if paid is not None:
                return paid["answer"]
        raise VoucherRefused("overtaken", times=MOST_PAYMENTS)

    async def _paid(self, call_id: str, channel: Channel, most: int) -> dict[str, Any] | None:
        """None where another answer of the same payee was paid in between."""
        held = await self._get(f"/v1/calls/{call_id}")
        if held["state"] != "held":
            return dict(held)
        voucher = await self._next(held["due"], channel, most)
        body = {"cumulative": str(voucher.cumulative), "signature": voucher.signature}
        try:
            return dict((await self.request("POST", f"/v1/calls/{call_id}/pay", repeatable=True, json=body)).json())
        except Conflict as conflict:
            if conflict.name != "voucher-not-next":
                raise
            return None

    async def _next(self, due: dict[str, Any], channel: Channel, most: int) -> Voucher:
        """Signs what is due, where it is the price more than what this payer signed before, and no more than `most`."""
        network, price = await self.network(), int(due["price"])
        before = 0 if due["before"] is None else int(due["before"]["cumulative"])
        if price > most:
            raise VoucherRefused("above the price", price=price, most=most)
        if before:
            earlier = voucher_message(channel, due["payee"], before, network)
            if not is_signed(earlier, due["before"]["signature"], channel.voucher_signer):
                raise VoucherRefused("not signed", signer=channel.voucher_signer)
        if int(due["cumulative"]) != before + price:
            raise VoucherRefused("not the next", cumulative=due["cumulative"], required=before + price)
        refuse_difference(voucher_message(channel, due["payee"], before + price, network), due["typed_data"])
        return sign_voucher(self.wallet, channel, due["payee"], before + price, network)

    async def _agree(self, path: str, asked: dict[str, Any], ours: TypedData) -> Intent:
        """Prepares a verb, compares what it asks to be signed, signs ours."""
        prepared = await self._post(f"{path}/prepare", asked)
        carried = await self._post(path, asked | {"signature": self._agreed(ours, prepared)})
        return Intent.model_validate(carried["intent"])

    async def _channel_id(self, channel: Channel) -> str:
        return channel_id(channel, await self.network())

    async def _until(self) -> int:
        return (await self.clock()).chain_time + SIGNED_SECONDS


def fresh_salt() -> str:
    return "0x" + secrets.token_hex(32)
