"""The bytes of the trail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.trail.rules import BEGINNING, Facts, anchor_data, link_hash, netstrings, origin_digest, read_anchor

FACTS = Facts(
    id=7,
    at=datetime(2026, 11, 20, 12, 0, 0, 123456, UTC),
    account="ab" * 20,
    session_id="0c0ffee0-0000-4000-8000-000000000001",
    key_id="",
    method="POST",
    path="/v1/listings",
    status=201,
    request_digest="01" * 32,
    answer_digest="02" * 32,
    origin_digest="03" * 32,
)
OTHER: dict[str, Any] = {
    "id": 8,
    "at": FACTS.at + timedelta(microseconds=1),
    "account": "",
    "session_id": "",
    "key_id": FACTS.session_id,
    "method": "PUT",
    "path": "/v1/listing",
    "status": 200,
    "request_digest": "11" * 32,
    "answer_digest": "12" * 32,
    "origin_digest": "13" * 32,
}


@pytest.mark.parametrize("name", vars(FACTS))
def test_every_fact_is_in_the_hash(name: str) -> None:
    assert link_hash(1, BEGINNING, replace(FACTS, **{name: OTHER[name]})) != link_hash(1, BEGINNING, FACTS)


def test_place_and_previous_are_in_the_hash() -> None:
    assert len({link_hash(1, BEGINNING, FACTS), link_hash(2, BEGINNING, FACTS), link_hash(1, b"\1" * 32, FACTS)}) == 3


def test_no_two_lists_of_values_have_the_same_bytes() -> None:
    lists = [("ab", ""), ("a", "b"), ("", "ab"), ("a,1:b",), ("a", "1:b"), ("é",), ("e",)]
    assert len({netstrings(each) for each in lists}) == len(lists)
    assert netstrings(("é", "")) == b"2:\xc3\xa9,0:,"


def test_the_salt_is_in_an_origins_digest() -> None:
    origin = ("192.0.2.1", "agent/1", "request-1")
    assert origin_digest(b"a" * 32, *origin) != origin_digest(b"b" * 32, *origin)


def test_an_anchor_reads_back() -> None:
    data = anchor_data(2**40, b"\x05" * 32)
    assert read_anchor(data) == (2**40, b"\x05" * 32)
    assert (read_anchor(data[:-1]), read_anchor(b"x" + data[1:]), read_anchor(b"")) == (None, None, None)
