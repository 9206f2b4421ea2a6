"""Task templates: a buyer's own, with fair windows, and good for posting as they are."""

from typing import Any

import httpx
import pytest

from app.chain.typed_data import ZERO_ADDRESS, Terms
from tests.integration.api import execute
from tests.integration.market import CHAIN_TIME, Market, Person, posting, problem

DAY = 86_400
BODY = {"title": "Sort it", "capability": "text.sort"}


@pytest.fixture(autouse=True)
def none_before(market: Market) -> None:
    execute(market.database_url, "DELETE FROM market.task_templates")


async def save(person: Person, name: str, **changed: Any) -> httpx.Response:
    return await person.wallet.client.put(f"/v1/task-templates/{name}", json=BODY | changed, headers=person.headers)


async def test_what_is_left_out_is_fair_and_can_be_posted(market: Market) -> None:
    plan = {"kind": "sealed_second_score", "duration_seconds": 3_600}
    saved = await save(market.buyer, "weekly", auction=plan, budget="1000000")
    assert saved.status_code == 200, saved.text
    made = saved.json()["terms"]
    assert made == {
        "awardBy": CHAIN_TIME + 2 * DAY,
        "deliverBy": CHAIN_TIME + 9 * DAY,
        "reviewSeconds": 3 * DAY,
        "vetoSeconds": 3_600,
        "arbiterSeconds": 7 * DAY,
        "defaultShareBps": 5_000,
    }
    usual = await market.terms()
    terms = Terms.from_message({**usual.message(), **made})
    answer = await market.buyer.post("/tasks", posting(terms) | {"auction": plan})
    assert answer.status_code == 201, answer.text
    assert answer.json()["warnings"] == ["arbiter_unpublished"]


async def test_a_hire_has_no_award_and_quotes_no_veto(market: Market) -> None:
    hire = (await save(market.buyer, "hire", agent=market.agent.address)).json()["terms"]
    assert (hire["awardBy"], hire["deliverBy"], hire["vetoSeconds"]) == (0, CHAIN_TIME + 7 * DAY, 0)
    quotes = (await save(market.buyer, "quotes", windows={"award": DAY})).json()["terms"]
    assert (quotes["awardBy"], quotes["vetoSeconds"]) == (CHAIN_TIME + DAY, 0)


async def test_templates_are_ones_own(market: Market) -> None:
    for name in ("b", "a"):
        await save(market.buyer, name)
    await save(market.buyer, "a", title="Other")
    mine = (await market.buyer.get("/task-templates")).json()["items"]
    assert [(each["name"], each["template"]["title"]) for each in mine] == [("a", "Other"), ("b", "Sort it")]
    assert (await market.stranger.get("/task-templates")).json()["items"] == []
    for answer in (await market.stranger.get("/task-templates/a"), await market.stranger.delete("/task-templates/a")):
        assert problem(answer) == (404, "not-found")
    assert (await market.buyer.delete("/task-templates/a")).status_code == 204
    assert problem(await market.buyer.get("/task-templates/a")) == (404, "not-found")


@pytest.mark.parametrize(
    "changed",
    [
        {"title": ""},
        {"budget": "-1"},
        {"windows": {"nap": 1}},
        {"agent": ZERO_ADDRESS[:-1]},
        {"default_share_bps": 10_001},
    ],
)
async def test_refuses_a_template(market: Market, changed: dict[str, Any]) -> None:
    assert (await save(market.buyer, "bad", **changed)).status_code == 422
    assert (await save(market.buyer, "No Name")).status_code == 422


async def test_there_is_a_limit(market: Market) -> None:
    execute(
        market.database_url,
        "INSERT INTO market.task_templates (account, name, content)"
        " SELECT %(account)s, 'n' || n, '{}' FROM generate_series(1, 100) AS n",
        {"account": bytes.fromhex(market.buyer.address[2:])},
    )
    assert problem(await save(market.buyer, "one-more")) == (409, "too-many-templates")
    assert (await save(market.buyer, "n1")).status_code == 200
