"""Channels that pay for calls: opened, filled up and closed by a signature, their vouchers redeemed by a job."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from app.boundary import WorkerRuntime
from app.channels import jobs
from app.config import Settings
from devnet.keys import Role, role_key, write_key_file
from tests.integration.api import Wallet, execute, working
from tests.integration.conftest import CHAIN_TIME
from tests.integration.routing.paying import DEPOSIT, Payer
from tests.integration.routing.shop import Shop, kind
from tests.unit.routing.agents import OK, agents

DOLLAR = 1_000_000


@pytest.fixture
def payer(shop: Shop, settings: Settings, database_url: str) -> Payer:
    for table in ("market.spends", "market.intents"):
        execute(database_url, f"DELETE FROM {table}")
    return Payer(shop, settings)


@pytest.fixture
async def worker(settings: Settings, payer: Payer) -> AsyncIterator[WorkerRuntime]:
    key = write_key_file(settings.content_dir.parent, "sequencer-of-jobs", role_key(Role.SEQUENCER))
    async with working(settings.model_copy(update={"sequencer_key_file": key})) as runtime:
        yield runtime


async def post(payer: Payer, path: str, body: dict[str, Any]) -> httpx.Response:
    return await payer.shop.api.post(f"/v1{path}", json=body, headers=await payer.shop.buyer.sign_in())


async def signed(payer: Payer, path: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What is sent back, with the signature over what was prepared."""
    prepared = await post(payer, f"{path}/prepare", asked)
    assert prepared.status_code == 200, prepared.text
    until = "deadline" if path.endswith("/close") else "valid_before"
    body = asked | {until: prepared.json()["until"]}
    if prepared.json()["salt"] is not None:
        body["salt"] = prepared.json()["salt"]
    return body | {"signature": payer.shop.buyer.sign_typed(prepared.json()["typed_data"])}


def intents(database_url: str) -> list[tuple[Any, ...]]:
    return execute(database_url, "SELECT verb, state FROM market.intents ORDER BY created_at")


async def test_a_channel_is_opened_by_one_signature(payer: Payer, wallet: Callable[[int], Wallet]) -> None:
    asked = {"deposit": "5000000", "challenge_seconds": 7200, "signer": wallet(4).address}
    prepared = (await post(payer, "/channels/prepare", asked)).json()
    message = prepared["typed_data"]["message"]
    assert prepared["typed_data"]["primaryType"] == "ReceiveWithAuthorization"
    assert (message["value"], message["nonce"]) == (5_000_000, prepared["channel_id"])
    body = await signed(payer, "/channels", asked)
    first, again = await post(payer, "/channels", body), await post(payer, "/channels", body)
    assert first.status_code == again.status_code == 202, first.text
    assert first.json()["intent"]["id"] == again.json()["intent"]["id"]
    assert first.json()["intent"]["verb"] == "open_channel"
    assert execute(payer.database_url, "SELECT amount FROM market.spends") == [(5_000_000,)]
    forged = body | {"deposit": "6000000"}
    assert kind(await post(payer, "/channels", forged)) == (422, "bad-signature")
    assert kind(await post(payer, "/channels", body | {"valid_before": CHAIN_TIME})) == (409, "deadline-passed")
    far = CHAIN_TIME + 366 * 86_400
    assert kind(await post(payer, "/channels", body | {"valid_before": far})) == (422, "deadline-too-far")


async def test_a_spend_policy_holds_for_channels(payer: Payer) -> None:
    headers = await payer.shop.buyer.sign_in()
    policy = {"per_day": "4000000"}
    assert (await payer.shop.api.put("/v1/spending/policy", json=policy, headers=headers)).status_code < 300
    try:
        assert kind(await post(payer, "/channels/prepare", {"deposit": "4000001"})) == (403, "spend-refused")
        assert (await post(payer, "/channels/prepare", {"deposit": "4000000"})).status_code == 200
    finally:
        await payer.shop.api.delete("/v1/spending/policy", headers=headers)


async def test_an_open_channel_is_filled_up_and_closed(payer: Payer) -> None:
    payer.mirror()
    path = f"/channels/{payer.channel_id}"
    topped = await post(payer, f"{path}/top-up", await signed(payer, f"{path}/top-up", {"amount": "70"}))
    assert (topped.status_code, topped.json()["intent"]["verb"]) == (202, "top_up_channel")
    closed = await post(payer, f"{path}/close", await signed(payer, f"{path}/close", {}))
    assert (closed.status_code, closed.json()["intent"]["verb"]) == (202, "close_channel")
    payer.mirror(state=2, closes_at=CHAIN_TIME + 60)
    for verb, asked in (("top-up", {"amount": "70"}), ("close", {})):
        assert kind(await post(payer, f"{path}/{verb}/prepare", asked)) == (409, "channel-unfit")
    [seen] = (await payer.shop.get("/channels")).json()["items"]
    assert (seen["state"], seen["closes_at"], seen["deposited"]) == ("closing", CHAIN_TIME + 60, str(DEPOSIT))
    unknown = "/channels/0x" + "12" * 32
    assert kind(await post(payer, f"{unknown}/close/prepare", {})) == (404, "not-found")
    assert (await payer.shop.get(unknown)).status_code == 404


async def test_without_a_key_nothing_is_sequenced(settings: Settings, shop: Shop) -> None:
    async with working(settings) as runtime:
        assert await jobs.redeem_once(runtime) == 0
        assert await jobs.finish_once(runtime) == 0


async def paid(payer: Payer, price: int, endpoint: str, *, times: int = 1) -> None:
    """So many answers at the price, each with its voucher."""
    await payer.shop.list(1, endpoint, price=str(price))
    for _ in range(times):
        held = await payer.held(max_price=str(price))
        assert (await payer.pay(held)).status_code == 200


def fail_intents(database_url: str) -> None:
    failed = "UPDATE market.intents SET state = 'failed', reason = 'reverted', updated_at = now() - interval '1 hour'"
    execute(database_url, failed)


async def test_a_dollar_is_redeemed_at_once_and_once(payer: Payer, worker: WorkerRuntime) -> None:
    payer.mirror(deposited=10 * DOLLAR)
    async with agents([OK]) as (offers, _):
        await paid(payer, DOLLAR // 2, offers[0].endpoint)
        assert await jobs.redeem_once(worker) == 0
        held = await payer.held(max_price=str(DOLLAR // 2))
        assert (await payer.pay(held)).status_code == 200
    assert await jobs.redeem_once(worker) == 1
    assert await jobs.redeem_once(worker) == 0
    assert [row[0] for row in intents(payer.database_url)] == ["redeem"]
    fail_intents(payer.database_url)
    assert await jobs.redeem_once(worker) == 1
    assert [row[0] for row in intents(payer.database_url)] == ["redeem", "redeem"]
    assert execute(payer.database_url, "SELECT tries FROM market.channel_vouchers") == [(1,)]


async def test_what_is_tried_in_vain_is_left_at_last(payer: Payer, worker: WorkerRuntime) -> None:
    payer.mirror(deposited=10 * DOLLAR)
    async with agents([OK]) as (offers, _):
        await paid(payer, DOLLAR, offers[0].endpoint)
    rounds = 0
    while await jobs.redeem_once(worker) and rounds < 50:
        rounds += 1
        fail_intents(payer.database_url)
    assert rounds == 11


@pytest.mark.parametrize(
    ("price", "closing", "waits", "redeemed"),
    [
        (10_000, False, 0, 0),
        (10_000, False, 3_601, 1),
        (10_000, True, 0, 1),
        (9_999, True, 3_601, 0),
    ],
)
async def test_less_waits_an_hour_or_for_the_end(
    payer: Payer, worker: WorkerRuntime, price: int, closing: bool, waits: int, redeemed: int
) -> None:
    payer.mirror()
    async with agents([OK]) as (offers, _):
        await paid(payer, price, offers[0].endpoint)
    waited = "UPDATE market.channel_vouchers SET since = since - make_interval(secs => %(waits)s)"
    execute(payer.database_url, waited, {"waits": waits})
    if closing:
        payer.mirror(state=2, closes_at=CHAIN_TIME + 80_000)
    assert await jobs.redeem_once(worker) == redeemed


async def test_a_channel_ends_after_its_challenge_period(payer: Payer, worker: WorkerRuntime) -> None:
    payer.mirror(state=2, closes_at=CHAIN_TIME)
    assert await jobs.finish_once(worker) == 0
    payer.mirror(state=2, closes_at=CHAIN_TIME - 1)
    for _ in range(2):
        assert await jobs.finish_once(worker) == 1
    assert [row[0] for row in intents(payer.database_url)] == ["finish_close"]


async def test_vouchers_and_channels_come_in_pages(payer: Payer, shop: Shop, settings: Settings) -> None:
    payers = [payer, Payer(shop, settings), Payer(shop, settings)]
    async with agents([OK]) as (offers, _):
        await shop.list(1, offers[0].endpoint, price="5")
        for each in payers:
            each.mirror()
            assert (await each.pay(await each.held())).status_code == 200
    for path in ("/channels", "/vouchers"):
        found: list[str] = []
        cursor: str | None = None
        for _ in range(3):
            page = (await shop.get(path, limit=1, **({} if cursor is None else {"cursor": cursor}))).json()
            found += [item["channel_id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert cursor is None
        assert sorted(found) == sorted(each.channel_id for each in payers)
