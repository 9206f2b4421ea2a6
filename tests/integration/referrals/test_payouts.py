"""Payouts: what is due once, and nothing is paid before the chain says so, by as many nodes as must say it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import orjson
import pytest

from app.config import Settings
from devnet.deploy import Deployment, fund
from devnet.keys import DevelopmentKey, Role, participant_key, role_key
from devnet.release import function_abi
from devnet.rpc import Chain, calldata
from tests.integration import node_proxy
from tests.integration.api import execute, mirror_clock, running_api
from tests.integration.market import CHAIN_TIME, Market, Person, open_market, problem

AMOUNT = 1_500_000
FEE_OWNER = role_key(Role.FEE_OWNER)


class Honest(node_proxy.Handler):
    """Says what the node says."""

    def take(self, asked: Any) -> None:
        self.send_json(200, self.client.post("/", json=asked).content)


class Liar(node_proxy.Handler):
    """Says of every receipt that it moved what was asked for, whatever did."""

    def take(self, asked: Any) -> None:
        said = self.client.post("/", json=asked).json()
        if asked["method"] == "eth_getTransactionReceipt" and said.get("result"):
            for log in said["result"]["logs"]:
                log["data"] = "0x" + f"{AMOUNT:064x}"
        self.send_json(200, orjson.dumps(said))


@pytest.fixture
def urls(rpc_url: str) -> Iterator[tuple[str, ...]]:
    """An honest node, another way to it, and a liar."""
    with node_proxy.served(Honest, rpc_url) as second, node_proxy.served(Liar, rpc_url) as liar:
        yield rpc_url, second, liar


@pytest.fixture
async def market(
    settings: Settings, database_url: str, rpc_url: str, deployment: Deployment, urls: tuple[str, ...]
) -> AsyncIterator[Market]:
    """The stranger is an operator, and the rival's referrals brought him AMOUNT."""
    told = {"operators": (participant_key(3).address,), "rpc_urls": urls, "rpc_quorum": 2}
    offering = settings.model_copy(update=told)
    fund(rpc_url, deployment, [FEE_OWNER.address, participant_key(0).address], 10 * AMOUNT)
    async with running_api(offering) as client:
        market = await open_market(client, offering, database_url)
        for table in ("referral_payouts", "referral_accruals"):
            execute(database_url, f"DELETE FROM market.{table}")
        accrued(market, AMOUNT)
        with Chain(rpc_url) as chain:
            seen(market, chain.block_number())
        yield market


def accrued(market: Market, amount: int) -> None:
    values = {"referrer": bytes.fromhex(market.rival.address[2:]), "amount": amount}
    execute(
        market.database_url,
        "INSERT INTO market.referral_accruals (task_id, referrer, account, fees, amount, ended_at) VALUES"
        " (decode(md5(random()::text) || md5(random()::text), 'hex'), %(referrer)s, %(referrer)s, 2 * %(amount)s,"
        " %(amount)s, 1)",
        values,
    )


def seen(market: Market, block: int, final: int | None = None) -> None:
    finalized = block if final is None else final
    mirror_clock(market.database_url, block=block, timestamp=CHAIN_TIME, finalized=finalized)


def send(
    rpc_url: str, deployment: Deployment, to: str, amount: int, *, key: DevelopmentKey = FEE_OWNER
) -> tuple[str, int]:
    """A transfer: its hash and its block."""
    data = calldata(function_abi("MockUSDC", "transfer"), [to, amount])
    with Chain(rpc_url) as chain:
        [receipt] = chain.send_all(key, [{"to": deployment.contracts["MockUSDC"], "data": data, "gas": 200_000}])
        block = chain.ask("eth_getBlockByNumber", hex(receipt.block_number), True)
    mine = [each["hash"] for each in block["transactions"] if each["from"] == key.address.lower()]
    return mine[-1], receipt.block_number


async def planned(market: Market) -> list[dict[str, Any]]:
    answer = await market.stranger.post("/operations/referral-payouts")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def prove(person: Person, payout: str, tx_hash: str) -> httpx.Response:
    path = f"/v1/operations/referral-payouts/{payout}"
    return await person.wallet.client.put(path, json={"tx_hash": tx_hash}, headers=person.headers)


async def sums(person: Person) -> tuple[int, ...]:
    found = (await person.get("/referrals")).json()
    return tuple(int(found[name]) for name in ("accrued", "paid", "planned", "due"))


async def test_a_final_transfer_pays_what_was_planned_once(
    market: Market, rpc_url: str, deployment: Deployment
) -> None:
    [payout] = await planned(market)
    assert (payout["referrer"], payout["amount"]) == (market.rival.address, str(AMOUNT))
    assert await planned(market) == []
    assert await sums(market.rival) == (AMOUNT, 0, AMOUNT, 0)
    tx_hash, block = send(rpc_url, deployment, market.rival.address, AMOUNT)
    seen(market, block, final=block - 1)
    answer = await prove(market.stranger, payout["id"], tx_hash)
    assert problem(answer) == (409, "not-final-yet"), answer.text
    seen(market, block)
    proven = (await prove(market.stranger, payout["id"], tx_hash)).json()
    assert (proven["tx_hash"], proven["block_number"]) == (tx_hash, block)
    assert (await prove(market.stranger, payout["id"], tx_hash)).json() == proven
    assert problem(await prove(market.stranger, payout["id"], "0x" + "ab" * 32)) == (409, "payout-paid")
    assert await sums(market.rival) == (AMOUNT, AMOUNT, 0, 0)
    assert await planned(market) == []
    accrued(market, AMOUNT)
    [second] = await planned(market)
    assert problem(await prove(market.stranger, second["id"], tx_hash)) == (409, "transfer-used")
    listed = (await market.stranger.get("/operations/referral-payouts")).json()["items"]
    assert [each["id"] for each in listed] == [second["id"], payout["id"]]
    still = (await market.stranger.get("/operations/referral-payouts", only_open="true")).json()["items"]
    assert [each["id"] for each in still] == [second["id"]]


async def test_another_transfer_proves_nothing(market: Market, rpc_url: str, deployment: Deployment) -> None:
    earlier, block = send(rpc_url, deployment, market.rival.address, AMOUNT)
    seen(market, block)
    [payout] = await planned(market)
    sent = [
        send(rpc_url, deployment, market.rival.address, AMOUNT - 1),
        send(rpc_url, deployment, market.agent.address, AMOUNT),
        send(rpc_url, deployment, market.rival.address, AMOUNT, key=participant_key(0)),
    ]
    seen(market, sent[-1][1])
    for tx_hash in (earlier, "0x" + "cd" * 32, *(each[0] for each in sent)):
        assert problem(await prove(market.stranger, payout["id"], tx_hash)) == (409, "payout-not-proven")
    assert await sums(market.rival) == (AMOUNT, 0, AMOUNT, 0)
    right, block = send(rpc_url, deployment, market.rival.address, AMOUNT)
    seen(market, block)
    execute(
        market.database_url,
        "INSERT INTO chain.blocks (number, hash, parent_hash, timestamp) VALUES (%(number)s, decode(repeat('01', 32),"
        " 'hex'), decode(repeat('02', 32), 'hex'), 1)",
        {"number": block},
    )
    assert problem(await prove(market.stranger, payout["id"], right)) == (409, "payout-not-proven")
    execute(market.database_url, "DELETE FROM chain.blocks")
    assert (await prove(market.stranger, payout["id"], right)).status_code == 200


async def test_too_few_nodes_of_one_word_prove_nothing(
    market: Market, rpc_url: str, deployment: Deployment, urls: tuple[str, ...]
) -> None:
    [payout] = await planned(market)
    tx_hash, block = send(rpc_url, deployment, market.rival.address, 1)
    seen(market, block)
    assert problem(await prove(market.stranger, payout["id"], tx_hash)) == (409, "payout-not-proven")
    dead = "http://127.0.0.1:9"
    for nodes in ((urls[0], urls[2]), (urls[2], dead)):
        alone = market.settings.model_copy(update={"rpc_urls": nodes})
        async with running_api(alone) as client:
            path = f"/v1/operations/referral-payouts/{payout['id']}"
            answer = await client.put(path, json={"tx_hash": tx_hash}, headers=market.stranger.headers)
            assert problem(answer) == (503, "chain-unavailable")
    assert await sums(market.rival) == (AMOUNT, 0, AMOUNT, 0)


async def test_little_waits_until_it_is_worth_a_transfer(market: Market) -> None:
    execute(market.database_url, "UPDATE market.referral_accruals SET amount = 999999")
    assert await planned(market) == []
    accrued(market, 1)
    assert [each["amount"] for each in await planned(market)] == ["1000000"]
    accrued(market, AMOUNT)
    assert await planned(market) == []  # one is open
    assert await sums(market.rival) == (1_000_000 + AMOUNT, 0, 1_000_000, AMOUNT)


async def test_payouts_are_operators_alone(market: Market) -> None:
    [payout] = await planned(market)
    for person in (market.rival, market.buyer):
        assert problem(await person.post("/operations/referral-payouts")) == (403, "role-missing")
        assert problem(await person.get("/operations/referral-payouts")) == (403, "role-missing")
        assert problem(await prove(person, payout["id"], "0x" + "ab" * 32)) == (403, "role-missing")
    missing = await prove(market.stranger, "00000000-0000-4000-8000-000000000000", "0x" + "ab" * 32)
    assert missing.status_code == 404
