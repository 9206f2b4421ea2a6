"""Wire fields accept the one form and refuse what a lax parser would wave through."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.money import MAX_AMOUNT
from app.web.fields import AddressField, AgentId, Amount, Capability, ChainSeconds, Hash32Field, Text, TypedDataField

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

ACCEPTED: list[tuple[Any, object, object]] = [
    (Amount, "0", 0),
    (Amount, MAX_AMOUNT, MAX_AMOUNT),
    (AddressField, ADDRESS, ADDRESS),
    (AddressField, "0x" + "0" * 40, "0x" + "0" * 40),
    (Hash32Field, "0x" + "ab" * 32, "0x" + "ab" * 32),
    (AgentId, "17592186044415", 2**44 - 1),
    (AgentId, 1, 1),
    (ChainSeconds, 2**40 - 1, 2**40 - 1),
    (Text, "é漢🙂", "é漢🙂"),
    (Capability, "text.summarize-long", "text.summarize-long"),
]

REFUSED: list[tuple[Any, object]] = [
    *(
        (Amount, value)
        for value in (1.0, True, None, "1e3", " 1", "1_0", "+1", "-1", "01", "", "\uff11", MAX_AMOUNT + 1)
    ),
    *((Amount, value) for value in ("9" * 5000, "\ud800", [1], b"1")),
    *((AddressField, value) for value in (ADDRESS.lower(), ADDRESS.upper(), ADDRESS[2:], ADDRESS + "0", 0, None)),
    *((Hash32Field, value) for value in ("0x" + "AB" * 32, "ab" * 32, "0x" + "ab" * 31, "0x" + "ab" * 32 + "\n", 1)),
    *((AgentId, value) for value in (0, -1, 2**44, True, 1.0, "01", "0", " 1", "1_0", "\uff11", "9" * 5000)),
    *((ChainSeconds, value) for value in (-1, 2**40, True, "1", 1.0)),
    *((Text, value) for value in ("a\0", "\ud800", 1, None)),
    *((Capability, value) for value in ("", "A", "a..b", ".a", "a.", "a b", "a\n", "1a", "a.b.c.d.e.f", "a" * 41)),
]


@pytest.mark.parametrize(("field", "value", "read"), ACCEPTED)
def test_accepts(field: Any, value: object, read: object) -> None:
    assert TypeAdapter(field).validate_python(value) == read


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_refuses(field: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field).validate_python(value)


@given(st.integers(0, MAX_AMOUNT))
def test_amounts_leave_as_they_came(amount: int) -> None:
    adapter: TypeAdapter[int] = TypeAdapter(Amount)
    assert adapter.dump_python(adapter.validate_python(str(amount)), mode="json") == str(amount)


def test_typed_data_leaves_with_large_integers_as_strings() -> None:
    adapter: TypeAdapter[dict[str, Any]] = TypeAdapter(TypedDataField)
    assert adapter.dump_python({"a": 2**53, "b": [2**53 - 1, True]}) == {"a": str(2**53), "b": [2**53 - 1, True]}
