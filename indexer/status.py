"""Where the mirror stands, for people."""

import psycopg

from app.database import INDEXER_ROLE

READ = """
SELECT chain_id, block_number, finalized_number, head_number, head_number - block_number,
       extract(epoch FROM clock_timestamp() - updated_at)::float8, halted
FROM chain.cursors
"""
QUARANTINED = "SELECT count(*) FROM chain.quarantine"


def print_status(database_url: str) -> int:
    """Prints the cursor and its lag; returns 0 where the mirror moves, 1 where it has not begun or halted."""
    with psycopg.connect(database_url, connect_timeout=5, options=f"-c role={INDEXER_ROLE}") as connection:
        row = connection.execute(READ).fetchone()
        quarantined = connection.execute(QUARANTINED).fetchone()
    if row is None or quarantined is None:
        print("no block is mirrored yet")
        return 1
    chain, block, finalized, head, behind, age, halted = row
    print(f"chain={chain} block={block} finalized={finalized} head={head} behind={behind} age={age:.1f}s")
    print(f"quarantined={quarantined[0]}")
    if halted:
        print(f"halted: {halted}")
    return 1 if halted else 0
