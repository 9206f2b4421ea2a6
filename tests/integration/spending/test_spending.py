"""A buyer's own limits bind what the platform carries for him, and a human says yes above them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.boundary import transaction
from app.database import make_engine, make_sessions
from tests.integration.api import execute
from tests.integration.market import BUDGET, Market, Person

FUND = {"method": "authorization"}


@pytest.fixture(autouse=True)
def _no_policy(database_url: str) -> None:
    """Each test sets its own."""
    for table in ("spends", "approval_acts", "approvals", "approvers", "spend_policies"):
        execute(database_url, f"DELETE FROM market.{table}")


async def put(person: Person, **policy: Any) -> dict[str, Any]:
    answer = await person.wallet.client.put("/v1/spending/policy", json=policy, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def direct(market: Market, **about: Any) -> str:
    return str(await market.post(await market.direct(), **about))


async def ask(market: Market, task_id: str, amount: int = BUDGET) -> str:
    answer = await market.buyer.post("/approvals", {"task_id": task_id, "amount": str(amount)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def refused(answer: httpx.Response, kind: str, status: int, **facts: Any) -> None:
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:guildhall:problem:{kind}"), answer.text
    assert {name: answer.json()[name] for name in facts} == facts


async def test_without_a_policy_nothing_is_limited(market: Market) -> None:
    assert (await market.buyer.get("/spending/policy")).status_code == 404
    await market.buyer.carry(f"/tasks/{await direct(market)}/fund", FUND)


@pytest.mark.parametrize(
    ("policy", "rule"),
    [
        ({"per_task": str(BUDGET - 1)}, "per_task"),
        ({"per_day": str(BUDGET - 1)}, "per_day"),
        ({"agents": []}, "agents"),
        ({"capabilities": ["image.draw"]}, "capabilities"),
    ],
)
async def test_a_limit_refuses_before_anything_is_signed(market: Market, policy: dict[str, Any], rule: str) -> None:
    await put(market.buyer, **policy)
    answer = await market.buyer.post(f"/tasks/{await direct(market)}/fund/prepare", FUND)
    refused(answer, "spend-refused", 403, rule=rule)


async def test_a_limit_that_came_later_refuses_what_was_signed(market: Market) -> None:
    task_id = await direct(market)
    body = await market.buyer.signed(f"/tasks/{task_id}/fund", FUND)
    await put(market.buyer, per_task="1")
    refused(await market.buyer.post(f"/tasks/{task_id}/fund", body), "spend-refused", 403, rule="per_task")
    assert not [key for _id, key, _state in market.intents("fund") if task_id in key]


async def test_a_day_is_the_sum_of_what_was_asked_for(market: Market) -> None:
    await put(market.buyer, per_day=str(2 * BUDGET))
    tasks = [await direct(market) for _ in range(3)]
    for task_id in tasks[:2]:
        await market.buyer.carry(f"/tasks/{task_id}/fund", FUND)
    assert (await market.buyer.get("/spending/policy")).json()["spent_today"] == str(2 * BUDGET)
    third = f"/tasks/{tasks[2]}/fund/prepare"
    refused(await market.buyer.post(third, FUND), "spend-refused", 403, rule="per_day")
    failed = "UPDATE market.intents SET state = 'failed', reason = 'unanswered' WHERE task_id = decode(%(id)s, 'hex')"
    execute(market.database_url, failed, {"id": tasks[0][2:]})
    assert (await market.buyer.post(third, FUND)).status_code == 200


async def test_a_budget_that_comes_to_its_end_is_told_to_its_account_alone(market: Market) -> None:
    await put(market.buyer, per_month=str(3 * BUDGET), alert_bps=5_000)
    for _ in range(3):
        await market.buyer.carry(f"/tasks/{await direct(market)}/fund", FUND)
    refused(
        await market.buyer.post(f"/tasks/{await direct(market)}/fund/prepare", FUND),
        "spend-refused",
        403,
        rule="per_month",
    )
    subject = f"account:{market.buyer.address}"
    told = (await market.buyer.get("/announcements", subject=subject)).json()["items"]
    facts = {"window": "month", "spent": str(2 * BUDGET), "limit": str(3 * BUDGET)}
    assert {each["topic"] for each in told} == {"spending.alert"}
    assert [each["payload"] for each in told if each["payload"]["window"] == "month"] == [facts]
    assert (await market.stranger.get("/announcements", subject=subject)).json()["items"] == []


async def test_a_month_is_foreseen_from_the_weeks_before(market: Market) -> None:
    await put(market.buyer, per_month=str(1_000 * BUDGET))
    await market.buyer.carry(f"/tasks/{await direct(market)}/fund", FUND)
    today = (await market.buyer.get("/spending/forecast")).json()
    assert (today["spent_today"], today["mean_per_day"]) == (str(BUDGET), "0")
    assert (today["month"], today["exceeds_on"]) == (today["spent_this_month"], None)
    execute(market.database_url, "UPDATE market.spends SET day = (now() AT TIME ZONE 'UTC')::date - 4")
    paced = (await market.buyer.get("/spending/forecast")).json()
    assert paced["mean_per_day"] == str(BUDGET // 4)
    assert (await market.stranger.get("/spending/forecast")).json()["per_month"] is None


async def test_a_batch_is_its_sum(market: Market) -> None:
    await put(market.buyer, per_day=str(2 * BUDGET - 1))
    batch = {"task_ids": [await direct(market) for _ in range(2)]}
    refused(await market.buyer.post("/tasks/fund-batch/prepare", batch), "spend-refused", 403, rule="per_day")


async def test_an_approver_says_yes_and_the_task_is_paid(market: Market) -> None:
    await put(market.buyer, approve_above="1", approvers=[market.arbiter.address])
    task_id = await direct(market)
    path = f"/tasks/{task_id}/fund"
    refused(await market.buyer.post(f"{path}/prepare", FUND), "approval-needed", 409, amount=str(BUDGET))
    approval = await ask(market, task_id)
    assert await ask(market, task_id) == approval
    assert (await market.buyer.post(f"{path}/prepare", FUND)).status_code == 409
    for nobody in (market.buyer, market.stranger):
        answer = await nobody.post(f"/approvals/{approval}/approve")
        assert answer.status_code in (403, 404), answer.text
    shown = (await market.arbiter.get("/approvals")).json()["items"]
    assert [each["id"] for each in shown] == [approval]
    assert (await market.arbiter.post(f"/approvals/{approval}/approve")).json()["state"] == "approved"
    refused(await market.arbiter.post(f"/approvals/{approval}/refuse"), "approval-closed", 409)
    await market.buyer.carry(path, FUND)
    told = (await market.buyer.get(f"/approvals/{approval}")).json()
    assert [each["act"] for each in told["history"]] == ["asked", "approved"]
    assert told["decided_by"] == market.arbiter.address


async def test_a_no_is_a_no(market: Market) -> None:
    await put(market.buyer, approve_above="1", approvers=[market.arbiter.address])
    task_id = await direct(market)
    await market.arbiter.post(f"/approvals/{await ask(market, task_id)}/refuse")
    assert (await market.buyer.post(f"/tasks/{task_id}/fund/prepare", FUND)).status_code == 409


async def test_less_was_approved_than_is_asked(market: Market) -> None:
    await put(market.buyer, approve_above="1", approvers=[market.arbiter.address])
    task_id = await direct(market)
    await market.arbiter.post(f"/approvals/{await ask(market, task_id, BUDGET - 1)}/approve")
    assert (await market.buyer.post(f"/tasks/{task_id}/fund/prepare", FUND)).status_code == 409


async def test_the_second_rank_has_its_say_after_half_the_time_and_nobody_after_all_of_it(market: Market) -> None:
    people = {"approvers": [market.arbiter.address], "second_approvers": [market.rival.address]}
    await put(market.buyer, approve_above="1", **people)
    approval = await ask(market, await direct(market))
    refused(await market.rival.post(f"/approvals/{approval}/approve"), "approval-not-yours", 403)
    later = "UPDATE market.approvals SET escalates_at = now() - interval '1 s'"
    execute(market.database_url, later)
    assert (await market.rival.post(f"/approvals/{approval}/approve")).status_code == 200
    late = await ask(market, await direct(market))
    execute(market.database_url, "UPDATE market.approvals SET expires_at = now() WHERE state = 'pending'")
    refused(await market.arbiter.post(f"/approvals/{late}/approve"), "approval-closed", 409)


async def test_a_right_is_lent_for_a_while_and_not_on(market: Market) -> None:
    await put(market.buyer, approve_above="1", approvers=[market.arbiter.address])
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    lent = {"account": market.buyer.address, "to": market.rival.address, "until": until}
    assert (await market.arbiter.post("/approvals/delegations", lent)).status_code == 204
    refused(
        await market.rival.post("/approvals/delegations", lent | {"to": market.stranger.address}),
        "approval-not-yours",
        403,
    )
    refused(await market.stranger.post("/approvals/delegations", lent), "approval-not-yours", 403)
    approval = await ask(market, await direct(market))
    assert (await market.rival.post(f"/approvals/{approval}/approve")).status_code == 200
    execute(market.database_url, "UPDATE market.approvers SET until = now() WHERE until IS NOT NULL")
    later = await ask(market, await direct(market))
    refused(await market.rival.post(f"/approvals/{later}/approve"), "approval-not-yours", 403)


async def test_an_approval_taken_back_stops_what_was_not_sent(market: Market) -> None:
    await put(market.buyer, approve_above="1", approvers=[market.arbiter.address])
    task_id = await direct(market)
    approval = await ask(market, task_id)
    await market.arbiter.post(f"/approvals/{approval}/approve")
    intent = (await market.buyer.carry(f"/tasks/{task_id}/fund", FUND))["intent"]["id"]
    assert (await market.stranger.post(f"/approvals/{approval}/revocation")).status_code == 404
    assert (await market.arbiter.post(f"/approvals/{approval}/revocation")).json()["state"] == "revoked"
    stopped = (await market.buyer.get(f"/intents/{intent}")).json()
    assert (stopped["state"], stopped["reason"]) == ("failed", "approval_revoked")
    answer = await market.buyer.post(f"/tasks/{task_id}/fund/prepare", FUND)
    refused(answer, "spend-refused", 403, rule="revoked")


async def test_the_history_cannot_be_rewritten(market: Market) -> None:
    """Not even by the application's own role."""
    await put(market.buyer, approve_above="1", approvers=[market.arbiter.address])
    await ask(market, await direct(market))
    engine = make_engine(market.settings.sqlalchemy_url, pool_size=1)
    for statement in ("UPDATE market.approval_acts SET act = 'approved'", "DELETE FROM market.approval_acts"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with transaction(make_sessions(engine)) as session:
                await session.execute(text(statement))
    await engine.dispose()


async def test_a_policy_without_approvers_lets_nobody_say_yes(market: Market) -> None:
    await put(market.buyer, approve_above="1")
    approval = await ask(market, await direct(market))
    refused(await market.buyer.post(f"/approvals/{approval}/approve"), "approval-not-yours", 403)


async def test_one_is_not_ones_own_approver(market: Market) -> None:
    body = {"approvers": [market.buyer.address]}
    answer = await market.buyer.wallet.client.put("/v1/spending/policy", json=body, headers=market.buyer.headers)
    assert answer.status_code == 422
