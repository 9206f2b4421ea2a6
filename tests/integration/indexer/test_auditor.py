"""The auditor beside the leader finds what was changed behind its back, and mends it or says so."""

import asyncio
from collections.abc import Callable

import pytest

from app.chain import contracts
from audit.check import audit as whole_audit
from devnet.keys import Role, role_key
from devnet.processes import Service
from indexer.auditor import Auditor
from indexer.balances import Books, books_of
from indexer.health import Health
from indexer.providers import Providers
from indexer.store import Store, connect
from tests.integration.indexer.simulator.proxy import CHANGED, Faults, proxy
from tests.integration.indexer.world import BUYER, Mirror, World, audited, change, wait_until

Start = Callable[[Service], Service]
FIRST_LOG = "(block_number, log_index) IN (SELECT block_number, log_index FROM chain.logs ORDER BY 1, 2 LIMIT 1)"


@pytest.fixture
def still(world: World, mirrored: Mirror) -> Mirror:
    """Everything that happened is final."""
    world.mine(20)
    mirrored.catch_up(world.chain)
    wait_until(lambda: len(mirrored.rows("SELECT 1 FROM chain.cursors WHERE finalized_number > 10")) == 1, "final")
    return mirrored


async def turns(world: World, mirror: Mirror, *, reader: str | None = None, count: int = 8) -> Auditor:
    """Some turns; `reader` is a provider that is asked first, before the chain's own node."""
    async with (
        Providers([reader or mirror.rpc_url], timeout_seconds=5) as one,
        Providers([mirror.rpc_url], timeout_seconds=5) as two,
        connect(mirror.database_url) as connection,
    ):
        auditor = Auditor(mirror.database_url, world.deployment, one, two, Health("in words"))
        for _ in range(count):
            await auditor.turn(Store(connection, world.deployment.chain_id))
    return auditor


async def books(world: World, mirror: Mirror) -> dict[str, Books]:
    async with Providers([mirror.rpc_url], timeout_seconds=5) as node, connect(mirror.database_url) as connection:
        found = await books_of(Store(connection, world.deployment.chain_id), node, world.deployment)
    return {each.contract: each for each in found}


def said(mirror: Mirror, topic: str) -> int:
    return len(mirror.rows("SELECT 1 FROM market.announcements WHERE topic = %s", topic))


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM chain.logs WHERE {FIRST_LOG}",
        f"UPDATE chain.logs SET data = data || '\\x00' WHERE {FIRST_LOG}",
        "UPDATE chain.blocks SET hash = decode(repeat('ab', 32), 'hex') WHERE number = "
        "(SELECT min(block_number) FROM chain.logs)",
        "DELETE FROM chain.agent_events WHERE name = 'Transfer'",
        "UPDATE chain.escrows SET paid = paid + 1 WHERE state = 5",
        "DELETE FROM chain.escrows WHERE state = 5",
        "UPDATE chain.owed SET amount = amount - 1",
        "INSERT INTO chain.owed (owner, amount, last_block) VALUES (decode(repeat('ff', 20), 'hex'), 1, 1)",
    ],
)
def test_heals_what_was_changed(world: World, still: Mirror, statement: str) -> None:
    right = still.dump()
    change(still, statement)
    assert still.dump() != right
    auditor = asyncio.run(turns(world, still))
    assert still.dump() == right
    assert audited(world, still) == []
    assert said(still, "chain.healed") > 0
    assert auditor.health.audit.startswith("nothing differs")


def test_says_nothing_where_all_is_well(world: World, still: Mirror) -> None:
    asyncio.run(turns(world, still))
    assert said(still, "chain.healed") == said(still, "chain.audit_failed") == 0


@pytest.mark.parametrize("changed", [True, False])
def test_touches_nothing_where_two_readings_differ(world: World, still: Mirror, changed: bool) -> None:
    if changed:
        change(still, f"UPDATE chain.logs SET tx_index = tx_index + 1 WHERE {FIRST_LOG}")
    before = still.dump()
    with proxy(still.rpc_url, Faults(always=CHANGED)) as liar:
        auditor = asyncio.run(turns(world, still, reader=liar))
    assert still.dump() == before
    assert said(still, "chain.audit_failed") == 1
    assert auditor.health.audit.startswith("not as the chain says: blocks")


def test_the_leader_audits_beside_following(world: World, mirror: Mirror, start: Start) -> None:
    start(mirror.indexer(AUDIT_PAUSE_SECONDS="0.05"))
    world.fund(world.terms())
    world.mine(20)
    mirror.catch_up(world.chain)
    right = mirror.dump()
    change(mirror, f"DELETE FROM chain.logs WHERE {FIRST_LOG}")
    wait_until(lambda: said(mirror, "chain.healed") > 0, "it is healed")
    assert mirror.dump() == right


def test_the_books_agree_with_the_whole_audit(world: World, still: Mirror) -> None:
    ours = asyncio.run(books(world, still))
    theirs = whole_audit(still.rpc_url, still.database_url, still.deployment_file)
    assert theirs.equal, theirs.differences
    assert ours["escrow"].balance == ours["escrow"].due == theirs.balance > 0
    assert (ours["escrow"].surplus, ours["escrow"].surplus) == (0, theirs.donated)


def test_a_gift_is_a_surplus(world: World, still: Mirror) -> None:
    gift = contracts.call_data("MockUSDC", "mint", world.deployment.escrow, 7)
    world.send(role_key(Role.DEPLOYER).address, world.deployment.token, gift)
    still.catch_up(world.chain)
    assert asyncio.run(books(world, still))["escrow"].surplus == 7
    asyncio.run(turns(world, still, count=1))
    assert said(still, "chain.audit_failed") == 0


def test_less_than_is_due_is_an_alert(world: World, still: Mirror) -> None:
    taken = contracts.call_data("MockUSDC", "transfer", BUYER.address, 5)
    world.chain.ask("anvil_impersonateAccount", world.deployment.escrow)
    world.chain.ask("anvil_setBalance", world.deployment.escrow, hex(10**18))
    world.send(world.deployment.escrow, world.deployment.token, taken)
    still.catch_up(world.chain)
    assert asyncio.run(books(world, still))["escrow"].surplus == -5
    auditor = asyncio.run(turns(world, still, count=2))
    assert said(still, "chain.audit_failed") == 1
    assert "balance of escrow" in auditor.health.audit
