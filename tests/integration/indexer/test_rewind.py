"""`backfill --from BLOCK` deletes and fetches again, at an operator's word."""

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from app.chain.models import Cursor
from devnet.processes import Service
from tests.integration.indexer.world import Mirror, World, audited, change, wait_until

Start = Callable[[Service], Service]


def said(service: Service) -> str:
    assert service.command.log is not None
    return service.command.log.read_text()


def run(mirror: Mirror, *words: str) -> tuple[int, str]:
    """The exit code and what was said."""
    command = mirror.command("backfill", *words)
    command.start()
    return command.wait(30), said(command)


@pytest.fixture
def followed(world: World, mirror: Mirror) -> Mirror:
    """Two tasks with 20 blocks between; nobody leads any more."""
    indexer = mirror.indexer()
    indexer.start()
    world.fund(world.terms())
    world.mine(20)
    world.fund(world.terms())
    mirror.catch_up(world.chain)
    indexer.stop()
    return mirror


def final_up_to(mirror: Mirror) -> int:
    """The newest block that the API calls final; below every block while the mirror is halted."""
    engine = create_engine(mirror.database_url.replace("postgresql://", "postgresql+psycopg://"))
    with Session(engine) as session:
        found = session.scalars(select(Cursor)).one().final_up_to
    engine.dispose()
    return found


def second_block(mirror: Mirror) -> int:
    ((block,),) = mirror.rows("SELECT max(funded_block) FROM chain.escrows")
    return int(block)


def test_fetches_what_was_lost(world: World, followed: Mirror) -> None:
    right = followed.dump()
    change(followed, f"DELETE FROM chain.logs WHERE block_number = {second_block(followed)}")
    code, words = run(followed, "--from", str(second_block(followed)), "--yes")
    assert code == 0, words
    assert f"fetched again up to block {world.chain.block_number()}" in words
    assert followed.dump() == right
    assert audited(world, followed) == []


def test_deletes_nothing_without_a_yes(world: World, followed: Mirror) -> None:
    before = followed.dump()
    ((finalized,),) = followed.rows("SELECT finalized_number FROM chain.cursors")
    code, words = run(followed, "--from", str(finalized))
    assert code == 2
    assert f"blocks {finalized}..{world.chain.block_number()}" in words
    assert f"blocks {finalized}..{finalized} of them final" in words
    assert "--yes" in words
    assert followed.dump() == before


@pytest.mark.parametrize("offset", [-1_000_000, 1])
def test_refuses_a_block_that_is_not_mirrored(world: World, followed: Mirror, offset: int) -> None:
    code, words = run(followed, "--from", str(max(0, world.chain.block_number() + offset)), "--yes")
    assert code == 2
    assert "is not mirrored" in words


def test_a_leader_fetches_again(world: World, followed: Mirror, start: Start) -> None:
    right = followed.dump()
    leader = start(followed.indexer("leader"))
    wait_until(lambda: "leading" in said(leader), "it leads")
    change(followed, f"DELETE FROM chain.logs WHERE block_number = {second_block(followed)}")
    code, words = run(followed, "--from", str(second_block(followed)), "--yes")
    assert code == 0, words
    wait_until(lambda: followed.dump() == right, "the mirror is whole")
    assert leader.running()


def test_leads_out_of_a_broken_finality(world: World, followed: Mirror, start: Start) -> None:
    head = world.chain.block_number()
    world.reorg(12)
    indexer = start(followed.indexer("halted"))
    code = indexer.wait(20)
    assert code in (3, 4), said(indexer)
    assert final_up_to(followed) < 0
    refused, words = run(followed, "--from", str(head - 5), "--yes")
    assert refused == 2
    assert f"--from {head - 11}" in words
    done, words = run(followed, "--from", str(head - 11), "--yes")
    assert done == 0, words
    assert followed.rows("SELECT halted FROM chain.cursors") == [(None,)]
    assert audited(world, followed) == []
    start(followed.indexer("again"))
    funded = world.fund(world.terms())
    world.mine(20)
    followed.catch_up(world.chain)
    assert audited(world, followed) == []
    wait_until(lambda: final_up_to(followed) >= funded, "it is final")
