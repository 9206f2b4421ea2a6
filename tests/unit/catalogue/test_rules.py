"""When one schema's documents are all another's: never a yes that a document disproves."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.catalogue.rules import (
    Contract,
    Version,
    refusals,
    require_compatible,
    require_keywords,
    require_turn,
)
from app.errors import SchemaRefused, VersionIncompatible, VersionOutOfTurn

NAMES = st.sampled_from(["a", "b", "c"])
TYPES = st.sampled_from(["null", "boolean", "object", "array", "string", "number", "integer"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 2.0]) | st.text("xy", max_size=3)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


def small(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    count = st.integers(0, 3)
    optional = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "const": SCALARS,
        "properties": st.dictionaries(NAMES, inner, max_size=2),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "additionalProperties": inner,
        "items": inner,
        "minimum": st.integers(-2, 2),
        "maximum": st.integers(-2, 2),
        "exclusiveMinimum": st.integers(-2, 2),
        "minLength": count,
        "maxLength": count,
        "minItems": count,
        "maxItems": count,
        "minProperties": count,
        "maxProperties": count,
        "multipleOf": st.integers(1, 3),
        "uniqueItems": st.booleans(),
    }
    return st.fixed_dictionaries({}, optional=optional).map(lambda said: dict(list(said.items())[:5]))


SCHEMAS: st.SearchStrategy[Any] = st.recursive(st.booleans() | st.just({}), small, max_leaves=4)


@settings(max_examples=400)
@given(SCHEMAS, SCHEMAS, st.lists(DOCUMENTS, min_size=1, max_size=12))
def test_what_is_said_to_be_accepted_is(narrow: Any, wide: Any, documents: list[Any]) -> None:
    if list(refusals(narrow, wide)):
        return
    accepts, must_accept = Draft202012Validator(narrow), Draft202012Validator(wide)
    for document in documents:
        assert not accepts.is_valid(document) or must_accept.is_valid(document), (narrow, wide, document)


@given(SCHEMAS)
def test_a_schema_takes_its_own_place(schema: Any) -> None:
    assert list(refusals(schema, schema)) == []


OPEN: dict[str, Any] = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
CLOSED: dict[str, Any] = {**OPEN, "additionalProperties": False}


def closed(**more: Any) -> dict[str, Any]:
    return {**CLOSED, "properties": {**CLOSED["properties"], **more}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Contract(CLOSED, OPEN), Contract(closed(language={"type": "string"}), OPEN)),
        (Contract(CLOSED, OPEN), Contract({**CLOSED, "required": []}, OPEN)),
        (Contract(CLOSED, OPEN), Contract(CLOSED, {**OPEN, "required": ["text", "score"]})),
        (Contract({"enum": [1, 2]}, True), Contract({"enum": [1, 2, 3]}, {"type": "string"})),
        (Contract({"type": "integer", "minimum": 2}, True), Contract({"type": "number", "minimum": 1}, True)),
        (Contract({"type": "array", "items": CLOSED}, True), Contract({"type": "array", "items": OPEN}, True)),
    ],
)
def test_a_minor_version_may_ask_less_and_give_more(before: Contract, after: Contract) -> None:
    require_compatible(before, after)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (Contract(CLOSED, OPEN), Contract({**CLOSED, "required": ["text", "a"]}, OPEN), "input.a: is required now"),
        (Contract(CLOSED, CLOSED), Contract(CLOSED, closed(score={})), "output.score: nothing is accepted any more"),
        (Contract(OPEN, OPEN), Contract(closed(), OPEN), "input.additionalProperties: nothing"),
        (Contract(OPEN, OPEN), Contract(OPEN, {**OPEN, "required": []}), "output.text: is required now"),
        (Contract({"enum": [1, 2]}, True), Contract({"enum": [1]}, True), "input: values outside [1]"),
        (Contract({"maxLength": 9}, True), Contract({"maxLength": 8}, True), "input: maxLength 8 is stricter"),
        (Contract({"type": "number"}, True), Contract({"type": "integer"}, True), "input: number is no longer"),
        (Contract({"multipleOf": 4}, True), Contract({"multipleOf": 2}, True), "input: multipleOf has changed"),
    ],
)
def test_a_minor_version_that_would_break_something_is_told_what(before: Contract, after: Contract, fault: str) -> None:
    with pytest.raises(VersionIncompatible) as refused:
        require_compatible(before, after)
    faults = refused.value.facts["faults"]
    assert isinstance(faults, list)
    assert any(each.startswith(fault) for each in faults), faults


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        ({"$ref": "https://evil.example"}, "input"),
        ({"properties": {"a": {"pattern": "(a+)+$"}}}, "input.a"),
        ({"items": {"anyOf": []}}, "input.items"),
        ({"items": [True]}, "input.items"),
        ("string", "input"),
    ],
)
def test_what_could_go_elsewhere_or_take_for_ever_is_refused(schema: Any, at: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        require_keywords(schema, "input")
    assert refused.value.facts["at"] == at


def test_versions_come_in_their_turn() -> None:
    require_turn(Version(1, 0), None)
    for version in (Version(2, 4), Version(3, 0)):
        require_turn(version, Version(2, 3))
    wrong = [
        (Version(1, 1), None),
        (Version(2, 0), None),
        (Version(2, 3), Version(2, 3)),
        (Version(2, 5), Version(2, 3)),
    ]
    for version, newest in [*wrong, (Version(3, 1), Version(2, 3)), (Version(1, 9), Version(2, 3))]:
        with pytest.raises(VersionOutOfTurn):
            require_turn(version, newest)
    assert Version.read("12.30") == Version(12, 30) > Version(12, 4)
