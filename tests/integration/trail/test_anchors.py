"""The head on a real chain: who rewrites the whole trail still cannot rewrite that."""

from datetime import timedelta

import pytest

from app.chain.rpc import AsyncChain
from app.errors import ChainUnavailable
from app.relayer.models import Intent
from app.trail.rules import anchor_data, read_anchor
from app.trail.verify import verify
from tests.integration.trail.world import Trail

REWRITE = """
DO $$
DECLARE
    entry market.trail_entries;
    head bytea := decode(repeat('00', 32), 'hex');
BEGIN
    FOR entry IN SELECT * FROM market.trail_entries ORDER BY position LOOP
        UPDATE market.trail_entries SET previous = head, hash = market.trail_hash(entry, entry.position, head)
            WHERE id = entry.id RETURNING hash INTO head;
    END LOOP;
END $$
"""
REANCHOR = """
    UPDATE market.trail_anchors AS anchor SET hash = entry.hash
    FROM market.trail_entries AS entry WHERE entry.position = anchor.position
"""


async def sent(trail: Trail, intent: Intent) -> dict[str, str]:
    return dict(await trail.chain.request("eth_getTransactionByHash", intent.tx_hash))


async def test_an_anchor_carries_the_head_and_no_money_to_the_relayer_itself(trail: Trail) -> None:
    await trail.write(3)
    intent = await trail.anchor_for_good()
    found = await trail.verify()
    assert (found.confirmed, found.waiting, found.broken) == (1, 0, None)
    seen = await sent(trail, intent)
    assert seen["from"] == seen["to"] == trail.sender.address.lower()
    assert int(seen["value"], 16) == 0
    assert read_anchor(bytes.fromhex(seen["input"][2:])) == (3, found.head)


async def test_nothing_new_is_not_anchored_again(trail: Trail) -> None:
    assert await trail.anchor() is None
    await trail.write(1)
    first = await trail.anchor()
    assert first is not None
    assert await trail.anchor() is None
    await trail.write(1)
    second = await trail.anchor()
    assert second is not None
    assert first.key != second.key


async def test_a_young_link_waits_for_its_time(trail: Trail) -> None:
    await trail.write(1)
    assert await trail.anchor(timedelta(hours=1)) is None
    trail.tamper("UPDATE market.trail_entries SET at = at - interval '2 hours'")
    assert await trail.anchor(timedelta(hours=1)) is not None


async def test_an_anchor_that_failed_is_made_again(trail: Trail) -> None:
    await trail.write(1)
    first = await trail.anchor()
    assert first is not None
    trail.tamper("UPDATE market.intents SET state = 'failed', reason = 'unanswered'")
    second = await trail.anchor()
    assert second is not None
    assert (second.calldata, second.key) == (first.calldata, "trail:1:1")
    found = await trail.verify()
    assert (found.confirmed, found.waiting, found.broken) == (0, 2, None)


async def test_a_trail_rewritten_as_a_whole_differs_from_its_anchor(trail: Trail) -> None:
    await trail.write(5)
    await trail.anchor_for_good()
    trail.tamper("UPDATE market.trail_entries SET status = 200 WHERE position = 3")
    trail.tamper(REWRITE)
    assert await trail.broken() == (5, "is not what was anchored")


async def test_a_rewritten_anchor_differs_from_the_chain(trail: Trail) -> None:
    await trail.write(5)
    intent = await trail.anchor_for_good()
    trail.tamper("UPDATE market.trail_entries SET status = 200 WHERE position = 3")
    trail.tamper(REWRITE)
    trail.tamper(REANCHOR)
    assert await trail.broken() == (5, f"is not what {intent.tx_hash} says on the chain")


async def test_the_first_of_two_breaks_is_named(trail: Trail) -> None:
    await trail.write(2)
    await trail.anchor_for_good()
    await trail.write(3)
    trail.tamper("UPDATE market.trail_entries SET status = 200 WHERE position = 4")
    assert await trail.broken() == (4, "is not what was linked")
    trail.tamper("UPDATE market.trail_anchors SET hash = sha256('x')")
    assert await trail.broken() == (2, "is not what was anchored")


@pytest.mark.parametrize("left", [0, 1, 4])
async def test_a_trail_cut_off_before_its_anchor_is_broken(trail: Trail, left: int) -> None:
    await trail.write(5)
    await trail.anchor_for_good()
    trail.tamper("DELETE FROM market.trail_entries WHERE position > %(left)s", {"left": left})
    assert await trail.broken() == (5, "is anchored and missing")


async def test_a_transaction_that_is_no_anchor_does_not_count(trail: Trail) -> None:
    await trail.write(1)
    intent = await trail.anchor_for_good()
    other = bytes.fromhex("ab" * 32)
    trail.tamper("UPDATE market.intents SET tx_hash = %(other)s", {"other": other})
    assert await trail.broken() == (1, f"is not what 0x{other.hex()} says on the chain")
    assert intent.calldata == anchor_data(1, (await trail.verify()).head)


async def test_without_the_chain_nobody_can_tell(trail: Trail) -> None:
    await trail.write(1)
    await trail.anchor_for_good()
    async with trail.runtime.sessions() as session, AsyncChain(["http://127.0.0.1:9"], timeout_seconds=1) as nobody:
        with pytest.raises(ChainUnavailable):
            await verify(session, nobody)
