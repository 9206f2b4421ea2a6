"""The process: one leader, quick stops, and nothing lost when something is killed."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from devnet.processes import Service
from indexer.lanes import LANES
from tests.conftest import Anvil, Postgres
from tests.integration.indexer.world import OTHER, Mirror, World, wait_until

Start = Callable[[Service], Service]


def says(service: Service, words: str) -> bool:
    log = service.command.log
    return log is not None and words in log.read_text()


def test_lets_go_within_a_second_of_a_signal(world: World, mirror: Mirror, start: Start) -> None:
    """The interpreter's own end comes on top, and takes as long as the machine is busy."""
    indexer = start(mirror.indexer())
    mirror.catch_up(world.chain)
    os.kill(indexer.pid, signal.SIGTERM)
    wait_until(lambda: says(indexer, "INFO indexer stopped"), "it has let go", seconds=1)
    assert indexer.wait(20) == 0


def test_standby_takes_over_from_a_killed_leader(world: World, mirror: Mirror, start: Start) -> None:
    leader = start(mirror.indexer("leader"))
    wait_until(lambda: says(leader, "leading"), "the first one leads")
    standby = start(mirror.indexer("standby"))
    wait_until(lambda: says(standby, "standby"), "the second one stands by")
    leader.kill()
    world.fund(world.terms())
    mirror.catch_up(world.chain)
    assert says(standby, "leading")


def test_killed_in_the_middle_of_a_copy_it_leaves_nothing_half_done(world: World, mirror: Mirror, start: Start) -> None:
    for _ in range(3):
        world.fund(world.terms())
    indexer = start(mirror.indexer(FAULT_AT="indexer.mid_copy"))
    assert indexer.wait(20) == 128 + signal.SIGKILL
    assert (mirror.folder / "indexer.mid_copy").exists()
    assert mirror.rows("SELECT count(*) FROM chain.logs") == [(0,)]
    indexer.start()
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT count(*) FROM chain.escrows") == [(3,)]


def test_goes_on_after_postgresql_was_killed(world: World, mirror: Mirror, start: Start, postgres: Postgres) -> None:
    indexer = start(mirror.indexer())
    mirror.catch_up(world.chain)
    postgres.service.kill()
    world.fund(world.terms())
    wait_until(lambda: says(indexer, "retry"), "the loss is noticed")
    postgres.service.start()
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT count(*) FROM chain.escrows") == [(1,)]
    assert indexer.running()


def test_waits_for_a_node_that_does_not_answer(world: World, mirror: Mirror, start: Start, anvil: Anvil) -> None:
    indexer = start(mirror.indexer(RPC_URLS=f"http://127.0.0.1:1,{anvil.rpc_url}"))
    world.fund(world.terms())
    mirror.catch_up(world.chain)
    assert says(indexer, "NodeUnavailable")


def test_refuses_the_wrong_chain(world: World, mirror: Mirror) -> None:
    path = mirror.deployment_file
    path.write_text(path.read_text().replace('"chain_id": 31337', '"chain_id": 137'))
    indexer = mirror.indexer()
    indexer.start()
    assert indexer.wait(20) == 2
    assert says(indexer, "chain 31337")


def test_refuses_a_database_that_mirrors_other_contracts(world: World, mirror: Mirror, start: Start) -> None:
    first = start(mirror.indexer())
    mirror.catch_up(world.chain)
    first.stop()
    path = mirror.deployment_file
    path.write_text(path.read_text().replace(world.deployment.escrow, OTHER.address))
    indexer = mirror.indexer("redeployed")
    indexer.start()
    assert indexer.wait(20) == 2
    assert says(indexer, "a database of its own")


def test_refuses_a_database_without_tables(world: World, mirror: Mirror, postgres: Postgres) -> None:
    indexer = mirror.on(postgres.create_database()).indexer()
    indexer.start()
    assert indexer.wait(20) == 2
    assert says(indexer, "app.migrate")


def test_status_tells_where_it_stands(world: World, mirror: Mirror, start: Start) -> None:
    start(mirror.indexer())
    mirror.catch_up(world.chain)
    status = mirror.indexer("status")
    status.command = replace(status.command, argv=[*status.command.argv, "status"])
    status.start()
    assert status.wait(20) == 0
    assert says(status, f"block={world.chain.block_number()}")


def helpers_of(indexer: Service) -> list[int]:
    children = Path(f"/proc/{indexer.pid}/task/{indexer.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def test_goes_on_alone_after_its_helpers_were_killed(world: World, mirror: Mirror, start: Start) -> None:
    """The backlog is read by the process itself, and says the same."""
    world.fund(world.terms())
    world.mine(900)
    world.fund(world.terms())
    indexer = start(mirror.indexer(RPC_URLS="http://127.0.0.1:1"))
    wait_until(lambda: says(indexer, "retry"), "it waits for its node")
    killed = helpers_of(indexer)
    assert len(killed) == LANES
    indexer.kill()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in killed), "helpers end with it")

    indexer = start(mirror.indexer("bereft"))
    wait_until(lambda: len(helpers_of(indexer)) == LANES, "it has helpers")
    for pid in helpers_of(indexer):
        os.kill(pid, signal.SIGKILL)
    mirror.catch_up(world.chain)
    assert says(indexer, "backfill block=")
    assert says(indexer, "computing goes on in this process")
    assert mirror.rows("SELECT count(*) FROM chain.escrows") == [(2,)]
