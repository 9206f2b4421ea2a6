"""PostgreSQL, Valkey and Anvil: they meet nobody else's, survive kill -9, and yield to a URL that is set."""

import os
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from devnet import network
from devnet.continuity import ChainBehindDatabase, require_same_chain
from devnet.deploy import deploy
from devnet.network import Ports
from devnet.postgres import able_identity, nobody_folder
from devnet.processes import Identity, ProcessFailed, run_members
from devnet.rpc import Chain
from tests.conftest import Anvil, Postgres


def test_two_networks_side_by_side_do_not_meet(tmp_path: Path) -> None:
    with (
        network.start(tmp_path / "one", env=without_urls()) as one,
        network.start(tmp_path / "two", env=without_urls()) as two,
    ):
        urls = [(n.endpoints.database_url, n.endpoints.redis_url, n.endpoints.rpc_url) for n in (one, two)]
        assert not set(urls[0]) & set(urls[1])
        assert one.endpoints.run_id != two.endpoints.run_id
        with psycopg.connect(one.endpoints.database_url) as connection:
            connection.execute("create table only_here (id int)")
        with psycopg.connect(two.endpoints.database_url) as connection:
            assert connection.execute("select to_regclass('only_here')").fetchone() == (None,)
    assert run_members(one.endpoints.run_id) == []


def test_rows_survive_kill_9_of_postgres(postgres: Postgres) -> None:
    url = postgres.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table kept as select generate_series(1, 10000) as id")
    before = postgres.service.pid
    postgres.service.kill()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
    postgres.service.start()
    assert postgres.service.pid != before
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (10_000,)


def test_a_durable_chain_comes_back_with_its_blocks(tmp_path: Path) -> None:
    with network.start(tmp_path, env=without_urls(), durable=True) as net:
        deployment = deploy(net.endpoints.rpc_url, tmp_path / "deployment.json")
    with network.start(tmp_path, env=without_urls(), durable=True) as net:
        assert deploy(net.endpoints.rpc_url, tmp_path / "deployment.json") == deployment


def test_urls_that_are_set_are_used(tmp_path: Path, postgres: Postgres, anvil: Anvil, redis_url: str) -> None:
    named = {"DATABASE_URL": postgres.url(), "REDIS_URL": redis_url, "RPC_URLS": f"{anvil.rpc_url}, http://other"}
    with network.start(tmp_path, env=without_urls() | named) as net:
        assert net.services() == []
        assert net.endpoints.database_url == postgres.url()
        assert net.endpoints.rpc_url == anvil.rpc_url


def test_a_fixed_port_that_is_taken_is_named(tmp_path: Path, anvil: Anvil) -> None:
    port = int(anvil.rpc_url.rpartition(":")[2])
    taken = network.start(tmp_path, env=without_urls(), ports=Ports(anvil=port))
    with pytest.raises(ProcessFailed, match=f"port {port} is already in use"), taken:
        pass


def test_serves_as_nobody_for_root_without_user_namespaces(tmp_path: Path) -> None:
    identity: Identity = "nobody" if os.geteuid() == 0 else "same"
    with network.start(tmp_path, env=without_urls(), postgres_identity=identity) as net:
        assert net.postgres is not None
        owner = Path(f"/proc/{net.postgres.pid}").stat().st_uid
        with psycopg.connect(net.endpoints.database_url) as connection:
            connection.execute("create table kept (id int)")
        net.postgres.kill()
        net.postgres.start()
        with psycopg.connect(net.endpoints.database_url) as connection:
            assert connection.execute("select count(*) from kept").fetchone() == (0,)
    assert owner != 0
    assert not nobody_folder(tmp_path).exists()


def test_the_identity_is_the_same_each_time_it_is_asked() -> None:
    asked = {able_identity(without_urls()) for _ in range(10)}
    assert len(asked) == 1
    assert asked <= ({"namespace", "nobody"} if os.geteuid() == 0 else {"same"})


def test_rows_are_found_again_where_an_earlier_start_kept_them(tmp_path: Path) -> None:
    first: Identity = "nobody" if os.geteuid() == 0 else "same"
    with network.start(tmp_path, env=without_urls(), durable=True, postgres_identity=first) as net:
        execute(net.endpoints.database_url, "create table kept as select 7 as id")
    try:
        with network.start(tmp_path, env=without_urls(), durable=True) as net:
            assert execute(net.endpoints.database_url, "select id from kept") == [(7,)]
    finally:
        network.remove_served_by_nobody(tmp_path)


def test_a_chain_behind_the_database_is_named(database_url: str, anvil: Anvil, tmp_path: Path) -> None:
    file = tmp_path / "deployment.json"
    deploy(anvil.rpc_url, file)
    require_same_chain(database_url, anvil.rpc_url, file)
    with Chain(anvil.rpc_url) as chain:
        chain.ask("anvil_mine", hex(30))
        mirror_block(database_url, number := chain.block_number() - 20, str(chain.block_hash(number)))
    require_same_chain(database_url, anvil.rpc_url, file)
    mirror_block(database_url, number, "0x" + "ab" * 32)
    with pytest.raises(ChainBehindDatabase, match=f"block {number}(.|\n)*--fresh"):
        require_same_chain(database_url, anvil.rpc_url, file)


def execute(database_url: str, statement: LiteralString) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if statement.startswith("select") else []


def mirror_block(database_url: str, number: int, block_hash: str) -> None:
    """What the indexer would have stored: this block, final."""
    raw = bytes.fromhex(block_hash[2:])
    with psycopg.connect(database_url) as connection:
        connection.execute("delete from chain.blocks")
        connection.execute("delete from chain.cursors")
        connection.execute(
            "insert into chain.blocks (number, hash, parent_hash, timestamp) values (%s, %s, %s, 0)", [number, raw, raw]
        )
        connection.execute(
            "insert into chain.cursors (chain_id, block_number, block_hash, block_timestamp, finalized_number,"
            " head_number, updated_at) values (31337, %s, %s, 0, %s, %s, now())",
            [number, raw, number, number],
        )


def without_urls() -> dict[str, str]:
    services = {"DATABASE_URL", "REDIS_URL", "RPC_URLS", "GUILDHALL_RUN_ID"}
    return {name: value for name, value in os.environ.items() if name not in services}
