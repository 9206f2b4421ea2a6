"""An operator's canary hires an agent as anybody does, pays for what is right and disputes what is not; what it found
counts."""

import asyncio
import json
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from devnet import deploy
from devnet.keys import Role, participant_key, role_key, write_key_file
from devnet.stack import Stack
from sdk.schemas import Task
from tests.journeys.market import ARBITER, FINAL_AFTER_BLOCKS, UNIT, Market, client_of

PRICE, BLOCKS_EVERY = UNIT, 0.5
WAITS = 3
UNUSED = count(30)
Said = tuple[int, str, str]


@pytest.fixture
def nest(tmp_path: Path, network: Stack) -> Path:
    """A folder with a key of its own, which nobody has seen and which has a little money."""
    key = participant_key(next(UNUSED))
    deploy.fund(network.network.endpoints.rpc_url, network.deployment, [key.address], 2 * UNIT)
    write_key_file(tmp_path, "buyer", key)
    plan = {"capability": "text.sort", "title": "Sort these words", "content": "pear apple", "expected": "apple pear"}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    return tmp_path


async def said(market: Market, verb: str, *arguments: str) -> Said:
    """Exit code, what it printed and what it complained of, while the chain goes on."""
    argv = [sys.executable, "-m", "canary", verb, "--url", market.stack.url, *arguments]
    running = await asyncio.create_subprocess_exec(*argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    told = asyncio.create_task(running.communicate())
    while not told.done():
        market.mine(FINAL_AFTER_BLOCKS)
        await asyncio.sleep(BLOCKS_EVERY)
    out, err = await told
    assert running.returncode is not None
    return running.returncode, out.decode(), err.decode()


async def offering(market: Market) -> None:
    listed = {"pricing": "per_task", "price": str(PRICE)}
    await market.agent.offer(market.agent_id, "text.sort", "Sorting", **listed)
    await market.agent.heartbeat(market.agent_id)


async def hired(market: Market, known: set[str]) -> Task:
    """The agent's newest task, once its money cannot be taken back."""

    async def look() -> list[Task]:
        return [each for each in await market.agent.tasks(role="agent") if each.task_id not in known]

    found = await market.agent.wait_until(
        "a hire", look, lambda tasks: [(each.state, each.finality) for each in tasks] == [("awarded", "final")], 60
    )
    return found[0]


async def delivered(market: Market, known: set[str], work: bytes) -> Task:
    task = await hired(market, known)
    await market.deliver(task.terms, work)
    return task


async def test_right_work_is_paid_and_recorded(market: Market, nest: Path) -> None:
    await offering(market)
    known = {each.task_id for each in await market.agent.tasks(role="agent")}
    # Stopped before the agent has done anything: played again, it is the same task.
    early = await said(market, "play", str(nest), "--wait-seconds", "3")
    assert early[0] == WAITS, early
    assert "Play it again later." in early[2]
    refused = await said(market, "record", str(nest), "--key", operator(market))
    assert (refused[0], "play the canary first" in refused[2]) == (1, True)

    playing, task = await asyncio.gather(
        said(market, "play", str(nest), "--wait-seconds", "60"), delivered(market, known, b"apple pear")
    )
    assert playing[:2] == (0, f"{task.task_id} released: right\n"), playing
    assert task.terms.budget == PRICE, "what the agent asks of everybody"
    stranger = await said(market, "record", str(nest), "--key", str(nest / "buyer.key"))
    assert (stranger[0], "role-missing" in stranger[2]) == (1, True)
    recorded = await said(market, "record", str(nest), "--key", operator(market))
    assert recorded[0] == 0, recorded
    audit = await audited(market, task)
    assert (audit["passed"], audit["method"]) == (True, "canary")
    assert audit["report"] in recorded[1]

    again = await said(market, "play", str(nest), "--wait-seconds", "60")
    assert again[:2] == playing[:2], "nothing is done twice"
    (nest / "terms.json").unlink()
    known_wallet = await said(market, "play", str(nest))
    assert (known_wallet[0], "has posted tasks before" in known_wallet[2]) == (1, True)
    await market.require_equal_ledger()


async def test_wrong_work_is_disputed(market: Market, nest: Path) -> None:
    await offering(market)
    known = {each.task_id for each in await market.agent.tasks(role="agent")}
    playing, task = await asyncio.gather(
        said(market, "play", str(nest), "--wait-seconds", "60"), judged_wrong(market, known)
    )
    assert playing[:2] == (0, f"{task.task_id} ruled: wrong\n"), playing
    assert (await said(market, "record", str(nest), "--key", operator(market)))[0] == 0
    assert (await audited(market, task))["passed"] is False
    await market.require_equal_ledger()


async def judged_wrong(market: Market, known: set[str]) -> Task:
    """The agent returns what it was given, and the arbiter reads what it should have been."""
    task = await delivered(market, known, b"pear apple")
    await market.until_state(task.terms, "disputed")
    async with client_of(market.stack, ARBITER) as arbiter:
        [evidence] = (await arbiter.dispute_of(task.terms))["evidence"]
        assert b"apple pear" in await arbiter.download(evidence["digest"])
        reasons = await arbiter.upload(b"It is not sorted.")
        await arbiter.wait_for_intent(await arbiter.rule(task.terms, 0, reasons.digest))
    return task


async def test_nobody_who_offers_it(market: Market, nest: Path) -> None:
    plan = json.loads((nest / "plan.json").read_text()) | {"capability": "text.sing"}
    (nest / "plan.json").write_text(json.dumps(plan))
    code, _, complaint = await said(market, "play", str(nest))
    assert (code, complaint) == (1, "Nobody who is there offers text.sing by the task.\n")


async def test_work_that_is_drawn_is_fetched(market: Market, tmp_path: Path) -> None:
    terms, _ = await market.fund()
    task = await market.deliver_and_pay(terms)
    market.mine(FINAL_AFTER_BLOCKS)
    await market.until(terms, "released for good", lambda now: now.finality == "final")
    market.stack.restart("api", AUDIT_SHARE="1000000")
    try:
        code, told, _ = await said(market, "drawn", "--key", operator(market), "--into", str(tmp_path))
    finally:
        market.stack.restart("api", AUDIT_SHARE="50000")
    assert (code, task.task_id in told) == (0, True)
    assert (tmp_path / task.task_id / "content").read_bytes() == await market.buyer.download(terms.content)
    assert (tmp_path / task.task_id / "deliverable").read_bytes() == b"done " + terms.salt.encode()


def operator(market: Market) -> str:
    return str(write_key_file(market.stack.data_dir / "keys", "operator", role_key(Role.OPERATOR)))


async def audited(market: Market, task: Task) -> dict[str, Any]:
    """As the public feed tells it."""
    position, found = 0, []
    while news := await market.buyer.announcements(position, limit=500):
        position = news[-1].position
        subject = f"task:{task.task_id}"
        found += [each.payload for each in news if (each.topic, each.subject) == ("audit.recorded", subject)]
    [payload] = found
    return dict(payload)
