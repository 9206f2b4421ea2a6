"""Answers that cost something: held until the voucher that pays them is stored, paid once, never half."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from app.chain.channels import voucher
from app.chain.deployment import load
from app.config import Settings
from app.database import Address
from app.routing import jobs
from devnet.keys import Role, role_key
from tests.integration.api import Wallet, execute, mirror_clock, working
from tests.integration.conftest import CHAIN_TIME
from tests.integration.routing.paying import DEPOSIT, FINALIZED, Payer
from tests.integration.routing.shop import Shop, kind
from tests.unit.routing.agents import BROKEN, OK, agents


@pytest.fixture
def payer(shop: Shop, settings: Settings) -> Payer:
    found = Payer(shop, settings)
    found.mirror()
    return found


async def test_an_answer_is_served_for_its_voucher_and_paid_once(payer: Payer) -> None:
    async with agents([OK]) as (offers, scripted):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        held = await payer.held()
        assert (held["answer"], held["price"], held["due"]["cumulative"]) == (None, "400", "400")
        assert held["due"]["payee"] == payer.shop.owner.address
        assert await payer.seen() == {"holds": DEPOSIT, "signed": 0, "reserved": 400, "free": DEPOSIT - 400}
        name = held["call_id"]
        read = (await payer.shop.get(f"/calls/{name}")).json()
        assert (read["answer"], read["due"]) == (None, held["due"])
        assert (await payer.call(call_id=name)).json()["due"] == held["due"]
        assert [each["answer"] for each in (await payer.shop.get("/calls", state="held")).json()["items"]] == [None]
        for _ in range(3):
            paid = await payer.pay(held)
            assert (paid.status_code, paid.json()["answer"], paid.json()["state"]) == (200, {"ok": True}, "answered")
        assert await payer.seen() == {"holds": DEPOSIT, "signed": 400, "reserved": 0, "free": DEPOSIT - 400}
        assert (await payer.call(call_id=name)).json()["answer"] == {"ok": True}
        assert scripted[0].calls == 1


async def test_the_payee_has_both_signatures_and_may_redeem_himself(payer: Payer, settings: Settings) -> None:
    async with agents([OK]) as (offers, _):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        for total in (400, 800):
            held = await payer.held()
            assert held["due"]["cumulative"] == str(total)
            assert (held["due"]["before"] is None) == (total == 400)
            assert (await payer.pay(held)).status_code == 200
    headers = await payer.shop.owner.sign_in()
    [mine] = (await payer.shop.api.get("/v1/vouchers", headers=headers)).json()["items"]
    assert (mine["payee"], mine["cumulative"]) == (payer.shop.owner.address, "800")
    message = voucher(load(settings.deployment_file), payer.channel_id, Address(mine["payee"]), 800)
    assert mine["signature"] == payer.signer.sign_typed(dict(message))
    sequencer = Wallet(role_key(Role.SEQUENCER), payer.shop.api)
    assert mine["sequencer_signature"] == sequencer.sign_typed(dict(message))
    assert (await payer.shop.get("/vouchers")).json()["items"] == [mine]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"cumulative": "399"}, (409, "voucher-not-next")),
        ({"cumulative": "401"}, (409, "voucher-not-next")),
        ({"signature": "0x" + "11" * 65}, (422, "bad-signature")),
        ({"signature": "0x"}, (422, "bad-signature")),
    ],
)
async def test_another_voucher_than_is_due_changes_nothing(
    payer: Payer, changed: dict[str, Any], problem: tuple[int, str]
) -> None:
    async with agents([OK]) as (offers, _):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        held = await payer.held()
        assert kind(await payer.pay(held, **changed)) == problem
        assert (await payer.seen())["signed"] == 0
        assert (await payer.shop.get("/vouchers")).json()["items"] == []
        assert (await payer.pay(held)).status_code == 200


async def test_answers_of_one_payee_are_paid_one_after_the_other(payer: Payer) -> None:
    async with agents([OK]) as (offers, _):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        first, second = await payer.held(), await payer.held()
        assert first["due"]["cumulative"] == second["due"]["cumulative"] == "400"
        both = await asyncio.gather(payer.pay(first), payer.pay(second))
        assert sorted(each.status_code for each in both) == [200, 409]
        [late] = [call for call, answer in zip((first, second), both, strict=True) if answer.status_code == 409]
        again = (await payer.shop.get(f"/calls/{late['call_id']}")).json()
        assert again["due"]["cumulative"] == "800"
        assert (await payer.pay(again)).status_code == 200
        assert await payer.seen() == {"holds": DEPOSIT, "signed": 800, "reserved": 0, "free": DEPOSIT - 800}


async def test_a_call_that_nobody_does_costs_nothing(payer: Payer) -> None:
    async with agents([BROKEN] * 4 + [OK]) as (offers, _):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        name = str(uuid4())
        assert kind(await payer.call(call_id=name)) == (503, "call-failed")
        assert (await payer.seen())["reserved"] == 0
        body = {"cumulative": "400", "signature": "0x"}
        headers = await payer.shop.buyer.sign_in()
        refused = await payer.shop.api.post(f"/v1/calls/{name}/pay", json=body, headers=headers)
        assert kind(refused) == (409, "call-not-held")


async def test_nothing_is_asked_beyond_the_price_ceiling(payer: Payer) -> None:
    async with agents([OK], [OK]) as (offers, scripted):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        await payer.shop.list(2, offers[1].endpoint, price="1001")
        for _ in range(4):
            assert (await payer.held())["agent_id"] == 1
        assert (scripted[0].calls, scripted[1].calls) == (4, 0)
        assert kind(await payer.call(max_price="399")) == (404, "no-agent-fits")
        assert (await payer.seen())["reserved"] == 1_600


async def test_a_price_needs_a_channel(payer: Payer) -> None:
    async with agents([OK]) as (offers, _):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        assert kind(await payer.shop.call(max_price="400")) == (422, "channel-needed")


async def test_ones_own_agents_work_for_nothing(payer: Payer) -> None:
    async with agents([OK]) as (offers, _):
        shop = payer.shop
        shop.owner = shop.buyer
        await shop.list(1, offers[0].endpoint, price="400")
        answer = (await payer.call()).json()
        assert (answer["state"], answer["answer"], answer["price"]) == ("answered", {"ok": True}, "0")
        assert (await payer.seen())["reserved"] == 0


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"state": 2, "closes_at": CHAIN_TIME + 80_000}, "channel-unfit"),
        ({"state": 3}, "channel-unfit"),
        ({"opened_block": FINALIZED + 1}, "channel-unfit"),
        ({"sequencer": "0x" + "11" * 20}, "channel-unfit"),
        ({"payer": "0x" + "11" * 20}, "not-found"),
        ({"deposited": 999}, "channel-short"),
        ({"tasks": DEPOSIT - 999}, "channel-short"),
    ],
)
async def test_a_channel_that_cannot_pay_is_refused_before_anybody_works(
    payer: Payer, changed: dict[str, Any], problem: str
) -> None:
    async with agents([OK]) as (offers, scripted):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        payer.mirror(**changed)
        assert kind(await payer.call())[1] == problem
        assert scripted[0].calls == 0
        assert (await payer.shop.get("/calls")).json()["items"] == []


async def test_a_top_up_counts_when_it_is_final(payer: Payer, database_url: str) -> None:
    payer.mirror(deposited=2_000)
    told = (
        "INSERT INTO chain.channel_events (block_number, log_index, tx_hash, block_timestamp, name, args, channel_id)"
    )
    values = " VALUES (95, 0, '\\x00', 1, 'ChannelToppedUp', '{\"amount\": \"1500\"}', %(id)s)"
    execute(database_url, told + values, {"id": bytes.fromhex(payer.channel_id[2:])})
    assert (await payer.seen())["holds"] == 500
    mirror_clock(database_url, block=110, timestamp=CHAIN_TIME, finalized=95)
    assert (await payer.seen())["holds"] == 2_000
    execute(database_url, "DELETE FROM chain.channel_events")


async def test_who_owes_too_much_pays_first(payer: Payer, shop: Shop, settings: Settings) -> None:
    """The credit is a whole dollar at first: a payer who leaves answers unpaid gets no more."""
    async with agents([OK]) as (offers, _):
        await shop.list(1, offers[0].endpoint, price="300000")
        payer.mirror(deposited=10 * DEPOSIT)
        held = [await payer.held(max_price="300000") for _ in range(3)]
        refused = await payer.call(max_price="300000")
        assert kind(refused) == (409, "credit-spent")
        assert (refused.json()["credit"], refused.json()["owed"]) == (1_000_000, 900_000)
        other = Payer(shop, settings)
        other.mirror(deposited=DEPOSIT)
        assert kind(await other.call(max_price="300000")) == (409, "credit-spent")
        assert (await payer.pay(held[0])).status_code == 200
        assert (await payer.held(max_price="300000"))["price"] == "300000"


async def test_a_closing_channel_pays_what_is_held_while_it_can_be_redeemed(payer: Payer) -> None:
    async with agents([OK]) as (offers, _):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        first, second = await payer.held(), await payer.held()
        payer.mirror(state=2, closes_at=CHAIN_TIME + 80_000)
        assert (await payer.pay(first)).status_code == 200
        payer.mirror(state=2, closes_at=CHAIN_TIME + 599)
        late = (await payer.shop.get(f"/calls/{second['call_id']}")).json()
        assert kind(await payer.pay(late)) == (409, "channel-unfit")
        assert (await payer.seen())["signed"] == 400


async def test_another_key_may_sign_in_the_payers_place(
    shop: Shop, settings: Settings, wallet: Callable[[int], Wallet]
) -> None:
    payer = Payer(shop, settings, signer=wallet(4))
    payer.mirror()
    async with agents([OK]) as (offers, _):
        await shop.list(1, offers[0].endpoint, price="400")
        held = await payer.held()
        by_payer = shop.buyer.sign_typed(held["due"]["typed_data"])
        assert kind(await payer.pay(held, signature=by_payer)) == (422, "bad-signature")
        assert (await payer.pay(held)).status_code == 200


async def test_a_strangers_held_call_is_not_there(payer: Payer, wallet: Callable[[int], Wallet]) -> None:
    async with agents([OK]) as (offers, _):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        held = await payer.held()
        payer.shop.buyer = wallet(5)
        assert kind(await payer.pay(held)) == (404, "not-found")
        assert (await payer.shop.get(f"/channels/{payer.channel_id}")).status_code == 404


async def test_the_money_of_a_lost_call_is_free_again(payer: Payer, settings: Settings) -> None:
    async with agents([OK]) as (offers, scripted):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        held = await payer.held()
        lost = (
            "UPDATE market.calls SET state = 'running', agent_id = NULL, payee = NULL, ended_at = NULL, price = 1000,"
            " deadline = clock_timestamp() - interval '1 hour'"
        )
        execute(payer.database_url, lost)
        execute(payer.database_url, "UPDATE market.channel_books SET reserved = 1000")
        async with working(settings) as runtime:
            assert await jobs.free_lost_once(runtime) == 1
            assert await jobs.free_lost_once(runtime) == 0
        assert (await payer.seen())["reserved"] == 0
        again = await payer.held(call_id=held["call_id"])
        assert (await payer.seen())["reserved"] == 400
        assert (await payer.pay(again)).status_code == 200
        assert scripted[0].calls == 2


async def test_old_calls_are_forgotten_and_what_is_owed_is_not(payer: Payer, settings: Settings) -> None:
    async with agents([OK]) as (offers, _):
        await payer.shop.list(1, offers[0].endpoint, price="400")
        paid, held = await payer.held(), await payer.held()
        assert (await payer.pay(paid)).status_code == 200
        execute(payer.database_url, "UPDATE market.calls SET ended_at = clock_timestamp() - interval '91 days'")
        async with working(settings) as runtime:
            assert await jobs.forget_once(runtime) == 1
        left = (await payer.shop.get("/calls")).json()["items"]
        assert [each["call_id"] for each in left] == [held["call_id"]]
