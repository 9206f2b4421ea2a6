"""What tests/conftest.py promises."""

import psycopg

from devnet.rpc import Chain
from tests.conftest import Anvil, Postgres


def test_databases_of_one_template_are_apart(postgres: Postgres, database_url: str) -> None:
    other = postgres.create_database("migrated")
    with psycopg.connect(database_url) as connection:
        connection.execute("create table only_here (id int)")
    with psycopg.connect(other) as connection:
        found = connection.execute("select to_regclass('only_here')").fetchone()
    assert found == (None,)


def test_migrations_are_applied(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        schemas = connection.execute("select nspname from pg_namespace where nspname in ('chain', 'market')").fetchall()
    assert len(schemas) == 2


def test_broker_answers(redis_url: str) -> None:
    import redis

    client = redis.Redis.from_url(redis_url, socket_timeout=5)
    assert client.ping()
    client.close()


def test_finalized_is_a_few_blocks_behind_head(anvil: Anvil) -> None:
    with Chain(anvil.rpc_url) as chain:
        chain.ask("anvil_mine", hex(20))
        head = chain.block_number()
        finalized = int(chain.ask("eth_getBlockByNumber", "finalized", False)["number"], 16)
    assert 0 < head - finalized <= 9
