"""Nesting is counted as JSON counts it, whatever strings hold."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BodyTooDeep
from app.web.limits import refuse_deep_nesting

JSON = st.recursive(
    st.none() | st.booleans() | st.text(alphabet='[]{}"\\ab'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet='[]{}"\\a'), inner, max_size=4),
    max_leaves=30,
)


def depth_of(value: Any) -> int:
    match value:
        case list():
            return 1 + max((depth_of(each) for each in value), default=0)
        case dict():
            return 1 + max((depth_of(each) for each in value.values()), default=0)
        case _:
            return 0


@given(JSON, st.integers(1, 6))
def test_refuses_exactly_what_is_deeper(value: Any, limit: int) -> None:
    body = json.dumps(value).encode()
    if depth_of(value) <= limit:
        refuse_deep_nesting(body, limit)
    else:
        with pytest.raises(BodyTooDeep):
            refuse_deep_nesting(body, limit)


@pytest.mark.parametrize("body", [b'"\\' * 500_000, b'[" ' * 300_000, b'"' + b"\\" * 1_000_000, b"[]" * 500_000])
def test_takes_linear_time(body: bytes) -> None:
    started = time.process_time()
    with suppress(BodyTooDeep):
        refuse_deep_nesting(body, 32)
    assert time.process_time() - started < 1
