"""Terms that an agent should distrust: said by the service and by the client alike, and refused unless accepted."""

from dataclasses import replace

import pytest

from app.tasks.rules.terms import warnings_of as service_warnings
from sdk.terms import ZERO_HASH, Terms, make_terms, warnings_of

BUYER, ARBITER = "0x" + "11" * 20, "0x" + "22" * 20
FAIR = make_terms(buyer=BUYER, arbiter=ARBITER, content=ZERO_HASH, budget=1, chain_time=1_800_000_000)
WEEK = 7 * 24 * 3600


@pytest.mark.parametrize(
    ("terms", "published", "expected"),
    [
        (FAIR, [ARBITER], []),
        (FAIR, [BUYER], ["arbiter_unpublished"]),
        (replace(FAIR, default_share_bps=2_500), [ARBITER], []),
        (replace(FAIR, default_share_bps=2_499), [ARBITER], ["default_share_extreme"]),
        (replace(FAIR, default_share_bps=7_501), [ARBITER], ["default_share_extreme"]),
        (replace(FAIR, review_seconds=WEEK), [ARBITER], []),
        (replace(FAIR, review_seconds=WEEK + 1), [ARBITER], ["review_long"]),
    ],
)
def test_both_sides_warn_of_the_same(terms: Terms, published: list[str], expected: list[str]) -> None:
    assert warnings_of(terms, published) == expected
    assert [str(each) for each in service_warnings(terms, published)] == expected
