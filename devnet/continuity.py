"""Whether the chain still is the one that the database mirrors."""

from pathlib import Path

import psycopg

from devnet.deploy import is_on_chain, read_deployment
from devnet.rpc import Chain


class ChainBehindDatabase(Exception):
    """The chain lacks a block that the database took for final: it was killed before it saved, or replaced."""

    def __init__(self, block: int) -> None:
        self.block = block
        super().__init__(
            f"the chain came back behind the database: it does not hold block {block}, which is mirrored as final; "
            "start with --fresh to empty both"
        )


def require_same_chain(database_url: str, rpc_url: str, deployment_file: Path) -> None:
    """Raises ChainBehindDatabase. An empty database goes with every chain."""
    finalized = last_final_block(database_url)
    if finalized is None:
        return
    number, block_hash = finalized
    deployment = read_deployment(deployment_file)
    with Chain(rpc_url) as chain:
        known = deployment is not None and is_on_chain(chain, deployment)
        if not known or chain.block_hash(number) != block_hash:
            raise ChainBehindDatabase(number)


def last_final_block(database_url: str) -> tuple[int, str] | None:
    """The newest block at or below `finalized` that the indexer stored."""
    query = """
        select number, '0x' || encode(hash, 'hex') from chain.blocks
        where number <= (select finalized_number from chain.cursors) order by number desc limit 1
    """
    with psycopg.connect(database_url, connect_timeout=10) as connection:
        if connection.execute("select to_regclass('chain.blocks')").fetchone() == (None,):
            return None
        found = connection.execute(query).fetchone()
    return None if found is None else (int(found[0]), str(found[1]))
