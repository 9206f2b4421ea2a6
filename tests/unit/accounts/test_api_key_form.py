"""The form of API keys: random, recognisable, checkable."""

import re

from hypothesis import given
from hypothesis import strategies as st

from app.accounts.api_keys import DIGITS, base62, checksum, hint_of, is_api_key, new_api_key


def test_keys_are_recognisable_and_different() -> None:
    keys = {new_api_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(re.fullmatch(r"guildhall_[0-9A-Za-z]{49}", key) and is_api_key(key) for key in keys)
    assert {len(hint_of(key)) for key in keys} == {14}


@given(st.integers(0, 58), st.sampled_from(DIGITS))
def test_any_changed_digit_breaks_the_checksum(place: int, digit: str) -> None:
    body = "guildhall_" + base62(2**256 - 1, 43)
    key = body + checksum(body)
    changed = key[:place] + digit + key[place + 1 :]
    assert is_api_key(changed) == (changed == key)


@given(st.text(max_size=70))
def test_other_texts_are_no_keys(text: str) -> None:
    assert not is_api_key(text)


@given(st.integers(0, 2**256 - 1))
def test_base62_is_one_to_one(number: int) -> None:
    read = 0
    for digit in base62(number, 43):
        read = read * 62 + DIGITS.index(digit)
    assert read == number
