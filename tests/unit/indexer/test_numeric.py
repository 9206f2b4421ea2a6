"""Whole numbers of any width come back from the form in which they are sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.numeric import pack_numeric, unpack_numeric


@given(st.integers(-(10**78), 10**78) | st.integers(0, 78).map(lambda power: 10**power))
def test_a_number_comes_back(value: int) -> None:
    packed = pack_numeric(value)
    assert len(packed) == 4 + int.from_bytes(packed[:4])
    assert unpack_numeric(packed[4:]) == value


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("0000 0000 0000 0000", 0),
        ("0001 0000 0000 0000 0007", 7),
        ("0001 0002 0000 0000 0001", 100_000_000),  # digits that are zero are not sent at the end
        ("0002 0001 4000 0000 04d2 162e", -12_345_678),
    ],
)
def test_a_number_is_read_as_postgresql_sends_it(sent: str, value: int) -> None:
    assert unpack_numeric(bytes.fromhex(sent)) == value
