"""`scripts/bench search [--listings N] [--seconds S] [--by WAY]`: 50 searches a second over 100,000 listings, on 2
cores.

Words, capabilities and prices are skewed as in real catalogues (Zipf): the commonest word stands in most listings. The
mix: words alone, misspelt words, words in a capability below a price, one capability by price, facets beside, later
pages. With --by meaning or both, vectors of all are made first. The API is a process of its own; requests leave at
fixed times, whether answers come or not. Floor: the rows of the same pages fetched by their ids with bare asyncpg, one
after the other, in the same run. Goal: p95 below 25 ms.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import psycopg
from sqlalchemy import text

from app.boundary import WorkerRuntime
from app.config import Settings
from app.database import make_engine, make_sessions
from app.search.actions import LEARN, MAKE, NEWCOMER
from app.search.meaning import jobs
from app.search.rules import By
from bench.pace import at_rate
from bench.services import running_services
from devnet.keys import write_token_keys
from devnet.ports import free_port
from devnet.processes import Command, Service

RATE = 50
GOAL_MS = 25.0
WARM_UP = 250
"""Searches before the first that counts, at the same rate: the API opens its connections under load, not one by one."""
STEMS = 4_000
BATCH = 5_000
ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str]) -> int:
    """Prints the quantiles beside their floor."""
    parser = argparse.ArgumentParser(prog="scripts/bench search")
    parser.add_argument("--listings", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--by", choices=[each.value for each in By], default=By.WORDS.value)
    given = parser.parse_args(arguments)
    with running_services() as services:
        words, port = fill(services.database_url, given.listings), free_port()
        env = services.env | {
            "TOKEN_KEYS_FILE": str(write_token_keys(services.folder / "keys")),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "API_PORT": str(port),
            "ANONYMOUS_REQUESTS_PER_SECOND": "100000",
            "SEARCH_BY": given.by,
        }
        if given.by != By.WORDS:
            asyncio.run(give_meaning(env))
            with psycopg.connect(services.database_url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE market.listing_vectors")
        argv, log = [sys.executable, "-m", "app.main"], services.folder / "api.log"
        service = Service(Command("api", argv, env, log, partial(ready, port), cwd=ROOT))
        service.start()
        try:
            asyncio.run(load(services.database_url, port, words, given.seconds))
        finally:
            service.stop()
    return 0


async def give_meaning(env: dict[str, str]) -> None:
    """Fits a model and makes a vector of each listing, as the jobs do."""
    settings = Settings.model_validate({name.lower(): value for name, value in env.items()})
    engine = make_engine(settings.sqlalchemy_url, pool_size=2)
    worker = WorkerRuntime(settings, engine, make_sessions(engine))
    began = time.perf_counter()
    await jobs.model_once(worker)
    fitted = time.perf_counter()
    waiting = True
    while waiting:
        await jobs.vectors_once(worker)
        async with worker.sessions() as session:
            waiting = bool(await session.scalar(text("SELECT EXISTS (SELECT FROM market.meaning_due)")))
    print(f"fitted in {fitted - began:.1f} s, vectors made in {time.perf_counter() - fitted:.1f} s")
    await engine.dispose()


def ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def fill(url: str, count: int) -> list[str]:
    """Listings of as many agents as a tenth of them; the words, commonest first."""
    random = Random(3)  # noqa: S311  # a trial, not a secret
    words = [stem(random) for _ in range(STEMS)]
    odds = [1 / (rank + 1) for rank in range(STEMS)]
    below = [f"{head}.{tail}" for head in words[:20] for tail in words[20:60]]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO chain.agents SELECT n, decode(lpad(to_hex(n), 40, '0'), 'hex'), 'x', NULL, '{}', 1, 1"
            " FROM generate_series(1, %s) AS n",
            (count // 10,),
        )
        connection.execute(STAGE)
        with connection.cursor() as cursor, cursor.copy(COPY) as copy:
            for _ in range(count):
                said = random.choices(words, odds, k=40)
                capability = random.choices(below, odds[: len(below)])[0]
                price = min(10**9, int(random.lognormvariate(15, 1)))
                tags = "{" + ",".join(dict.fromkeys(said[4:7])) + "}"
                agent = random.randint(1, count // 10)
                copy.write_row((agent, capability, " ".join(said[:4]), " ".join(said[7:]), price, tags))
        connection.execute(LIST)
        ids = [row[0] for row in connection.execute("SELECT id::text FROM market.listings").fetchall()]
        for place in range(0, count, BATCH):
            for statement in (MAKE, LEARN):
                sql = statement.text.replace(":newcomer", repr(NEWCOMER)).replace("(:ids ", "(%s ")
                connection.execute(sql.encode(), (ids[place : place + BATCH],))
        connection.execute(RECORDS)
        for table in ("search_rows", "listings", "search_words"):
            connection.execute(f"VACUUM ANALYZE market.{table}".encode())
    return words


COPY = "COPY bench_listings (agent_id, capability, title, description, price, tags) FROM STDIN"
STAGE = """
CREATE TEMP TABLE bench_listings
    (agent_id bigint, capability text, title text, description text, price numeric, tags text[])
"""
RECORDS = """
UPDATE market.search_rows SET weight = 0.3 + 0.7 * (agent_id % 1000) / 1000.0, stars = 100 + agent_id % 401
"""
LIST = """
INSERT INTO market.listings (id, agent_id, capability, title, description, price, unit, tags)
SELECT gen_random_uuid(), agent_id, capability, title, description, price, 'task', tags FROM bench_listings
"""


def stem(random: Random) -> str:
    """A word that can be read aloud, so that misspelling it means something."""
    return "".join(random.choice("bdfgklmnprstvz") + random.choice("aeiou") for _ in range(random.randint(2, 4)))


def misspelt(random: Random, word: str) -> str:
    place = random.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def asked(random: Random, words: Sequence[str]) -> dict[str, Any]:
    """One search of the mix."""
    odds = [1 / (rank + 1) for rank in range(len(words))]
    some = random.choices(words, odds, k=2)
    kind = random.randrange(10)
    if kind < 4:
        return {"q": " ".join(some[: random.randint(1, 2)])}
    if kind == 4:
        return {"q": misspelt(random, some[0])}
    if kind == 5:
        return {"q": some[0], "capability": random.choices(words[:20], odds[:20])[0], "max_price": "5000000"}
    if kind == 6:
        return {"capability": random.choices(words[:20], odds[:20])[0], "sort": "price"}
    if kind == 7:
        return {"q": some[0], "facets": "true"}
    if kind == 8:
        return {"q": some[0], "min_stars": "4", "sort": "rating"}
    return {"q": some[0], "limit": "20", "cursor": "WzQwXQ"}


async def load(url: str, port: int, words: Sequence[str], seconds: int) -> None:
    """Warms up, then asks at a fixed rate; then fetches the same rows bare."""
    random = Random(11)  # noqa: S311  # a trial, not a secret
    times: list[float] = []
    pages: list[list[UUID]] = []
    kinds: dict[str, list[float]] = {}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:

        async def ask(params: dict[str, Any], *, measured: bool) -> None:
            began = time.perf_counter()
            answer = await client.get("/v1/search/listings", params=params)
            took = (time.perf_counter() - began) * 1000
            answer.raise_for_status()
            if measured:
                times.append(took)
                kinds.setdefault(" ".join(sorted(params)), []).append(took)
                pages.append([UUID(item["id"]) for item in answer.json()["items"]])

        for count, measured in ((WARM_UP, False), (RATE * seconds, True)):
            await at_rate(RATE, (ask(asked(random, words), measured=measured) for _ in range(count)))
    floor: list[float] = []
    connection = await asyncpg.connect(url)
    for ids in pages:
        began = time.perf_counter()
        await connection.fetch("SELECT * FROM market.listings WHERE id = ANY($1::uuid[])", ids)
        floor.append((time.perf_counter() - began) * 1000)
    await connection.close()
    full = sum(1 for page in pages if page)
    rows = sum(map(len, pages)) / len(pages)
    print(f"{len(times):,} searches at {RATE}/s, {full / len(pages):.0%} with hits, {rows:.1f} a page")
    print(f"p50 {at(times, 50):.1f} ms, p95 {at(times, 95):.1f} ms (goal {GOAL_MS:.0f}), p99 {at(times, 99):.1f} ms")
    ratio = at(times, 95) / at(floor, 95)
    print(f"floor: p50 {at(floor, 50):.1f} ms, p95 {at(floor, 95):.1f} ms; p95 is {ratio:.1f} times the floor's")
    for kind, found in sorted(kinds.items()):
        print(f"  {kind}: {len(found)}, p50 {at(found, 50):.1f} ms, p95 {at(found, 95):.1f} ms")


def at(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
