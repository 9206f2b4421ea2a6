"""The signed verbs: what is enqueued, what is refused with its reason, and that a refusal changes nothing."""

import asyncio
from typing import Any

import pytest

from app.chain import contracts
from app.chain.typed_data import Terms
from app.escrow.rules import State
from devnet.keys import participant_key
from tests.integration.api import Wallet, execute
from tests.integration.market import BUDGET, CHAIN_TIME, Market, problem

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def calldata(market: Market, intent_id: str) -> bytes:
    found = execute(market.database_url, "SELECT calldata FROM market.intents WHERE id = %(id)s", {"id": intent_id})
    return bytes(found[0][0])


def state_of(answer: dict[str, Any]) -> str:
    return str(answer["intent"]["state"])


async def submitted(market: Market) -> tuple[Terms, str]:
    terms = await market.terms()
    return terms, await market.posted(terms, **market.awarded(State.SUBMITTED))


async def test_funds_by_authorization(market: Market) -> None:
    terms = await market.terms()
    task_id = await market.post(terms, seconds=60)
    body = await market.buyer.signed(f"/tasks/{task_id}/fund", {"method": "authorization"})
    assert body["valid_before"] == CHAIN_TIME + 3600
    answer = await market.buyer.post(f"/tasks/{task_id}/fund", body)
    assert answer.status_code == 202, answer.text
    expected = contracts.fund_with_authorization(terms, 0, body["valid_before"], bytes.fromhex(body["signature"][2:]))
    assert calldata(market, answer.json()["intent"]["id"]) == expected
    task = (await market.stranger.get(f"/tasks/{task_id}")).json()
    assert task["state"] == "funding"


async def test_funds_by_allowance(market: Market) -> None:
    terms = await market.terms()
    task_id = await market.post(terms, seconds=60)
    answer = await market.buyer.carry(f"/tasks/{task_id}/fund", {"method": "approve"})
    assert calldata(market, answer["intent"]["id"])[:4] == contracts.fund(terms, b"")[:4]


async def test_a_failed_funding_says_why_and_may_be_tried_again(market: Market) -> None:
    task_id = await market.post(await market.terms(), seconds=60)
    await market.buyer.carry(f"/tasks/{task_id}/fund", {"method": "authorization"})
    busy = await market.buyer.post(f"/tasks/{task_id}/fund/prepare", {"method": "approve"})
    assert problem(busy) == (409, "wrong-task-state")
    market.fail_intents("fund", "ErrorName")
    task = (await market.buyer.get(f"/tasks/{task_id}")).json()
    assert (task["state"], task["reason"]) == ("funding_failed", "ErrorName")
    await market.buyer.carry(f"/tasks/{task_id}/fund", {"method": "approve"})
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["state"] == "funding"


async def test_a_tokens_own_words_are_the_reason(market: Market) -> None:
    task_id = await market.post(await market.terms(), seconds=60)
    await market.buyer.carry(f"/tasks/{task_id}/fund", {"method": "authorization"})
    market.fail_intents("fund", "Error", message="transfer amount exceeds balance")
    task = (await market.buyer.get(f"/tasks/{task_id}")).json()
    assert task["reason"] == "transfer amount exceeds balance"


@pytest.mark.parametrize(
    "body", [{"method": "authorization"}, {"method": "approve"}, {"method": "gift", "deadline": 1}]
)
async def test_a_funding_names_its_end(market: Market, body: dict[str, Any]) -> None:
    task_id = await market.post(await market.terms(), seconds=60)
    answer = await market.buyer.post(f"/tasks/{task_id}/fund", body | {"signature": "0x00"})
    assert problem(answer) == (422, "request-malformed")


async def test_the_agent_submits_what_he_uploaded(market: Market) -> None:
    terms = await market.direct()
    task_id = await market.posted(terms)
    work = await market.agent.upload(b"sorted")
    prepared = await market.agent.prepare(f"/tasks/{task_id}/submit", {"agent_id": 1, "deliverable": work})
    assert prepared["typed_data"]["message"]["since"] == CHAIN_TIME - 10
    assert not await market.buyer.reads(work)
    await market.agent.carry(f"/tasks/{task_id}/submit", {"agent_id": 1, "deliverable": work})
    assert await market.buyer.reads(work)
    assert await market.arbiter.reads(work)
    assert not await market.stranger.reads(work)


@pytest.mark.parametrize(
    ("agent_id", "uploaded", "expected"),
    [
        (2, True, (403, "agent-id-not-controlled")),
        (9, True, (403, "agent-id-not-controlled")),
        (1, False, (422, "content-not-uploaded")),
    ],
)
async def test_refuses_a_submission(market: Market, agent_id: int, uploaded: bool, expected: tuple[int, str]) -> None:
    task_id = await market.posted(await market.direct())
    work = await (market.agent if uploaded else market.rival).upload(b"of another" + bytes([agent_id]))
    body = {"agent_id": agent_id, "deliverable": work}
    assert problem(await market.agent.post(f"/tasks/{task_id}/submit/prepare", body)) == expected


async def test_releases_a_part(market: Market) -> None:
    terms, task_id = await submitted(market)
    body = await market.buyer.signed(f"/tasks/{task_id}/release", {"amount": "200000"})
    answer = (await market.buyer.post(f"/tasks/{task_id}/release", body)).json()
    auth = contracts.pack_auth(body["deadline"], bytes.fromhex(body["signature"][2:]))
    assert calldata(market, answer["intent"]["id"]) == contracts.release(terms, 200_000, auth)


async def test_the_same_request_is_the_same_intent_whatever_became_of_the_task(market: Market) -> None:
    terms, task_id = await submitted(market)
    body = await market.buyer.signed(f"/tasks/{task_id}/release", {"amount": str(BUDGET // 2)})
    first = (await market.buyer.post(f"/tasks/{task_id}/release", body)).json()
    market.mirror(terms, **market.awarded(State.RELEASED, remaining=0, paid=BUDGET // 2))
    again = await market.buyer.post(f"/tasks/{task_id}/release", body)
    assert again.status_code == 202
    assert again.json()["intent"]["id"] == first["intent"]["id"]
    assert len(market.intents("release")) == 1 + len([i for i in market.intents("release") if task_id not in i[1]])


def other_key(market: Market, body: dict[str, Any], typed: dict[str, Any]) -> str:
    return Wallet(participant_key(9), market.buyer.wallet.client).sign_typed(typed)


def other_chain(market: Market, body: dict[str, Any], typed: dict[str, Any]) -> str:
    return market.buyer.wallet.sign_typed(typed | {"domain": typed["domain"] | {"chainId": 1}})


def other_contract(market: Market, body: dict[str, Any], typed: dict[str, Any]) -> str:
    domain = typed["domain"] | {"verifyingContract": market.deployment.token}
    return market.buyer.wallet.sign_typed(typed | {"domain": domain})


def other_task(market: Market, body: dict[str, Any], typed: dict[str, Any]) -> str:
    return market.buyer.wallet.sign_typed(typed | {"message": typed["message"] | {"taskId": "0x" + "8" * 64}})


def other_amount(market: Market, body: dict[str, Any], typed: dict[str, Any]) -> str:
    return market.buyer.wallet.sign_typed(typed | {"message": typed["message"] | {"amount": 2}})


def malleable(market: Market, body: dict[str, Any], typed: dict[str, Any]) -> str:
    raw = bytes.fromhex(body["signature"][2:])
    s = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
    return "0x" + (raw[:32] + s.to_bytes(32, "big") + bytes([55 - raw[64]])).hex()


def shortened(market: Market, body: dict[str, Any], typed: dict[str, Any]) -> str:
    return str(body["signature"])[:-2]


def empty(market: Market, body: dict[str, Any], typed: dict[str, Any]) -> str:
    return "0x"


@pytest.mark.parametrize(
    ("forge", "reason"),
    [
        (other_key, "wrong_signer"),
        (other_chain, "wrong_signer"),
        (other_contract, "wrong_signer"),
        (other_task, "wrong_signer"),
        (other_amount, "wrong_signer"),
        (malleable, "high_s"),
        (shortened, "length_not_65"),
        (empty, "length_not_65"),
    ],
)
async def test_refuses_a_bad_signature_and_changes_nothing(market: Market, forge: Any, reason: str) -> None:
    _, task_id = await submitted(market)
    prepared = await market.buyer.prepare(f"/tasks/{task_id}/release", {"amount": "1"})
    body = {"amount": "1", "deadline": prepared["deadline"]}
    body["signature"] = market.buyer.wallet.sign_typed(prepared["typed_data"])
    before = execute(market.database_url, "SELECT count(*) FROM market.intents")
    answer = await market.buyer.post(
        f"/tasks/{task_id}/release", body | {"signature": forge(market, body, prepared["typed_data"])}
    )
    assert (problem(answer), answer.json()["reason"]) == ((422, "bad-signature"), reason)
    assert execute(market.database_url, "SELECT count(*) FROM market.intents") == before


async def test_refuses_an_expired_deadline(market: Market) -> None:
    _, task_id = await submitted(market)
    body = await market.buyer.signed(f"/tasks/{task_id}/release", {"amount": "1"})
    market.clock(body["deadline"])
    assert problem(await market.buyer.post(f"/tasks/{task_id}/release", body)) == (409, "deadline-passed")


@pytest.mark.parametrize(
    ("verb", "params", "rule"),
    [
        ("release", {"amount": "1"}, "buyer"),
        ("claim", {}, "agent"),
        ("veto", {}, "buyer"),
        ("cancel", {}, "agent or buyer"),
        ("settle", {"to_agent": "1"}, "buyer or agent"),
        ("cancel-together", {}, "buyer or agent"),
        ("dispute", {"evidence": "0x" + "3" * 64}, "buyer or agent"),
        ("rule", {"share_bps": 1, "reasons": "0x" + "0" * 64}, "arbiter"),
        ("submit", {"agent_id": 1, "deliverable": "0x" + "3" * 64}, "agent"),
        ("fund", {"method": "approve"}, "buyer"),
        ("reviews", {"stars": 5}, "buyer or agent"),
    ],
)
async def test_another_partys_verb_is_forbidden_with_the_rule(
    market: Market, verb: str, params: dict[str, Any], rule: str
) -> None:
    _, task_id = await submitted(market)
    answer = await market.stranger.post(f"/tasks/{task_id}/{verb}/prepare", params)
    assert problem(answer) == (403, "not-party")
    assert answer.json()["required"] == rule


async def test_claims_strictly_after_the_review(market: Market) -> None:
    _, task_id = await submitted(market)
    market.clock(CHAIN_TIME + 50)
    early = await market.agent.post(f"/tasks/{task_id}/claim/prepare")
    assert (problem(early), early.json()["opens_after"]) == ((409, "window-not-open"), CHAIN_TIME + 50)
    market.clock(CHAIN_TIME + 51)
    assert state_of(await market.agent.carry(f"/tasks/{task_id}/claim")) == "queued"


async def test_vetoes_within_the_window(market: Market) -> None:
    terms = await market.terms(veto_seconds=20)
    task_id = await market.posted(terms, **market.awarded(State.AWARDED))
    work = await market.agent.upload(b"early")
    early = await market.agent.post(f"/tasks/{task_id}/submit/prepare", {"agent_id": 1, "deliverable": work})
    assert problem(early) == (409, "window-not-open")
    assert state_of(await market.buyer.carry(f"/tasks/{task_id}/veto")) == "queued"


async def test_cancels_with_the_role_of_the_signer(market: Market) -> None:
    terms = await market.direct()
    task_id = await market.posted(terms)
    for person, role in ((market.buyer, contracts.AuthRole.BUYER), (market.agent, contracts.AuthRole.AGENT)):
        body = await person.signed(f"/tasks/{task_id}/cancel")
        answer = (await person.post(f"/tasks/{task_id}/cancel", body)).json()
        auth = contracts.pack_auth(body["deadline"], bytes.fromhex(body["signature"][2:]), role)
        assert calldata(market, answer["intent"]["id"]) == contracts.cancel(terms, auth)


async def test_anybody_reclaims_once_a_deadline_has_passed(market: Market) -> None:
    terms = await market.terms()
    task_id = await market.posted(terms)
    assert problem(await market.stranger.post(f"/tasks/{task_id}/reclaim")) == (409, "window-not-open")
    market.clock(terms.award_by + 1)
    first = (await market.stranger.post(f"/tasks/{task_id}/reclaim")).json()["intent"]
    assert (await market.rival.post(f"/tasks/{task_id}/reclaim")).json()["intent"]["id"] == first["id"]
    market.fail_intents("reclaim", "TooEarly")
    assert (await market.rival.post(f"/tasks/{task_id}/reclaim")).json()["intent"]["id"] != first["id"]


async def test_shows_submissions_and_events_as_the_chain_recorded_them(market: Market) -> None:
    _, task_id = await submitted(market)
    work = "0x" + "5" * 64
    market.event("TaskSubmitted", {"agentId": "1", "deliverable": work}, task_id=task_id, block=91)
    market.event("TaskSubmitted", {"agentId": "1", "deliverable": work}, task_id=task_id, block=93)
    shown = (await market.buyer.get(f"/tasks/{task_id}/submissions")).json()["items"]
    assert [(each["deliverable"], each["finality"]) for each in shown] == [(work, "final"), (work, "pending")]
    events = (await market.buyer.get(f"/escrows/{task_id}/events")).json()["items"]
    assert [event["name"] for event in events] == ["TaskSubmitted", "TaskSubmitted"]
    escrow = (await market.buyer.get(f"/escrows/{task_id}")).json()
    assert (escrow["state"], escrow["remaining"], escrow["finality"]) == ("submitted", str(BUDGET // 2), "final")


async def test_a_pending_escrow_says_so(market: Market) -> None:
    terms = await market.terms()
    task_id = await market.posted(terms, last_block=99)
    assert (await market.buyer.get(f"/tasks/{task_id}")).json()["finality"] == "pending"


async def test_one_request_sent_twice_at_once_is_one_intent(market: Market) -> None:
    _, task_id = await submitted(market)
    body = await market.buyer.signed(f"/tasks/{task_id}/release", {"amount": "1"})
    answers = await asyncio.gather(*(market.buyer.post(f"/tasks/{task_id}/release", body) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["intent"]["id"] for answer in answers}) == 1
