"""`scripts/bench meaning [--record]`: 100 searches in other words than those of the 151 offers that they mean.

The searches and offers (bench/paraphrases) were written before any figure was seen. Each search goes through the API
three times, by words, by meaning (the embedder fitted on these offers) and by both; a right offer's place counts.
recall@k is the share of searches with a right offer among the first k; MRR the mean of 1/place. Beside each is the
difference to words with its 95% interval over searches drawn again (paired bootstrap). The verdict: what has the
highest MRR, if the interval of its difference lies above 0; else words. --record writes it, and a test compares
the setting.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import httpx
import numpy as np
import psycopg

from app.boundary import WorkerRuntime, transaction
from app.config import Settings
from app.database import make_engine, make_sessions
from app.main import create_app
from app.search import actions
from app.search.meaning import jobs
from bench.services import running_services
from devnet.keys import write_token_keys

FOLDER = Path(__file__).parent / "paraphrases"
MEASURED = FOLDER / "measured.json"
BEFORE, DEPTHS, SHOWN = "words", (1, 5, 10), 100
WAYS = (BEFORE, "meaning", "both")
DRAWS = 10_000
NAMES = UUID("6b1f3f0e-5f0c-4d0e-9a53-3a2a0f7d9c11")
AGENTS = "INSERT INTO chain.agents VALUES (1, decode(repeat('11', 20), 'hex'), 'x', NULL, '{}', 1, 1)"
CURSOR = """
INSERT INTO chain.cursors
    (chain_id, block_number, block_hash, block_timestamp, finalized_number, head_number, updated_at)
VALUES (31337, 1, decode(repeat('22', 32), 'hex'), 1800000000, 1, 1, now())
"""
LIST = """
INSERT INTO market.listings (id, agent_id, capability, title, tags, description, price, unit)
VALUES (%s, 1, %s, %s, %s, %s, 1000000, 'task')
"""


@dataclass(frozen=True)
class Offer:
    key: str
    capability: str
    title: str
    tags: list[str]
    description: str

    @property
    def id(self) -> UUID:
        return uuid5(NAMES, self.key)


@dataclass(frozen=True)
class Asked:
    """What a buyer says, and the keys of the offers that are right."""

    words: str
    right: frozenset[str]


def main(arguments: Sequence[str]) -> int:
    """Prints the table and the verdict."""
    parser = argparse.ArgumentParser(prog="scripts/bench meaning")
    parser.add_argument("--record", action="store_true")
    record = parser.parse_args(arguments).record
    with running_services() as services:
        keys = str(write_token_keys(services.folder / "keys"))
        env = {**services.env, "TOKEN_KEYS_FILE": keys, "ANONYMOUS_REQUESTS_PER_SECOND": "100000"}
        settings = Settings.model_validate({name.lower(): value for name, value in env.items()})
        fill(services.database_url, offers())
        places = asyncio.run(searched(settings))
    report = reported(places)
    for line in table(report):
        print(line)
    if record:
        MEASURED.write_text(json.dumps(report, indent=2) + "\n")
    return 0


def offers() -> list[Offer]:
    """The catalogue of the trial."""
    rows = [line.split(" | ") for line in lines("listings.txt")]
    return [Offer(key, capability, title, tags.split(", "), said) for key, capability, title, tags, said in rows]


def searches() -> list[Asked]:
    """What is searched for."""
    rows = [line.split(" | ") for line in lines("queries.txt")]
    return [Asked(words, frozenset(right.split(", "))) for words, right in rows]


def lines(name: str) -> list[str]:
    return [line for line in (FOLDER / name).read_text().splitlines() if not line.startswith("#")]


def fill(url: str, listed: Sequence[Offer]) -> None:
    """Offers of one agent without a record: no weight decides."""
    with psycopg.connect(url) as connection:
        connection.execute(AGENTS)
        connection.execute(CURSOR)
        for each in listed:
            connection.execute(LIST, (each.id, each.capability, each.title, each.tags, each.description))


async def searched(settings: Settings) -> dict[str, list[int | None]]:
    """The place of the first right offer of each search, by each way; None where it is not among the first hundred."""
    engine = make_engine(settings.sqlalchemy_url, pool_size=4)
    worker = WorkerRuntime(settings, engine, make_sessions(engine))
    async with transaction(worker.sessions) as session:
        await actions.index(session, [each.id for each in offers()])
    await jobs.model_once(worker)
    await jobs.vectors_once(worker)
    keys = {str(each.id): each.key for each in offers()}
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            places = {way: [await place_of(client, keys, each, way) for each in searches()] for way in WAYS}
    await engine.dispose()
    return places


async def place_of(client: httpx.AsyncClient, keys: Mapping[str, str], asked: Asked, way: str) -> int | None:
    params = {"q": asked.words, "by": way, "limit": str(SHOWN)}
    answer = await client.get("/v1/search/listings", params=params)
    answer.raise_for_status()
    shown = [keys[item["id"]] for item in answer.json()["items"]]
    return next((place for place, key in enumerate(shown, start=1) if key in asked.right), None)


def reported(places: Mapping[str, Sequence[int | None]]) -> dict[str, object]:
    """Figures of each way, the differences to words with their intervals, and the verdict."""
    ways: dict[str, object] = {}
    gains: dict[str, list[float]] = {}
    for way, found in places.items():
        figures = {f"recall@{depth}": mean(within(found, depth)) for depth in DEPTHS}
        ways[way] = figures | {"mrr": mean(reciprocal(found))}
        gains[way] = interval(reciprocal(found) - reciprocal(places[BEFORE]))
    ways_that_beat = [way for way in places if gains[way][0] > 0]
    best = max(ways_that_beat, key=lambda way: mean(reciprocal(places[way])), default=BEFORE)
    differences = {way: {"mrr": gains[way]} for way in places if way != BEFORE}
    for way, held in differences.items():
        held["recall@10"] = interval(within(places[way], 10) - within(places[BEFORE], 10))
    return {"searches": len(places[BEFORE]), "ways": ways, "to_words_95": differences, "verdict": best}


def within(places: Sequence[int | None], depth: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(place is not None and place <= depth) for place in places])


def reciprocal(places: Sequence[int | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([0.0 if place is None else 1 / place for place in places])


def interval(differences: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    """Where the mean difference lies in 95 of 100 draws of the same searches with repetition."""
    drawn = np.random.default_rng(7).integers(0, len(differences), (DRAWS, len(differences)))
    return [round(float(each), 3) for each in np.quantile(differences[drawn].mean(axis=1), (0.025, 0.975))]


def mean(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return round(float(values.mean()), 3)


def table(report: Mapping[str, object]) -> list[str]:
    ways, differences = report["ways"], report["to_words_95"]
    assert isinstance(ways, dict)
    assert isinstance(differences, dict)
    rows = [f"{report['searches']} searches; differences to words with their 95% intervals"]
    for way, figures in ways.items():
        told = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
        beside = "".join(
            f"; {name} {low:+.3f} to {high:+.3f}" for name, (low, high) in differences.get(way, {}).items()
        )
        rows.append(f"{way}: {told}{beside}")
    return [*rows, f"verdict: {report['verdict']}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
