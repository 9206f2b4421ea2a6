"""The search by meaning on a real database: fitted, filtered, paged, kept up to date, and by words where it cannot."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from app.boundary import WorkerRuntime
from app.config import Settings
from app.search import jobs
from app.search.meaning import jobs as meaning_jobs
from tests.integration.api import Wallet, execute, mirror_agent, running_api, working
from tests.integration.search.embedding_server import EmbeddingServer, embedding_server

SUBJECTS: dict[str, tuple[str, ...]] = {
    "car.repair": (
        "Car motor repair",
        "Automobile motor repair",
        "Automobile gearbox overhaul",
        "Motor and gearbox inspection",
        "Automobile bodywork",
        "Car bodywork and paint",
    ),
    "food.bake": (
        "Bread from the oven",
        "Cakes from the oven",
        "Pastry and cakes",
        "Flour and bread",
        "Sugar pastry",
        "Rolls and bread",
    ),
    "legal.court": (
        "Lawyer for the court",
        "Contracts by a lawyer",
        "Judgment and appeal",
        "Court judgment",
        "Appeal by a lawyer",
        "Contracts before court",
    ),
    "music.play": ("Piano concert", "Violin concert", "Piano and violin", "Guitar songs", "Songs with guitar"),
}
TITLES = [title for titles in SUBJECTS.values() for title in titles]


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[WorkerRuntime]:
    async with working(settings) as runtime:
        yield runtime


@pytest.fixture
async def headers(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], worker: WorkerRuntime, database_url: str
) -> dict[str, str]:
    """Of the owner of agent 1, who lists what SUBJECTS says, each a unit dearer than the one before."""
    execute(database_url, "SELECT market.prepare_meaning()")
    for table in ("market.listings", "market.search_words", "market.meaning_models", "chain.agents"):
        execute(database_url, f"DELETE FROM {table}")
    for (name,) in execute(database_url, "SELECT indexname FROM pg_indexes WHERE indexname LIKE '%vectors_model%'"):
        execute(database_url, f"DROP INDEX market.{name}")
    owner = wallet(0)
    mirror_agent(database_url, 1, owner.address)
    signed_in = await owner.sign_in()
    for capability, titles in SUBJECTS.items():
        for title in titles:
            price = str(100 + TITLES.index(title))
            body = {"agent_id": 1, "capability": capability, "title": title, "price": price}
            answer = await api.post("/v1/listings", json=body, headers=signed_in)
            assert answer.status_code == 201, answer.text
    await jobs.index_once(worker)
    return signed_in


@pytest.fixture
async def fitted(headers: dict[str, str], worker: WorkerRuntime) -> dict[str, str]:
    """As `headers`, with a model and all vectors."""
    await meaning_jobs.model_once(worker)
    await meaning_jobs.vectors_once(worker)
    return headers


async def search(api: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await api.get("/v1/search/listings", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def titles(found: dict[str, Any]) -> list[str]:
    return [item["title"] for item in found["items"]]


def count(database_url: str, table: str) -> int:
    return int(execute(database_url, f"SELECT count(*) FROM market.{table}")[0][0])


@pytest.mark.usefixtures("fitted")
async def test_finds_what_does_not_say_the_word(api: httpx.AsyncClient) -> None:
    found = await search(api, q="car", by="meaning")
    assert (found["by"], found["fell_back"], found["matched"]) == ("meaning", None, "meaning")
    assert "Automobile motor repair" in titles(found)
    listed = await search(api, q="auto gearbox", by="meaning", capability="car")
    assert titles(listed)[0] == "Automobile gearbox overhaul"


@pytest.mark.usefixtures("fitted")
async def test_both_shows_what_says_it_first(api: httpx.AsyncClient) -> None:
    found = await search(api, q="piano", by="both")
    assert (found["by"], found["matched"]) == ("both", "all")
    assert set(titles(found)[:2]) == {"Piano concert", "Piano and violin"}
    near = titles(await search(api, q="oven bread", by="both"))
    said = titles(await search(api, q="oven bread"))
    assert (near[0], said) == ("Bread from the oven", ["Bread from the oven"])
    assert len(near) > len(said)


@pytest.mark.parametrize("by", ["meaning", "both"])
@pytest.mark.parametrize(
    "params",
    [{"capability": "legal"}, {"agent_id": 2}, {"tag": "none"}, {"alive": True}, {"min_stars": 1}, {"max_price": "9"}],
)
@pytest.mark.usefixtures("fitted")
async def test_nothing_is_found_beside_the_filters(api: httpx.AsyncClient, by: str, params: dict[str, Any]) -> None:
    found = titles(await search(api, q="motor", by=by, **params))
    assert set(found) <= (set(SUBJECTS["legal.court"]) if "capability" in params else set())


@pytest.mark.parametrize("by", ["meaning", "both"])
@pytest.mark.usefixtures("fitted")
async def test_filters_narrow_what_is_near(api: httpx.AsyncClient, by: str) -> None:
    cheap = await search(api, q="motor", by=by, max_price="101")
    assert set(titles(cheap)) == {"Car motor repair", "Automobile motor repair"}


@pytest.mark.parametrize("by", ["meaning", "both"])
@pytest.mark.parametrize(
    ("q", "out", "kept"),
    [
        ("motor -automobile", "Automobile", "Motor and gearbox inspection"),
        ('motor -"motor repair"', "motor repair", "Motor and gearbox inspection"),
    ],
)
@pytest.mark.usefixtures("fitted")
async def test_exclusions_hold(api: httpx.AsyncClient, by: str, q: str, out: str, kept: str) -> None:
    found = titles(await search(api, q=q, by=by))
    assert kept in found
    assert not [title for title in found if out in title]


@pytest.mark.parametrize("by", ["meaning", "both"])
@pytest.mark.usefixtures("fitted")
async def test_every_page_once(api: httpx.AsyncClient, by: str) -> None:
    whole = titles(await search(api, q="oven bread", by=by, limit=100))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await search(api, q="oven bread", by=by, limit=2, **cursor)
        seen += titles(page)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == whole
    assert len(set(seen)) == len(seen) > 3
    past = await search(api, q="oven bread", by=by, cursor="Wzk5OTk5OV0")
    assert past["items"] == []


@pytest.mark.usefixtures("fitted")
async def test_facets_count_what_was_found(api: httpx.AsyncClient) -> None:
    found = await search(api, q="piano", by="both", facets=True, limit=100)
    assert found["facets"]["total"] == len(found["items"])
    assert found["facets"]["capability"][0]["value"] == "music.play"


@pytest.mark.usefixtures("headers")
async def test_without_vectors_it_goes_by_words_and_says_so(api: httpx.AsyncClient) -> None:
    found = await search(api, q="piano", by="meaning")
    assert (found["by"], found["fell_back"]) == ("words", "no_vectors")
    assert set(titles(found)) == {"Piano concert", "Piano and violin"}


@pytest.mark.usefixtures("fitted")
async def test_words_that_nobody_says_and_other_orders_go_by_words(api: httpx.AsyncClient) -> None:
    unknown = await search(api, q="zzqqx", by="meaning")
    assert (unknown["by"], unknown["fell_back"], unknown["items"]) == ("words", "unknown_words", [])
    ordered = await search(api, q="piano", by="both", sort="price")
    assert (ordered["by"], ordered["fell_back"]) == ("words", "sorted")
    assert titles(ordered) == ["Piano concert", "Piano and violin"]
    assert (await search(api, q="piano", sort="price"))["fell_back"] is None
    assert (await search(api, by="meaning"))["fell_back"] is None
    assert (await search(api, q="-piano", by="meaning"))["by"] == "words"


@pytest.mark.usefixtures("fitted")
async def test_refuses_other_ways(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/search/listings", params={"q": "x", "by": "stars"})).status_code == 422


async def test_without_the_extension_all_else_works(
    api: httpx.AsyncClient, headers: dict[str, str], worker: WorkerRuntime, database_url: str
) -> None:
    execute(database_url, "DROP TABLE market.listing_vectors")
    await meaning_jobs.model_once(worker)
    await meaning_jobs.vectors_once(worker)
    body = {"agent_id": 1, "capability": "music.play", "title": "Trumpet", "price": "1"}
    assert (await api.post("/v1/listings", json=body, headers=headers)).status_code == 201
    await jobs.index_once(worker)
    found = await search(api, q="trumpet", by="both")
    assert (titles(found), found["by"], found["fell_back"]) == (["Trumpet"], "words", "no_vectors")
    assert execute(database_url, "SELECT market.prepare_meaning()") == [(True,)]
    await meaning_jobs.model_once(worker)
    await meaning_jobs.vectors_once(worker)
    assert (await search(api, q="trumpet", by="meaning"))["by"] == "meaning"


def test_who_may_not_make_the_extension_is_told_no_and_nothing_breaks(database_url: str) -> None:
    execute(database_url, "DROP TABLE IF EXISTS market.listing_vectors")
    execute(database_url, "DROP EXTENSION vector")
    with psycopg.connect(database_url) as connection:
        connection.execute("GRANT EXECUTE ON FUNCTION market.prepare_meaning TO guildhall_app")
        connection.execute("SET LOCAL ROLE guildhall_app")
        assert connection.execute("SELECT market.prepare_meaning()").fetchone() == (False,)
        connection.rollback()
    assert execute(database_url, "SELECT to_regclass('market.listing_vectors')") == [(None,)]
    assert execute(database_url, "SELECT market.prepare_meaning()") == [(True,)]
    assert execute(database_url, "SELECT market.prepare_meaning()") == [(True,)]


async def test_a_changed_listing_gets_another_vector_and_a_hidden_one_none(
    api: httpx.AsyncClient, fitted: dict[str, str], worker: WorkerRuntime, database_url: str
) -> None:
    ids = {item["title"]: item["id"] for item in (await search(api, limit=100))["items"]}
    vectors = "SELECT embedding::text FROM market.listing_vectors WHERE listing_id = %(id)s"
    moved, hidden = ids["Guitar songs"], ids["Sugar pastry"]
    before = execute(database_url, vectors, {"id": moved})
    await api.patch(f"/v1/listings/{moved}", json={"title": "Gearbox"}, headers=fitted)
    await api.patch(f"/v1/listings/{hidden}", json={"visibility": "private"}, headers=fitted)
    assert "Sugar pastry" not in titles(await search(api, q="pastry", by="meaning"))  # before any job has run
    await jobs.index_once(worker)
    assert count(database_url, "meaning_due") > 0
    await meaning_jobs.vectors_once(worker)
    assert (count(database_url, "meaning_due"), count(database_url, "listing_vectors")) == (0, len(TITLES) - 1)
    assert "Gearbox" in titles(await search(api, q="gearbox", by="meaning"))
    assert execute(database_url, vectors, {"id": moved}) != before
    assert execute(database_url, vectors, {"id": hidden}) == []


@pytest.mark.usefixtures("fitted")
async def test_the_sweep_finds_what_has_no_vector(worker: WorkerRuntime, database_url: str) -> None:
    execute(database_url, "DELETE FROM market.listing_vectors")
    await meaning_jobs.vectors_once(worker)
    assert count(database_url, "listing_vectors") == 0
    await meaning_jobs.model_once(worker)
    await meaning_jobs.vectors_once(worker)
    assert count(database_url, "listing_vectors") == len(TITLES)


async def test_is_fitted_anew_when_a_tenth_has_changed_and_the_old_model_serves_until_then(
    api: httpx.AsyncClient, fitted: dict[str, str], worker: WorkerRuntime, database_url: str
) -> None:
    def models() -> list[Any]:
        return execute(database_url, "SELECT name, ready_at IS NOT NULL FROM market.meaning_models ORDER BY id")

    first = models()
    assert [ready for _, ready in first] == [True]
    await meaning_jobs.model_once(worker)
    assert models() == first
    for number in range(3):
        body = {"agent_id": 1, "capability": "plumbing", "title": f"Pipes and taps {number}", "price": "1"}
        assert (await api.post("/v1/listings", json=body, headers=fitted)).status_code == 201
    await jobs.index_once(worker)
    await meaning_jobs.model_once(worker)
    assert [ready for _, ready in models()] == [True, False]
    assert (await search(api, q="piano", by="meaning"))["by"] == "meaning"
    await meaning_jobs.vectors_once(worker)
    assert [ready for _, ready in models()] == [True, True]
    assert titles(await search(api, q="water pipe", by="meaning"))[0].startswith("Pipes")
    await meaning_jobs.model_once(worker)
    assert len(models()) == 1
    assert models()[0][0] != first[0][0]
    indexes = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'listing_vectors_model_%'"
    assert execute(database_url, indexes) == [(1,)]


async def test_few_listings_fit_nothing(
    api: httpx.AsyncClient, headers: dict[str, str], worker: WorkerRuntime, database_url: str
) -> None:
    execute(database_url, "DELETE FROM market.listings WHERE capability <> 'music.play'")
    await meaning_jobs.model_once(worker)
    assert count(database_url, "meaning_models") == 0
    assert headers


def external(settings: Settings, server: EmbeddingServer) -> Settings:
    named = {
        "embedder_url": server.url,
        "embedder_model": "letters-1",
        "embedder_dimensions": 3,
        "embedder_token": SecretStr("sesame"),
        "embedder_timeout_seconds": 0.5,
        "embedder_tries": 1,
    }
    return settings.model_copy(update=named)


@pytest.mark.usefixtures("fitted")
async def test_an_external_embedder_takes_the_place_of_the_fitted_one(settings: Settings, database_url: str) -> None:
    with embedding_server() as server:
        changed = external(settings, server)
        async with running_api(changed) as api, working(changed) as worker:
            assert (await search(api, q="ooooooo", by="meaning"))["fell_back"] == "no_vectors"
            await meaning_jobs.model_once(worker)
            await meaning_jobs.vectors_once(worker)
            found = await search(api, q="ooooooo", by="meaning")
            assert found["by"] == "meaning"
            letters = {title: title.lower().count("o") / (1 + title.lower().count("a")) for title in TITLES}
            assert letters[titles(found)[0]] >= 1 > min(letters.values())
            sent = [text for each in server.requests for text in each["input"]]
            assert len(sent) == len(TITLES) + 1
            await meaning_jobs.model_once(worker)
            names = execute(database_url, "SELECT name FROM market.meaning_models")
            assert names == [("external:letters-1:3",)]


@pytest.mark.parametrize("broken", ["status", "dimensions", "nan", "late"])
@pytest.mark.usefixtures("headers")
async def test_a_failing_embedder_breaks_no_search(settings: Settings, database_url: str, broken: str) -> None:
    with embedding_server() as server:
        changed = external(settings, server)
        async with running_api(changed) as api, working(changed) as worker:
            await meaning_jobs.model_once(worker)
            await meaning_jobs.vectors_once(worker)
            server.statuses = [500] * 99 if broken == "status" else []
            server.pause_seconds = 1.0 if broken == "late" else 0.0
            if broken in ("dimensions", "nan"):
                wrong = [1.0, 2.0] if broken == "dimensions" else [1.0, 2.0, float("nan")]
                server.vectors = lambda texts: [wrong for _ in texts]
            found = await search(api, q="piano", by="both")
            assert (found["by"], found["fell_back"]) == ("words", "embedder_unavailable")
            assert set(titles(found)) == {"Piano concert", "Piano and violin"}
            asked = len(server.requests)
            assert (await search(api, q="piano", by="both"))["fell_back"] == "embedder_unavailable"
            assert len(server.requests) == asked
            execute(database_url, "DELETE FROM market.listing_vectors")
            await meaning_jobs.model_once(worker)
            await meaning_jobs.vectors_once(worker)
            assert (count(database_url, "listing_vectors"), count(database_url, "meaning_due")) == (0, len(TITLES))
            server.pause_seconds = 0.0
