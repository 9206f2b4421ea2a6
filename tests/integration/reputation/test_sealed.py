"""What is sealed is nowhere to be read: no route, announcement, log or other table tells of it before its time."""

import hashlib
import logging
import re
from dataclasses import dataclass
from typing import Any

import pytest

from app.boundary import WorkerRuntime
from app.reputation import jobs as scores
from app.reputation.reviews.jobs import sweep_once
from tests.integration.api import execute
from tests.integration.market import Market, Person
from tests.integration.reputation.reviewing import feedback, let_end, released, shown

pytestmark = pytest.mark.usefixtures("fresh")

COMMENTS = {"buyer": "Nezahualcoyotl was slow", "agent": "Tlacaelel paid late"}
HELD = "market.sealed_reviews"
VOLATILE = re.compile(r'\d{4}-\d\d-\d\dT[^"]+|"request_id": ?"[^"]+"')
"""Times of the database, and ids of requests."""


@dataclass(frozen=True)
class Held:
    """Two sealed reviews: the buyer's of one task, the agent's of another, with what would give them away."""

    of_buyer: str
    of_agent: str
    secrets: tuple[str, ...]


async def seal(market: Market, of_buyer: str, of_agent: str, *, stars: int = 1, suffix: str = "") -> Held:
    """Both, or their replacements."""
    secrets: list[str] = []
    for side, person, task_id in (("buyer", market.buyer, of_buyer), ("agent", market.agent, of_agent)):
        opinion = {"stars": stars, "comment": COMMENTS[side] + suffix}
        body = await person.signed(f"/tasks/{task_id}/reviews", opinion)
        answer = await person.post(f"/tasks/{task_id}/reviews", body)
        assert answer.json()["state"] == "sealed", answer.text
        digest = hashlib.sha256(str(opinion["comment"]).encode()).hexdigest()
        secrets += [str(opinion["comment"]), digest, body["signature"][2:]]
    return Held(of_buyer, of_agent, tuple(secrets))


def filled(path: str, market: Market, task_id: str, digest: str) -> str:
    """A path with everything that a curious reader knows, the digest of the words that he guesses too."""
    known = {"task_id": task_id, "agent_id": "1", "address": market.buyer.address, "digest": f"0x{digest}"}
    return re.sub(r"\{(\w+)\}", lambda name: known.get(name[1], "1"), path)


async def reads(market: Market, reader: Person | None, held: Held) -> dict[str, str]:
    """What every GET route answers to a reader, by path; None is nobody."""
    client = market.buyer.wallet.client
    paths = (await client.get("/openapi.json")).json()["paths"]
    gets = sorted(path for path, methods in paths.items() if "get" in methods)
    assert len(gets) > 40
    headers = {} if reader is None else reader.headers
    answers: dict[str, str] = {}
    for path in gets:
        for task_id in (held.of_buyer, held.of_agent):
            target = filled(path, market, task_id, held.secrets[1])
            params = {"limit": "100"} if path.endswith("s") and "{" not in path else None
            answer = await client.get(target, params=params, headers=headers)
            assert answer.status_code < 500, target
            answers[target] = f"{answer.status_code} {answer.text}"
    return answers


def everything_else(market: Market) -> str:
    """Every row of every table but the sealed ones', as text."""
    names = execute(
        market.database_url,
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables "
        "WHERE table_schema IN ('market', 'chain') AND table_type = 'BASE TABLE'",
    )
    tables = [name for (name,) in names if name != HELD]
    assert len(tables) == len(names) - 1
    rows = (execute(market.database_url, f"SELECT t::text FROM {name} AS t") for name in tables)
    return "\n".join(str(row[0]) for table in rows for row in table)


def readers(market: Market) -> dict[str, Person | None]:
    """Both parties, who are told nothing of their own either, and outsiders."""
    return {"agent": market.agent, "buyer": market.buyer, "stranger": market.stranger, "nobody": None}


async def test_no_reader_finds_what_is_sealed(
    market: Market,
    worker: WorkerRuntime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    held = await seal(market, await released(market), await released(market))
    await sweep_once(worker)
    for name, reader in readers(market).items():
        for path, answer in (await reads(market, reader, held)).items():
            for secret in held.secrets:
                said = answer.replace(path.removeprefix("/v1"), "")  # his own guess may be repeated to him
                assert secret not in said, (name, path, secret)
    elsewhere = everything_else(market)
    for secret in held.secrets:
        assert secret not in elsewhere
        assert secret not in caplog.text
    for task_id in (held.of_buyer, held.of_agent):
        let_end(market, task_id)
    assert await sweep_once(worker) == 2
    assert await shown(market, held.of_buyer) == {"buyer": (1, COMMENTS["buyer"])}
    assert await shown(market, held.of_agent) == {"agent": (1, COMMENTS["agent"])}
    of_agent = (await market.stranger.get("/agents/1/reviews")).text
    of_buyer = (await market.stranger.get(f"/buyers/{market.buyer.address}/reviews")).text
    feed = (await market.stranger.get("/announcements", limit=500, subject=f"task:{held.of_agent}")).text
    assert (COMMENTS["buyer"] in of_agent, COMMENTS["agent"] in of_buyer) == (True, True)
    assert held.secrets[4] in feed
    assert all(secret in everything_else(market) for secret in held.secrets)


async def test_no_answer_depends_on_what_is_sealed(market: Market, worker: WorkerRuntime) -> None:
    """The same questions before anything is sealed, with one star and with five: the same answers, stars or none."""
    of_buyer, of_agent = await released(market), await released(market)
    await sweep_once(worker)
    nothing = Held(of_buyer, of_agent, ("", hashlib.sha256(b"").hexdigest()))
    people = {"stranger": market.stranger, "nobody": None}

    async def answers() -> dict[str, dict[str, str]]:
        return {
            name: {path: VOLATILE.sub("·", answer) for path, answer in (await reads(market, reader, nothing)).items()}
            for name, reader in people.items()
        }

    seen = [await answers()]
    for stars in (1, 5):
        await seal(market, of_buyer, of_agent, stars=stars, suffix=f" {stars}")
        seen.append(await answers())
    for later in seen[1:]:
        changed = {
            (name, path): (answer, later[name][path])
            for name, answers_of in seen[0].items()
            for path, answer in answers_of.items()
            if answer != later[name][path]
        }
        assert changed == {}


async def test_the_other_party_is_not_told_that_there_is_one(market: Market) -> None:
    task_id = await released(market)
    await seal(market, task_id, await released(market))
    theirs = (await market.agent.get(f"/tasks/{task_id}/reviews")).json()
    mine = (await market.buyer.get(f"/tasks/{task_id}/reviews")).json()
    assert (theirs["items"], theirs["yours_is_sealed"], mine["yours_is_sealed"]) == ([], False, True)


async def test_the_trail_keeps_nothing_that_can_be_guessed(market: Market) -> None:
    """Stars and words are few: what hashes them must hash the signature too."""
    task_id = await released(market)
    before = execute(market.database_url, "SELECT coalesce(max(id), 0) FROM market.trail_entries")[0][0]
    await seal(market, task_id, await released(market))
    rows = execute(
        market.database_url,
        "SELECT path, encode(request_digest, 'hex'), encode(answer_digest, 'hex') FROM market.trail_entries "
        "WHERE id > %(id)s AND path LIKE '%%/reviews%%'",
        {"id": before},
    )
    assert [row[0].endswith("/reviews") for row in rows] == [True, True]
    answers = set()
    for stars in range(1, 6):
        await seal(market, task_id, await released(market), stars=stars)
        newest = "SELECT encode(answer_digest, 'hex') FROM market.trail_entries WHERE path = %(path)s"
        found = execute(market.database_url, newest, {"path": f"/v1/tasks/{task_id}/reviews"})
        answers |= {row[0] for row in found}
    assert len(answers) == 1


async def test_a_sealed_review_does_not_enter_a_score(market: Market, worker: WorkerRuntime) -> None:
    for table in ("market.judged_jobs", "market.judged_agents"):
        execute(market.database_url, f"DELETE FROM {table}")
    task_id = await released(market)

    async def jobs_of() -> Any:
        execute(market.database_url, "DELETE FROM market.reaction_cursors WHERE name LIKE 'reputation.%'")
        await scores.judge_once(worker)
        found = (await market.stranger.get("/agents/1/reputation")).json()
        return found["score"]["jobs"], found["reviews"]

    await seal(market, task_id, await released(market), stars=5)
    assert await jobs_of() == (0, 0)
    let_end(market, task_id)
    await sweep_once(worker)
    assert await jobs_of() == (0, 0)  # published, and not on the chain yet
    feedback(market, task_id, 5, COMMENTS["buyer"])
    assert await jobs_of() == (1, 1)
