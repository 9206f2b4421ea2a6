"""Whatever is sent to the verbs of a task, the answer is a problem document of the 4xx kind and nothing is enqueued."""

import json
from typing import Any

import pytest

from app.escrow.rules import State
from tests.integration.api import execute
from tests.integration.market import Market

VERBS = (
    "fund",
    "award",
    "veto",
    "submit",
    "release",
    "claim",
    "cancel",
    "cancel-together",
    "settle",
    "dispute",
    "rule",
    "reviews",
    "bids",
    "evidence",
    "reclaim",
    "rule-by-default",
)
NASTY: tuple[Any, ...] = (
    None,
    True,
    -1,
    0.5,
    2**63,
    2**256,
    1e308,
    "",
    "\0",
    "\ud800",
    "0x",
    "0x" + "g" * 64,
    "0X" + "a" * 64,
    " 1",
    "1_0",
    "\uff11",
    "9" * 5000,
    [],
    {},
    [[[]]],
)
FIELDS = (
    "amount",
    "agent_id",
    "deliverable",
    "to_agent",
    "evidence",
    "digest",
    "share_bps",
    "reasons",
    "stars",
    "comment",
    "bid_digest",
    "price",
    "method",
    "valid_before",
    "deadline",
    "signature",
    "bid",
    "surprise",
)


@pytest.mark.parametrize("verb", VERBS)
async def test_every_verb_refuses_nonsense_with_a_problem(market: Market, verb: str) -> None:
    task_id = await market.posted(await market.terms(), **market.awarded(State.SUBMITTED))
    before = execute(market.database_url, "SELECT count(*) FROM market.intents")
    headers = market.buyer.headers | {"Content-Type": "application/json"}
    bodies = [dict.fromkeys(FIELDS, value) for value in NASTY] + [{"deadline": 1, "signature": "0x00"}, [], 1]
    for body in bodies:
        for path in (verb, f"{verb}/prepare"):
            answer = await market.buyer.wallet.client.post(
                f"/v1/tasks/{task_id}/{path}", content=json.dumps(body), headers=headers
            )
            assert 400 <= answer.status_code < 500, (path, body, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert execute(market.database_url, "SELECT count(*) FROM market.intents") == before


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/0x12",
        "/tasks/%00",
        "/tasks?limit=0",
        "/tasks?limit=9223372036854775808",
        "/tasks?cursor=%00",
        "/tasks?cursor=W10",
        "/tasks?role=owner",
        "/tasks?capability=%00",
        "/payments?cursor=WzFlMzA4LDFd",
        "/payments?cursor=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5LDFd",
        "/owed/0xabc",
        "/agents/9223372036854775808/reviews",
        "/agents/-1/reputation",
        "/escrows/0x" + "G" * 64,
        "/disputes?cursor=e30",
    ],
)
async def test_every_reading_refuses_nonsense_with_a_problem(market: Market, path: str) -> None:
    answer = await market.buyer.get(path)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
