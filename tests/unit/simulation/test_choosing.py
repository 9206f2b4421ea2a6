"""Which quote a simulated buyer takes."""

import pytest

from sdk.schemas import PlacedBid
from sdk.terms import ZERO_ADDRESS, Bid
from simulation.choosing import best_of
from simulation.journal import Record
from simulation.people import UNIT, Size, drawn

KNOWN, UNKNOWN, LATE = 1, 2, 3
SCORES = {KNOWN: 150_000, UNKNOWN: 100_000}


def quote(agent_id: int, price: int) -> PlacedBid:
    offer = Bid("0x" + "00" * 32, agent_id, ZERO_ADDRESS, ZERO_ADDRESS, price, 1, 1, "0x" + "00" * 32)
    return PlacedBid(bid_digest=str(agent_id), bid=offer.to_wire())


@pytest.mark.parametrize(
    ("least", "among", "chosen"),
    [
        (None, {KNOWN: 9, UNKNOWN: 2}, UNKNOWN),  # of a value of 30 to 60: 0.05 more is worth 3 at most
        (None, {KNOWN: 3, UNKNOWN: 2}, KNOWN),
        (120_000, {KNOWN: 9, UNKNOWN: 2}, KNOWN),
        (120_000, {UNKNOWN: 2, LATE: 1}, UNKNOWN),
    ],
)
def test_a_buyer_takes_a_proven_agent_where_he_asks_for_one_and_one_came(
    least: int | None, among: dict[int, int], chosen: int
) -> None:
    record = Record(drawn(Size()).tasks[0], "0x", least)
    quotes = [quote(agent_id, price * UNIT) for agent_id, price in among.items()]
    assert best_of(record, quotes, SCORES).bid_digest == str(chosen)
