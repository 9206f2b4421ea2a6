"""Posting: what is stored, who sees it, and the drafts that are refused."""

from typing import Any

import pytest

from app.chain.typed_data import ZERO_ADDRESS
from tests.integration.api import execute
from tests.integration.market import CHAIN_TIME, Market, posting, problem


async def test_a_draft_is_its_buyers_until_money_moves(market: Market) -> None:
    terms = await market.terms()
    task_id = await market.post(terms, seconds=60)
    mine = (await market.buyer.get(f"/tasks/{task_id}")).json()
    assert mine["state"] == "draft"
    assert mine["terms"] == posting(terms)["terms"]
    assert (mine["finality"], mine["escrow"], mine["reason"]) == (None, None, None)
    assert mine["auction"]["duration_seconds"] == 60
    assert problem(await market.stranger.get(f"/tasks/{task_id}")) == (404, "not-found")
    assert (await market.arbiter.get(f"/tasks/{task_id}")).status_code == 200
    market.mirror(terms)
    assert (await market.stranger.get(f"/tasks/{task_id}")).json()["state"] == "open"


async def test_the_same_terms_are_the_same_task(market: Market) -> None:
    terms = await market.terms()
    first, second = await market.post(terms, seconds=60), await market.post(terms, seconds=60, title="Other")
    assert first == second
    assert (await market.buyer.get(f"/tasks/{first}")).json()["title"] == "Sorting"


async def test_public_content_is_readable_by_all_and_private_by_the_parties(market: Market) -> None:
    public, private = await market.terms(), await market.direct()
    await market.post(public, seconds=60)
    await market.post(private, visibility="private")
    assert await market.stranger.reads(public.content)
    assert [await who.reads(private.content) for who in (market.agent, market.arbiter, market.stranger)] == [
        True,
        True,
        False,
    ]


async def test_a_private_task_of_others_answers_as_an_unknown_one(market: Market) -> None:
    terms = await market.direct()
    task_id = await market.post(terms, visibility="private")
    market.mirror(terms)
    for suffix in ("", "/submissions", "/bids", "/auction", "/dispute"):
        hidden = await market.stranger.get(f"/tasks/{task_id}{suffix}")
        unknown = await market.stranger.get(f"/tasks/0x{'9' * 64}{suffix}")
        assert (problem(hidden), hidden.json()["detail"]) == (problem(unknown), unknown.json()["detail"]), suffix
        assert hidden.status_code == 404
    for verb, body in (("release", {"amount": "1"}), ("cancel", {}), ("claim", {}), ("settle", {"to_agent": "1"})):
        assert problem(await market.stranger.post(f"/tasks/{task_id}/{verb}/prepare", body)) == (404, "not-found")
    assert problem(await market.stranger.post(f"/tasks/{task_id}/reclaim")) == (404, "not-found")
    assert problem(await market.stranger.get(f"/escrows/{task_id}")) == (404, "not-found")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"buyer": "agent"}, (403, "terms-not-yours")),
        ({"arbiter": "buyer"}, (422, "parties-not-distinct")),
        ({"awarder": ZERO_ADDRESS}, (422, "awarder-refused")),
        ({"child_cap": 1}, (422, "field-reserved")),
        ({"budget": 0}, (422, "budget-zero")),
        ({"review_seconds": 0}, (422, "window-out-of-bounds")),
        ({"award_by": CHAIN_TIME}, (422, "window-out-of-bounds")),
        ({"content": "0x" + "7" * 64}, (422, "content-not-uploaded")),
    ],
)
async def test_refuses_terms(market: Market, changed: dict[str, Any], expected: tuple[int, str]) -> None:
    named = {name: getattr(getattr(market, str(value), None), "address", value) for name, value in changed.items()}
    terms = await market.terms(**named)
    assert problem(await market.buyer.post("/tasks", posting(terms, 60))) == expected
    assert execute(
        market.database_url,
        "SELECT count(*) FROM market.tasks WHERE salt = decode(%(s)s, 'hex')",
        {"s": terms.salt[2:]},
    ) == [(0,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("budget", 1.5),
        ("budget", True),
        ("budget", "1e6"),
        ("budget", "01"),
        ("budget", "\uff11"),
        ("budget", str(2**96)),
        ("buyer", "0x" + "ab" * 20),
        ("salt", "0x" + "AB" * 32),
        ("deliverBy", 2**63),
        ("deliverBy", "5"),
        ("reviewSeconds", 2**32),
        ("defaultShareBps", 10_001),
        ("surprise", 1),
    ],
)
async def test_refuses_malformed_terms(market: Market, field: str, value: object) -> None:
    body = posting(await market.terms(), 60)
    body["terms"][field] = value
    assert problem(await market.buyer.post("/tasks", body)) == (422, "request-malformed")


async def test_lists_pages_by_role_state_and_capability(market: Market) -> None:
    expected = [await market.posted(await market.terms()) for _ in range(5)]
    await market.post(await market.terms(), seconds=60)
    await market.posted(await market.terms(), state=5, remaining=0, agent=market.agent.address, agent_id=1)
    seen: list[str] = []
    params: dict[str, Any] = {"state": "open", "limit": 2, "capability": "text.sort"}
    while True:
        page = (await market.stranger.get("/tasks", **params)).json()
        seen += [item["task_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert [task_id for task_id in seen if task_id in expected] == expected[::-1]
    assert len(seen) == len(set(seen))
    done = (await market.agent.get("/tasks", role="agent", state="released")).json()["items"]
    assert [item["escrow"]["state"] for item in done] == ["released"]
    assert (await market.stranger.get("/tasks", role="buyer")).json()["items"] == []
    assert (await market.stranger.get("/tasks", capability="no.such")).json()["items"] == []
    assert problem(await market.stranger.get("/tasks", cursor="x")) == (400, "bad-cursor")
    assert (await market.stranger.get("/tasks", state="none")).status_code == 422
