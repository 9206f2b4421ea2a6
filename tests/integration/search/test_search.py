"""The search: by words, misspelt ones too, by every filter, in every order, page by page; and what keeps it current."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from app.boundary import WorkerRuntime
from app.config import Settings
from app.search import jobs
from tests.integration.api import Wallet, execute, mirror_agent, mirror_clock, working

LISTINGS: tuple[dict[str, Any], ...] = (
    {"title": "Sorting of lists", "capability": "text.sort", "price": "300", "tags": ["fast"]},
    {"title": "Translation into German", "capability": "text.translate.de", "price": "900", "tags": ["language"]},
    {"title": "Translation into French", "capability": "text.translate.fr", "price": "700", "tags": ["language"]},
    {"title": "Prime numbers", "capability": "math.primes", "description": "sorted primes", "price": None, "tags": []},
    {"title": "Pictures of cats", "capability": "image.draw", "pricing": "per_unit", "unit": "picture", "price": "50"},
)


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[WorkerRuntime]:
    async with working(settings) as runtime:
        yield runtime


@pytest.fixture
async def headers(
    api: httpx.AsyncClient, wallet: Callable[[int], Wallet], worker: WorkerRuntime, database_url: str
) -> dict[str, str]:
    """Of the owner of agents 1 and 2, who list five things."""
    execute(database_url, "DELETE FROM market.listings")
    execute(database_url, "DELETE FROM market.search_words")
    execute(database_url, "DELETE FROM market.agent_heartbeats")
    for table in ("agents", "feedback", "escrows"):
        execute(database_url, f"DELETE FROM chain.{table}")
    owner = wallet(0)
    mirror_agent(database_url, 1, owner.address)
    mirror_agent(database_url, 2, owner.address)
    signed_in = await owner.sign_in()
    for number, listing in enumerate(LISTINGS):
        body = listing | {"agent_id": 1 + number % 2}
        answer = await api.post("/v1/listings", json=body, headers=signed_in)
        assert answer.status_code == 201, answer.text
    await jobs.index_once(worker)
    return signed_in


async def search(api: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await api.get("/v1/search/listings", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def titles(api: httpx.AsyncClient, **params: Any) -> list[str]:
    return [item["title"] for item in (await search(api, **params))["items"]]


@pytest.mark.usefixtures("headers")
async def test_finds_words_in_their_forms_and_ranks_titles_first(api: httpx.AsyncClient) -> None:
    assert await titles(api, q="sort") == ["Sorting of lists", "Prime numbers"]
    assert await titles(api, q="translations french") == ["Translation into French"]
    assert await titles(api, q='"into german"') == ["Translation into German"]
    assert await titles(api, q="sort -prime") == ["Sorting of lists"]
    assert len(await titles(api)) == 5


@pytest.mark.parametrize(
    ("typed", "meant", "first"),
    [
        ("tranlsation german", "translation german", "Translation into German"),
        ("pictres", "pictures", "Pictures of cats"),
        ("sorrting", "sorting", "Sorting of lists"),
    ],
)
@pytest.mark.usefixtures("headers")
async def test_a_misspelt_word_is_corrected_and_said_so(
    api: httpx.AsyncClient, typed: str, meant: str, first: str
) -> None:
    found = await search(api, q=typed)
    assert (found["corrected"], found["matched"]) == (meant, "all")
    assert found["items"][0]["title"] == first


@pytest.mark.usefixtures("headers")
async def test_where_nothing_has_all_words_any_will_do(api: httpx.AsyncClient) -> None:
    found = await search(api, q="german cats")
    assert found["matched"] == "any"
    assert {item["title"] for item in found["items"]} == {"Translation into German", "Pictures of cats"}
    assert (await search(api, q="zzzzqqq"))["items"] == []
    first = await search(api, q="german cats", limit=1)
    second = await search(api, q="german cats", limit=1, cursor=first["next_cursor"])
    assert {each["items"][0]["title"] for each in (first, second)} == {item["title"] for item in found["items"]}
    assert (await search(api, q="sort", cursor="WzQwXQ"))["items"] == []


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"capability": "text"}, 3),
        ({"capability": "text.translate"}, 2),
        ({"capability": "text.trans"}, 0),
        ({"pricing": "per_unit"}, 1),
        ({"pricing": "negotiated"}, 1),
        ({"tag": "Language"}, 2),
        ({"min_price": "300", "max_price": "700"}, 2),
        ({"agent_id": 2}, 2),
        ({"min_stars": 1}, 0),
        ({"min_delivered": 1}, 0),
        ({"min_score": 0}, 0),
        ({"max_delivery_seconds": 10}, 0),
        ({"available": True}, 5),
        ({"alive": True}, 0),
    ],
)
@pytest.mark.usefixtures("headers")
async def test_narrows(api: httpx.AsyncClient, params: dict[str, Any], found: int) -> None:
    assert len(await titles(api, **params)) == found


@pytest.mark.parametrize(
    "params",
    [
        {"min_stars": "nan"},
        {"min_stars": 6},
        {"sort": "luck"},
        {"max_price": "1.5"},
        {"q": ""},
        {"cursor": "WzFd", "sort": "price"},
        {"min_score": 1_000_001},
        {"max_delivery_seconds": -1},
    ],
)
@pytest.mark.usefixtures("headers")
async def test_refuses_what_it_cannot_mean(api: httpx.AsyncClient, params: dict[str, Any]) -> None:
    assert (await api.get("/v1/search/listings", params=params)).status_code in (400, 422)


@pytest.mark.usefixtures("headers")
async def test_words_that_look_like_syntax_are_words(api: httpx.AsyncClient) -> None:
    for q in ("a & | !", "'; --", "((((", '"""', "%_\\", ":*", "sort:*", "\u202e", "x" * 200):
        assert (await api.get("/v1/search/listings", params={"q": q})).status_code == 200, q


@pytest.mark.parametrize(
    ("sort", "expected"), [("price", ["50", "300", "700", "900"]), ("newest", 5), ("relevance", 5)]
)
@pytest.mark.usefixtures("headers")
async def test_every_page_once_in_its_order(api: httpx.AsyncClient, sort: str, expected: Any) -> None:
    seen, cursor = [], None
    while True:
        params = {"sort": sort, "limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = await search(api, **params)
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len({item["id"] for item in seen}) == len(seen)
    if sort == "price":
        assert [item["price"] for item in seen] == expected
    else:
        assert len(seen) == expected
    if sort == "newest":
        assert [item["title"] for item in seen] == [listing["title"] for listing in reversed(LISTINGS)]


@pytest.mark.usefixtures("headers")
async def test_counts_what_there_is(api: httpx.AsyncClient) -> None:
    found = (await search(api, capability="text", facets=True))["facets"]
    assert (found["total"], found["exact"]) == (3, True)
    assert found["tags"] == [{"value": "language", "count": 2}, {"value": "fast", "count": 1}]
    assert found["pricing"] == [{"value": "per_task", "count": 3}]
    assert [each["value"] for each in found["capability"]] == ["text.sort", "text.translate.de", "text.translate.fr"]


async def test_a_change_is_found_and_what_is_hidden_or_gone_is_not(
    api: httpx.AsyncClient, headers: dict[str, str], worker: WorkerRuntime, database_url: str
) -> None:
    ids = {item["title"]: item["id"] for item in (await search(api))["items"]}
    await api.patch(f"/v1/listings/{ids['Sorting of lists']}", json={"title": "Ordering"}, headers=headers)
    await api.patch(f"/v1/listings/{ids['Prime numbers']}", json={"visibility": "unlisted"}, headers=headers)
    await api.delete(f"/v1/listings/{ids['Pictures of cats']}", headers=headers)
    assert "Pictures of cats" not in await titles(api)  # before any job has run
    assert "Prime numbers" not in await titles(api)
    await jobs.index_once(worker)
    assert await titles(api, q="ordering") == ["Ordering"]
    assert await titles(api, q="primes") == []
    execute(database_url, "DELETE FROM chain.agents WHERE agent_id = 2")
    assert await titles(api, agent_id=2) == []


async def test_a_listing_that_no_announcement_made_findable_is_found_by_the_sweep(
    api: httpx.AsyncClient, headers: dict[str, str], worker: WorkerRuntime, database_url: str
) -> None:
    execute(database_url, "DELETE FROM market.search_rows")
    assert await titles(api) == []
    await jobs.records_once(worker)
    assert len(await titles(api)) == 5
    assert headers


async def test_a_final_review_counts_and_orders(
    api: httpx.AsyncClient, headers: dict[str, str], worker: WorkerRuntime, database_url: str
) -> None:
    await jobs.records_once(worker)
    feedback = """
        INSERT INTO chain.feedback (agent_id, client, feedback_index, value, value_decimals, tag1, tag2, endpoint,
            feedback_uri, feedback_hash, revoked, task_id, block_number, tx_hash, last_block)
        VALUES (2, decode(repeat('11', 20), 'hex'), 1, 5, 0, 'guildhall', 'x', '', '', decode(repeat('22', 32), 'hex'),
            false, decode(repeat('33', 32), 'hex'), 93, decode(repeat('44', 32), 'hex'), 93)
    """
    execute(database_url, feedback)
    await jobs.records_once(worker)
    assert await titles(api, min_stars=5) == []
    mirror_clock(database_url, block=110, timestamp=1_800_000_100, finalized=93)
    await jobs.records_once(worker)
    rated = await search(api, min_stars=5, sort="rating")
    assert [(item["agent_id"], item["stars"], item["reviews"]) for item in rated["items"]] == [(2, "5.00", 1)] * 2
    assert (await search(api, q="translation"))["items"][0]["agent_id"] == 2
    posted = await api.post("/v1/listings", json=LISTINGS[0] | {"agent_id": 2}, headers=headers)
    await jobs.index_once(worker)
    assert posted.json()["id"] in [item["id"] for item in (await search(api, min_stars=4.5))["items"]]


async def test_by_score_and_by_pace(
    api: httpx.AsyncClient, headers: dict[str, str], worker: WorkerRuntime, database_url: str
) -> None:
    await jobs.records_once(worker)
    perform = """
        INSERT INTO market.performances (agent_id, capability, awarded, delivered, finished, abandoned, missed, timed,
            median_seconds, p90_seconds)
        VALUES (1, '', 9, 9, 9, 0, 0, 9, 600, 900), (1, 'text.sort', 3, 3, 3, 0, 0, 3, 50, 60),
            (1, 'math.primes', 2, 2, 2, 0, 0, 2, 7, 7), (2, '', 2, 2, 2, 0, 0, 2, 5, 5)
    """
    ended = "INSERT INTO market.reaction_cursors (name, position) VALUES ('analytics.deals', 200)"
    rated = """
        INSERT INTO chain.feedback (agent_id, client, feedback_index, value, value_decimals, tag1, tag2, endpoint,
            feedback_uri, feedback_hash, revoked, task_id, block_number, tx_hash, last_block)
        SELECT agent_id, decode(repeat('11', 20), 'hex'), 9, 5, 0, 'other', 'x', '', '',
            decode(repeat('22', 32), 'hex'), false, NULL, 150, decode(repeat('44', 32), 'hex'), 150 FROM chain.agents
    """
    for statement in (perform, ended, rated):
        execute(database_url, statement)
    await jobs.records_once(worker)
    paced = (await search(api, sort="fastest"))["items"]
    assert [each["delivery_seconds"] for each in paced] == [50, 600, 600]
    assert (paced[0]["capability"], {each["agent_id"] for each in paced}) == ("text.sort", {1})
    assert await titles(api, max_delivery_seconds=599) == ["Sorting of lists"]
    assert await titles(api, sort="best") == []
    judged = """
        INSERT INTO market.judged_agents (agent_id, score, deviation, standings, silence, jobs, formula, until)
        VALUES (1, 400000, 1, '{1}', 1, 1, 'x', 1), (2, 900000, 1, '{1}', 1, 1, 'x', 1)
    """
    snapshot = """
        INSERT INTO market.quality_snapshots (digest, formula, prior)
        VALUES (decode(repeat('55', 32), 'hex'), 'x', 500000)
    """
    for statement in (judged, snapshot):
        execute(database_url, statement)
    await jobs.records_once(worker)
    best = await search(api, sort="best", limit=2)
    more = await search(api, sort="best", limit=3, cursor=best["next_cursor"])
    assert [each["score"] for each in best["items"] + more["items"]] == [900_000] * 2 + [400_000] * 3
    assert len({each["id"] for each in best["items"] + more["items"]}) == 5
    made = "UPDATE market.quality_snapshots SET created_at = clock_timestamp()"
    for moved, shown in ((9_999, 900_000), (1, 910_000)):
        execute(database_url, f"UPDATE market.judged_agents SET score = score + {moved} WHERE agent_id = 2")
        execute(database_url, made)
        await jobs.records_once(worker)
        assert (await search(api, sort="best"))["items"][0]["score"] == shown
    assert {each["agent_id"] for each in (await search(api, min_score=900_000))["items"]} == {2}
    first = await search(api, sort="fastest", limit=1)
    second = await search(api, sort="fastest", limit=2, cursor=first["next_cursor"])
    assert [each["delivery_seconds"] for each in first["items"] + second["items"]] == [50, 600, 600]
    assert (second["next_cursor"], headers != {}) == (None, True)
    execute(database_url, "DELETE FROM market.judged_agents")
    execute(database_url, "DELETE FROM market.performances")


async def test_signs_of_life(
    api: httpx.AsyncClient, headers: dict[str, str], wallet: Callable[[int], Wallet], database_url: str
) -> None:
    async def live() -> object:
        return (await api.get("/v1/agents/1")).json()["live"]

    async def beat(state: str, by: dict[str, str]) -> int:
        return (await api.put("/v1/agents/1/heartbeat", json={"state": state}, headers=by)).status_code

    assert await live() is None
    assert await beat("ready", await wallet(3).sign_in()) == 403
    assert await beat("dancing", headers) == 422
    assert await beat("ready", headers) == 204
    assert (await live(), len(await titles(api, alive=True))) == ("ready", 3)
    assert await beat("ready", headers) == 204
    assert await beat("busy", headers) == 204
    assert (await live(), await titles(api, alive=True)) == ("busy", [])
    said = execute(database_url, "SELECT payload->>'state' FROM market.announcements WHERE topic = 'agent.live'")
    assert said == [("ready",), ("busy",)]
    execute(database_url, "UPDATE market.agent_heartbeats SET seen_at = seen_at - interval '2 min', state = 'ready'")
    assert (await live(), await titles(api, alive=True)) == ("away", [])
