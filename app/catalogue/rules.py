"""What a capability's schemas may say, and when a version may stand for an earlier one. Pure.

A minor version may take the place of the one before it: it accepts every input that was accepted, and gives no output
that was not to be expected. A major version may do as it likes. Whether one schema's documents are all another's is
decided keyword by keyword, and what cannot be decided counts as no: a compatible change may be refused, an
incompatible one is not taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import SchemaRefused, VersionIncompatible, VersionOutOfTurn

Schema = Any
"""A JSON Schema (2020-12) as JSON: a mapping, or true or false."""

ANNOTATIONS = frozenset({"title", "description", "default", "examples", "deprecated", "format", "$comment", "$schema"})
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
EQUAL = ("multipleOf", "uniqueItems")
KNOWN = ANNOTATIONS | {"type", "enum", "const", "properties", "required", "additionalProperties", "items"}
KEYWORDS = KNOWN | set(LOWER) | set(UPPER) | set(EQUAL)
"""What may be used: no references, which could name other places or go round, and no patterns, which could take for
ever on a document that somebody else sent."""


@dataclass(frozen=True, order=True)
class Version:
    """Ordered as numbers."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @classmethod
    def read(cls, text: str) -> "Version":
        major, _, minor = text.partition(".")
        return cls(int(major), int(minor))


@dataclass(frozen=True)
class Contract:
    """What goes in and what comes out."""

    input: Schema
    output: Schema


def require_keywords(schema: Schema, at: str) -> None:
    """Raises SchemaRefused for a keyword that may not be used, naming its place."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, Mapping):
        raise SchemaRefused(at=at, reason="a schema is an object, true or false")
    unknown = sorted(schema.keys() - KEYWORDS)
    if unknown:
        raise SchemaRefused(at=at, reason=f"the keyword {unknown[0]} is not used here")
    for place, part in parts_of(schema):
        require_keywords(part, f"{at}{place}")


def parts_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    """The schemas within a schema, each with its place."""
    properties = schema.get("properties", {})
    if isinstance(properties, Mapping):
        yield from ((f".{name}", part) for name, part in properties.items())
    yield from ((f".{word}", schema[word]) for word in ("additionalProperties", "items") if word in schema)


def require_turn(version: Version, newest: Version | None) -> None:
    """Raises VersionOutOfTurn: the first is 1.0, then the next minor or the next major one."""
    allowed = [Version(1, 0)]
    if newest is not None:
        allowed = [Version(newest.major, newest.minor + 1), Version(newest.major + 1, 0)]
    if version not in allowed:
        raise VersionOutOfTurn(version=str(version), allowed=[str(each) for each in allowed])


def require_compatible(before: Contract, after: Contract) -> None:
    """Raises VersionIncompatible with what the new minor version would break."""
    faults = [f"input{fault}" for fault in refusals(before.input, after.input)]
    faults += [f"output{fault}" for fault in refusals(after.output, before.output)]
    if faults:
        raise VersionIncompatible(faults=faults[:20])


def refusals(narrow: Schema, wide: Schema, at: str = "") -> Iterator[str]:
    """Where `wide` might refuse a document that `narrow` accepts; nothing where it never does."""
    if narrow == wide or wide is True or wide == {} or narrow is False:
        return
    if wide is False:
        yield f"{at}: nothing is accepted any more"
        return
    inner: Mapping[str, Any] = {} if narrow is True else narrow
    yield from refused_values(inner, wide, at)
    yield from refused_bounds(inner, wide, at)
    yield from refused_members(inner, wide, at)
    if "items" in wide:
        yield from refusals(inner.get("items", True), wide["items"], f"{at}.items")


def refused_values(narrow: Mapping[str, Any], wide: Mapping[str, Any], at: str) -> Iterator[str]:
    """By type, enum and const."""
    if "type" in wide:
        beyond = types_of(narrow) - types_of(wide)
        if beyond:
            yield f"{at}: {', '.join(sorted(beyond))} is no longer accepted"
    allowed = wide.get("enum", [wide["const"]] if "const" in wide else None)
    if allowed is not None:
        given = narrow.get("enum", [narrow["const"]] if "const" in narrow else None)
        if given is None or any(value not in allowed for value in given):
            yield f"{at}: values outside {allowed} are no longer accepted"


def types_of(schema: Mapping[str, Any]) -> set[str]:
    """The types that may come; every integer is a number."""
    every = {"null", "boolean", "object", "array", "string", "number", "integer"}
    named = schema.get("type")
    types = every if named is None else {named} if isinstance(named, str) else set(named)
    return types | {"integer"} if "number" in types else types


def refused_bounds(narrow: Mapping[str, Any], wide: Mapping[str, Any], at: str) -> Iterator[str]:
    """By limits, which may only be loosened, and by what must stay as it is."""
    for word in LOWER:
        if word in wide and (word not in narrow or narrow[word] < wide[word]):
            yield f"{at}: {word} {wide[word]} is stricter"
    for word in UPPER:
        if word in wide and (word not in narrow or narrow[word] > wide[word]):
            yield f"{at}: {word} {wide[word]} is stricter"
    for word in EQUAL:
        if word in wide and narrow.get(word) != wide[word]:
            yield f"{at}: {word} has changed"


def refused_members(narrow: Mapping[str, Any], wide: Mapping[str, Any], at: str) -> Iterator[str]:
    """By what an object must have, may have, and how that must be."""
    for name in sorted(set(wide.get("required", ())) - set(narrow.get("required", ()))):
        yield f"{at}.{name}: is required now"
    inner, outer = narrow.get("properties", {}), wide.get("properties", {})
    others, beside = narrow.get("additionalProperties", True), wide.get("additionalProperties", True)
    for name in sorted(inner.keys() | outer.keys()):
        yield from refusals(inner.get(name, others), outer.get(name, beside), f"{at}.{name}")
    yield from refusals(others, beside, f"{at}.additionalProperties")
