"""What may not be asked for, over real HTTP: refused with a reason, as a problem document, and nothing changes."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from sdk import Client, Terms
from sdk.errors import Forbidden, NotFound, Problem, SdkError
from sdk.network import Network
from sdk.typed_data import TypedData, authorization_message, task_id
from tests.journeys.market import CAPABILITY, FINAL_AFTER_BLOCKS, Market

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
BAD_AMOUNTS: tuple[Any, ...] = (
    1.5, 1e3, True, "1e3", "1_000", " 7 ", "7 ", "+7", "-7", -7, "0x10", "", "007", "\uff17", "1.0", str(2**96), 2**96,
    "9" * 4000, None, [7], {"amount": 7},
)  # fmt: skip
BAD_ADDRESSES = ("lower", "upper", "0x1234", "nobody", "", "0x" + "g" * 40)


async def posting(market: Market, **changed: Any) -> dict[str, Any]:
    """A good request to post a task, with some terms replaced."""
    terms = (await market.post()).to_wire() | {"salt": "0x" + secrets.token_hex(32)}
    return {"terms": {**terms, **changed}, "title": "t", "capability": CAPABILITY, "visibility": "public"}


async def refusal(client: Client, method: str, path: str, **options: Any) -> Problem:
    """The problem document, which always has a type, a status, and a request id."""
    with pytest.raises(Problem) as caught:
        await client.request(method, path, **options)
    problem = caught.value
    assert 400 <= problem.status < 500, problem
    assert problem.type.startswith("urn:guildhall:problem:"), problem.type
    assert problem.request_id
    return problem


async def test_amounts_are_whole_base_units_within_uint96(market: Market) -> None:
    for amount in BAD_AMOUNTS:
        problem = await refusal(market.buyer, "POST", "/v1/tasks", json=await posting(market, budget=amount))
        assert problem.status == 422, (amount, problem)


async def test_addresses_are_checksummed(market: Market) -> None:
    good = market.agent.address
    written = {"lower": good.lower(), "upper": "0x" + good[2:].upper()}
    for bad in BAD_ADDRESSES:
        request = await posting(market, agent=written.get(bad, bad))
        assert (await refusal(market.buyer, "POST", "/v1/tasks", json=request)).status == 422


async def test_numbers_text_and_nesting_never_break_the_service(market: Market) -> None:
    for changed in ({"deliverBy": 2**63}, {"reviewSeconds": 2**63}, {"defaultShareBps": -1}, {"parent": "0x01"}):
        await refusal(market.buyer, "POST", "/v1/tasks", json=await posting(market, **changed))
    request = await posting(market)
    await refusal(market.buyer, "POST", "/v1/tasks", json={**request, "title": "a\0b"})
    await refusal(market.buyer, "POST", "/v1/tasks", json={**request, "surprise": 1})
    headers = {"Content-Type": "application/json"}
    for body in (b"[" * 100_000, b'{"a":' * 5_000, b"\xff\xfe", b"{", b"", b'"' + b"\0" * 10 + b'"'):
        await refusal(market.buyer, "POST", "/v1/tasks", content=body, headers=headers)
    for path in ("/v1/tasks/0x12", "/v1/tasks/%00", "/v1/agents/9223372036854775808", "/v1/agents/-1", "/v1/intents/x"):
        await refusal(market.buyer, "GET", path)
    for query in ({"cursor": "%%%"}, {"limit": "9223372036854775808"}, {"role": "thief"}, {"capability": "\0"}):
        await refusal(market.buyer, "GET", "/v1/tasks", params=query)


async def test_bodies_have_limits(market: Market) -> None:
    """50 MB, said beforehand or found out while streaming, as JSON and as content."""
    big = b"x" * (50 * 1024 * 1024)

    async def streamed() -> Any:
        for start in range(0, len(big), 1 << 20):
            yield big[start : start + (1 << 20)]

    for path in ("/v1/tasks", "/v1/content"):
        for body in (big, streamed()):
            with pytest.raises(SdkError) as caught:
                await market.buyer.request("POST", path, content=body, headers={"Content-Type": "application/json"})
            # A server may close the connection on what it will not read: then there is no document to see.
            if isinstance(caught.value, Problem):
                assert caught.value.status == 413


async def test_25_megabytes_are_stored_and_come_back(market: Market) -> None:
    body = secrets.token_bytes(25 * 1024 * 1024)
    stored = await market.buyer.upload(body, "application/octet-stream")
    assert stored.size == len(body)
    assert await market.buyer.download(stored.digest) == body
    with pytest.raises(NotFound):
        await market.stranger.download(stored.digest)


async def test_funding_signed_wrongly_is_refused_and_changes_nothing(market: Market) -> None:
    network, terms = await market.buyer.network(), await market.post()
    other = await market.post()
    now = (await market.buyer.clock()).chain_time
    right = authorization_message(terms, 0, now + 600, network)
    key, stranger = market.buyer.wallet, market.stranger.wallet
    signatures = {
        "another key": stranger.sign_typed(right),
        "another chain": key.sign_typed(on(terms, replace(network, chain_id=1), now)),
        "another contract": key.sign_typed(on(terms, replace(network, escrow=network.reputation), now)),
        "another token": key.sign_typed(
            on(terms, replace(network, token=replace(network.token, address=network.escrow)), now)
        ),
        "another task": key.sign_typed(authorization_message(other, 0, now + 600, network)),
        "another time": key.sign_typed(authorization_message(terms, 0, now + 601, network)),
        "high s": malleable(key.sign_typed(right)),
        "v of 0": key.sign_typed(right)[:-2] + "00",
        "64 bytes": key.sign_typed(right)[:-2],
        "nothing": "0x",
        "zeros": "0x" + "00" * 65,
    }
    path = f"/v1/tasks/{task_id(terms, network)}/fund"
    for name, signature in signatures.items():
        body = {"method": "authorization", "valid_after": 0, "valid_before": now + 600, "signature": signature}
        problem = await refusal(market.buyer, "POST", path, json=body)
        assert problem.status in (400, 422), (name, problem)
    expired = {"method": "authorization", "valid_after": 0, "valid_before": now - 60}
    signature = key.sign_typed(authorization_message(terms, 0, now - 60, network))
    await refusal(market.buyer, "POST", path, json={**expired, "signature": signature})
    assert (await market.buyer.task(task_id(terms, network))).state == "draft"
    assert await market.buyer.intents(task_id(terms, network)) == []


async def test_a_replayed_signature_is_carried_once(market: Market) -> None:
    network, terms = await market.buyer.network(), await market.post()
    before = (await market.buyer.clock()).chain_time + 600
    signature = market.buyer.wallet.sign_typed(authorization_message(terms, 0, before, network))
    body = {"method": "authorization", "valid_after": 0, "valid_before": before, "signature": signature}
    path = f"/v1/tasks/{task_id(terms, network)}/fund"
    first, second = [(await market.buyer.request("POST", path, json=body)).json()["intent"]["id"] for _ in range(2)]
    assert first == second
    await market.until_state(terms, "awarded")
    assert await market.event_names(terms) == ["TaskFunded"]
    await refusal(market.buyer, "POST", path, json={**body, "valid_before": before + 1})


async def test_another_partys_verb_names_the_rule(market: Market) -> None:
    terms, intent = await market.fund()
    await market.buyer.wait_for_intent(intent)
    await market.until_state(terms, "awarded")
    work = await market.stranger.upload(b"work")
    attempts = [
        (market.stranger, "submit", {"agent_id": market.agent_id, "deliverable": work.digest}),
        (market.stranger, "release", {"amount": "1"}),
        (market.agent, "release", {"amount": "1"}),
        (market.buyer, "claim", {}),
        (market.stranger, "cancel", {}),
        (market.agent, "rule", {"share_bps": 10_000, "reasons": work.digest}),
    ]
    path = f"/v1/tasks/{task_id(terms, await market.buyer.network())}"
    for client, verb, params in attempts:
        problem = await refusal(client, "POST", f"{path}/{verb}/prepare", json=params)
        assert isinstance(problem, Forbidden), (verb, problem)
        assert problem.facts, (verb, problem)
    assert await market.event_names(terms) == ["TaskFunded"]


async def test_a_verb_signed_by_another_key_changes_nothing(market: Market) -> None:
    """The session is the agent's, the signature is not."""
    terms, intent = await market.fund()
    await market.buyer.wait_for_intent(intent)
    await market.until_state(terms, "awarded")
    market.mine(FINAL_AFTER_BLOCKS)
    network = await market.buyer.network()
    path = f"/v1/tasks/{task_id(terms, network)}/submit"
    work = await market.agent.upload(b"work of " + terms.salt.encode())
    params = {"agent_id": market.agent_id, "deliverable": work.digest}
    prepared = (await market.agent.request("POST", f"{path}/prepare", json=params)).json()
    signed_by_stranger = market.stranger.wallet.sign_typed(prepared["typed_data"])
    body = {**prepared["params"], "deadline": prepared["deadline"], "signature": signed_by_stranger}
    assert (await refusal(market.agent, "POST", path, json=body)).name
    own = market.agent.wallet.sign_typed(prepared["typed_data"])
    other_work = await market.agent.upload(b"other work of " + terms.salt.encode())
    await refusal(market.agent, "POST", path, json={**body, "signature": own, "deliverable": other_work.digest})
    assert await market.event_names(terms) == ["TaskFunded"]


async def test_a_private_task_answers_like_an_unknown_one(market: Market) -> None:
    terms = await market.post(visibility="private")
    await market.buyer.wait_for_intent(await market.buyer.fund(terms))
    await market.until_state(terms, "awarded")
    hidden, unknown = task_id(terms, await market.buyer.network()), "0x" + secrets.token_hex(32)
    for suffix in ("", "/bids", "/submissions", "/auction", "/dispute"):
        answers = [await refusal(market.stranger, "GET", f"/v1/tasks/{task}{suffix}") for task in (hidden, unknown)]
        assert len({without_id(answer, task) for answer, task in zip(answers, (hidden, unknown), strict=True)}) == 1
    for verb in ("release/prepare", "claim/prepare", "reclaim"):
        body = {"amount": "1"} if verb.startswith("release") else {}
        answers = [
            await refusal(market.stranger, "POST", f"/v1/tasks/{task}/{verb}", json=body) for task in (hidden, unknown)
        ]
        assert {answer.status for answer in answers} == {404}
        assert len({without_id(answer, task) for answer, task in zip(answers, (hidden, unknown), strict=True)}) == 1


async def test_sign_in_is_refused_without_a_good_nonce(market: Market) -> None:
    for body in ({"message": "hello", "signature": "0x" + "11" * 65}, {"message": "x" * 5000, "signature": "0x"}):
        await refusal(market.buyer, "POST", "/v1/auth/sessions", json={**body, "client_token": "any"})
    for address in (market.buyer.address.lower(), "", "0x", 7, None):
        await refusal(market.buyer, "POST", "/v1/auth/nonce", json={"address": address})


def on(terms: Terms, network: Network, now: int) -> TypedData:
    """The right message for the wrong place."""
    return authorization_message(terms, 0, now + 600, network)


def malleable(signature: str) -> str:
    """The other signature of the same message: s becomes n - s, and v the other one."""
    r, s, v = signature[2:66], int(signature[66:130], 16), int(signature[130:], 16)
    return f"0x{r}{CURVE_ORDER - s:064x}{55 - v:02x}"


def without_id(problem: Problem, task: str) -> str:
    return f"{problem.status} {problem.type} {problem.title} {problem.detail} {problem.facts}".replace(task, "TASK")
