"""The record of an award: whoever holds it comes to the same winner and price, and finds every change."""

import copy
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.auctions import jobs
from app.boundary import WorkerRuntime
from sdk.errors import AuctionRefused
from sdk.network import Network
from sdk.schemas import Task
from sdk.terms import Terms
from sdk.transcripts import check_transcript
from tests.integration.api import execute, working
from tests.integration.auctions.sealed import commit, end, end_bidding
from tests.integration.auctions.test_bids import bid
from tests.integration.market import BUDGET, Market


@dataclass(frozen=True)
class Award:
    """A transcript and what it is checked against."""

    raw: bytes
    terms: Terms
    network: Network
    qualities: bytes | None

    def check(self, change: Callable[[dict[str, Any]], None] | None = None) -> tuple[str, int]:
        """The outcome, of the record as it is or with a change that is written as canonically as the record."""
        said = copy.deepcopy(json.loads(self.raw))
        if change is not None:
            change(said)
        raw = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        outcome = check_transcript(raw, self.terms, self.network, self.qualities)
        assert (outcome.unsigned, outcome.passed_over) == ((), ()) or change is not None
        if outcome.unsigned:
            raise AuctionRefused("signature", str(outcome.unsigned))
        return outcome.winner, outcome.price


@pytest.fixture
async def worker(market: Market) -> AsyncIterator[WorkerRuntime]:
    execute(market.database_url, "DELETE FROM market.reveal_failures")
    async with working(market.settings) as runtime:
        yield runtime


@pytest.fixture
async def award(market: Market, worker: WorkerRuntime) -> Award:
    """Two sealed bids of which one wins at the other's price."""
    plan = {"kind": "sealed_second_score", "duration_seconds": 300, "reveal_seconds": 60}
    task_id = await market.posted(await market.terms(), plan=plan)
    await jobs.catch_up_once(worker)
    await commit(market, market.agent, task_id, 1, 300_000)
    await commit(market, market.rival, task_id, 2, 400_000)
    await end(market, worker, task_id)
    await jobs.sweep_once(worker)
    return await read(market, task_id)


async def read(market: Market, task_id: str) -> Award:
    found = (await market.stranger.get(f"/tasks/{task_id}/auction")).json()
    task = Task.model_validate((await market.stranger.get(f"/tasks/{task_id}")).json())
    raw = (await market.stranger.get(f"/content/{found['transcript']}")).content
    network = Network.from_wire((await market.stranger.get("/network")).json())
    named = found["qualities"]
    qualities = None if named is None else (await market.stranger.get(f"/qualities/{named}")).content
    return Award(raw, task.terms, network, qualities)


def put(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    """Replaces one value of the record."""

    def change(record: dict[str, Any]) -> None:
        place: Any = record
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def drop_second(record: dict[str, Any]) -> None:
    """The auctioneer hides the second bid, so that the winner is paid more."""
    record["bids"] = record["bids"][:1]
    record["price"] = str(BUDGET)


def drop_commit(record: dict[str, Any]) -> None:
    drop_second(record)
    record["commits"] = record["commits"][:1]


def exclude_best(record: dict[str, Any]) -> None:
    """The auctioneer says that the best bid cannot win, which the record shows as passed over."""
    record["bids"][0]["awardable"] = False
    record["winner"], record["price"] = record["bids"][1]["digest"], str(BUDGET)


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another price": (put("price", value="400001"), "price"),
    "another winner": (put("winner", value="0x" + "12" * 32), "winner"),
    "another value": (put("value", value="3000000"), "value"),
    "a seed that was chosen later": (put("seed", value="0x" + "12" * 32), "seed"),
    "another budget": (put("opening", "budget", value="1"), "budget"),
    "another round": (put("round", value=1), "auction_id"),
    "another task": (put("task_id", value="0x" + "12" * 32), "task_id"),
    "a better quality": (put("bids", 1, "quality", value=900_000), "quality"),
    "a bid that was changed": (put("bids", 1, "bid", "minPrice", value="1"), "bid"),
    "a signature of nobody": (put("bids", 1, "signature", value="0x" + "11" * 65), "signature"),
    "a commitment that was left out": (drop_commit, "commit_root"),
    "a commitment by another agent": (put("commits", 0, "agent_id", value=9), "commit_root"),
    "a commitment never revealed": (put("commits", 0, "revealed", value=False), "commitment"),
    "an unknown version": (put("version", value=1), "version"),
}


async def test_the_record_yields_the_award(award: Award) -> None:
    assert award.check() == (json.loads(award.raw)["winner"], 400_000)


@pytest.mark.parametrize("name", list(CHANGES))
async def test_a_change_is_found(award: Award, name: str) -> None:
    change, rule = CHANGES[name]
    with pytest.raises(AuctionRefused) as refused:
        award.check(change)
    assert refused.value.rule == rule


async def test_a_revealed_bid_that_is_hidden_is_found(award: Award) -> None:
    with pytest.raises(AuctionRefused) as refused:
        award.check(drop_second)
    assert refused.value.rule == "bids"


async def test_a_bid_that_was_passed_over_is_named(award: Award) -> None:
    record = json.loads(award.raw)
    exclude_best(record)
    raw = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    outcome = check_transcript(raw, award.terms, award.network, award.qualities)
    assert outcome.passed_over == (record["bids"][0]["digest"],)


async def test_other_bytes_and_other_qualities_are_refused(award: Award) -> None:
    for raw, qualities, rule in (
        (award.raw + b" ", award.qualities, "form"),
        (award.raw, b"{}", "qualities"),
        (award.raw, None, "qualities"),
    ):
        with pytest.raises(AuctionRefused) as refused:
            check_transcript(raw, award.terms, award.network, qualities)
        assert refused.value.rule == rule


@pytest.mark.parametrize(
    ("plan", "price"),
    [
        ({"kind": "open_descending", "duration_seconds": 60, "extension_seconds": 5}, 300_000),
        ({"kind": "dutch", "duration_seconds": 86_400, "start_price": "500000"}, None),
    ],
)
async def test_open_kinds_have_their_record_too(
    market: Market, worker: WorkerRuntime, plan: dict[str, Any], price: int | None
) -> None:
    terms = await market.terms(award_by=1_800_200_000, deliver_by=1_800_300_000)
    task_id = await market.posted(terms, plan=plan)
    await jobs.catch_up_once(worker)
    placed = await bid(market.agent, task_id, 1, 300_000, valid_until=1_800_250_000)
    if price is not None:
        end_bidding(market, task_id)
    await jobs.sweep_once(worker)
    winner, paid = (await read(market, task_id)).check()
    assert winner == placed["bid_digest"]
    assert paid == (price or int(placed["accepted_price"]))
