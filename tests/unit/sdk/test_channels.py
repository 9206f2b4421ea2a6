"""A client pays a call with the voucher that is due, and with no other, whatever the service asks for."""

from typing import Any

import pytest

from sdk import Client
from sdk.errors import Conflict, VoucherRefused
from sdk.vouchers import channel_id, is_signed, sign_voucher, voucher_message
from tests.unit.sdk.test_vouchers import DELEGATE, HERE, MANY, PAYEE

PRICE = 5


def due(before: int = 0, **changed: Any) -> dict[str, Any]:
    """What an honest service says of an answer for PRICE."""
    earlier = None
    if before:
        signature = sign_voucher(DELEGATE, MANY, PAYEE.address, before, HERE).signature
        earlier = {"cumulative": str(before), "signature": signature}
    typed = voucher_message(MANY, PAYEE.address, before + PRICE, HERE)
    said = {"channel_id": channel_id(MANY, HERE), "payee": PAYEE.address, "price": str(PRICE), "typed_data": typed}
    return said | {"cumulative": str(before + PRICE), "before": earlier} | changed


class Service:
    """Answers `call_id`'s state, and takes vouchers; the first `overtaken` of them come too late."""

    def __init__(self, client: Client, asks: dict[str, Any], overtaken: int = 0) -> None:
        self.asks, self.overtaken, self.paid = asks, overtaken, list[dict[str, Any]]()
        client._pinned = HERE
        client._get = self.get  # type: ignore[method-assign]
        client.request = self.request  # type: ignore[method-assign,assignment]

    async def get(self, path: str, **_: Any) -> dict[str, Any]:
        return {"state": "held", "answer": None, "due": self.asks}

    async def request(self, method: str, path: str, *, json: dict[str, Any], **_: Any) -> Any:
        self.paid.append(json)
        if len(self.paid) <= self.overtaken:
            self.asks = due(before=int(self.asks["cumulative"]))
            raise Conflict(409, {"type": "urn:guildhall:problem:voucher-not-next"}, None)

        class Answer:
            def json(self) -> dict[str, Any]:
                return {"state": "answered", "answer": "done"}

        return Answer()


@pytest.fixture
async def client() -> Client:
    return Client("http://127.0.0.1:1", DELEGATE)


@pytest.mark.parametrize("before", [0, 995])
async def test_what_is_due_is_signed(client: Client, before: int) -> None:
    service = Service(client, due(before))
    assert await client.pay_call("a", MANY, most=PRICE) == "done"
    [paid] = service.paid
    message = voucher_message(MANY, PAYEE.address, before + PRICE, HERE)
    assert is_signed(message, paid["signature"], DELEGATE.address)
    assert paid["cumulative"] == str(before + PRICE)


@pytest.mark.parametrize(
    ("asks", "reason"),
    [
        (due() | {"price": "6", "cumulative": "6"}, "above the price"),
        (due() | {"cumulative": "1000"}, "not the next"),
        (due(995) | {"cumulative": "1001"}, "not the next"),
        (due() | {"before": {"cumulative": "995", "signature": "0x" + "22" * 65}, "cumulative": "1000"}, "not signed"),
    ],
)
async def test_another_voucher_is_not_signed(client: Client, asks: dict[str, Any], reason: str) -> None:
    service = Service(client, asks)
    with pytest.raises(VoucherRefused, match=reason):
        await client.pay_call("a", MANY, most=PRICE)
    assert service.paid == []


async def test_who_is_overtaken_signs_the_next(client: Client) -> None:
    service = Service(client, due(), overtaken=2)
    assert await client.pay_call("a", MANY, most=PRICE) == "done"
    assert [each["cumulative"] for each in service.paid] == ["5", "10", "15"]


async def test_who_is_always_overtaken_gives_up(client: Client) -> None:
    service = Service(client, due(), overtaken=100)
    with pytest.raises(VoucherRefused, match="overtaken"):
        await client.pay_call("a", MANY, most=PRICE)
    assert len(service.paid) == 20
