"""The mutants of a Solidity source: every small mistake that its syntax tree offers.

Operators follow the usual catalogue (relational, arithmetic, logical, constant, argument, and the deletion of guards
and statements); inline assembly has its own nodes. Offsets are bytes, as the compiler counts.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]

RELATIONAL = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
}
ARITHMETIC = {
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "%": ("*",),
    "&": ("|",),
    "|": ("&",),
    "<<": (">>",),
    ">>": ("<<",),
}
LOGICAL = {"&&": ("||",), "||": ("&&",)}
ASSIGNMENT = {"+=": ("-=",), "-=": ("+=",), "|=": ("&=",), "&=": ("|=",)}
YUL = {"add": "sub", "sub": "add", "and": "or", "or": "and", "gt": "lt", "lt": "gt", "shl": "shr", "shr": "shl"}


BINARY: dict[str, Mapping[str, tuple[str, ...]]] = {
    "relational": RELATIONAL,
    "arithmetic": ARITHMETIC | ASSIGNMENT,
    "logical": LOGICAL,
}
# Two values of each enum: one of them is not the one that stands there.
OTHER_VALUES = {"State": ("Funded", "Submitted"), "Role": ("Buyer", "Agent"), "Refund": ("Vetoed", "Reclaimed")}


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` of a source become `replacement`."""

    operator: str
    start: int
    end: int
    replacement: str


@dataclass(frozen=True)
class Mutant:
    """`id` stays the same while the statement that it changes does, wherever in the file that is."""

    id: str
    path: str
    line: int
    operator: str
    edit: Edit
    before: str
    after: str

    def applied(self, source: bytes) -> bytes:
        return source[: self.edit.start] + self.edit.replacement.encode() + source[self.edit.end :]


def mutants(path: str, source: bytes, tree: Node) -> list[Mutant]:
    """In the order of the source. `tree` is the compiler's syntax tree of `source`."""
    edits = {edit for node in _nodes(tree) for edit in _edits(node, source)}
    told: Counter[tuple[str, ...]] = Counter()
    found = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end, edit.operator, edit.replacement)):
        before, after = _line(source, edit.start, edit.end), _changed_line(source, edit)
        key = (path, edit.operator, before, after)
        digest = hashlib.sha256("\0".join((*key, str(told[key]))).encode()).hexdigest()[:8]
        told[key] += 1
        found.append(Mutant(digest, path, source[: edit.start].count(b"\n") + 1, edit.operator, edit, before, after))
    return found


def spread(found: list[Mutant], seed: int) -> Iterator[Mutant]:
    """All of them, in an order whose every beginning is spread evenly over operators and files.

    The golden ratio's multiples fall into the largest gap each time: Weyl's low-discrepancy sequence.
    """
    ordered = sorted(found, key=lambda mutant: (mutant.operator, mutant.path, mutant.edit.start, mutant.after))
    left = dict(enumerate(ordered))
    for step in range(seed, seed + 40 * len(ordered)):
        mutant = left.pop(int(step * 0.6180339887498949 % 1 * len(ordered)), None)
        if mutant is not None:
            yield mutant
    yield from left.values()


def _nodes(node: object) -> Iterator[Node]:
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item)
    elif isinstance(node, dict):
        if node.get("nodeType") in ("ImportDirective", "PragmaDirective", "StructuredDocumentation"):
            return
        if "nodeType" in node:
            yield node
        for key, value in node.items():
            if key not in ("typeDescriptions", "typeName"):
                yield from _nodes(value)


def _edits(node: Node, source: bytes) -> Iterable[Edit]:
    match node["nodeType"]:
        case "BinaryOperation":
            return _of_operator(node, node["leftExpression"], node["rightExpression"], source)
        case "Assignment":
            return _of_operator(node, node["leftHandSide"], node["rightHandSide"], source)
        case "UnaryOperation" if node["operator"] == "!":
            start, _ = _span(node)
            return [Edit("logical", start, start + 1, "")]
        case "IfStatement":
            return _of_condition(node)
        case "Conditional":
            return [Edit("condition", *_span(node["condition"]), value) for value in ("true", "false")]
        case "ExpressionStatement" | "EmitStatement":
            return _of_statement(node, source)
        case "Literal":
            return _of_literal(node, source)
        case "MemberAccess":
            return _of_member(node)
        case "FunctionCall":
            return _of_arguments(node, source)
        case "YulFunctionCall" if node["functionName"]["name"] in YUL:
            name = node["functionName"]
            return [Edit("assembly", *_span(name), YUL[name["name"]])]
        case "YulLiteral" if node["kind"] == "number":
            return [Edit("assembly", *_span(node), str(int(node["value"], 0) + 1))]
        case "YulExpressionStatement" | "YulAssignment":
            return [Edit("assembly", *_span(node), "")]
        case _:
            return []


def _of_operator(node: Node, left: Node, right: Node, source: bytes) -> Iterable[Edit]:
    operator = node["operator"]
    start = source.index(operator.encode(), _span(left)[1], _span(right)[0]) if operator != "=" else 0
    return [
        Edit(name, start, start + len(operator), other)
        for name, table in BINARY.items()
        for other in table.get(operator, ())
    ]


def _of_condition(node: Node) -> Iterable[Edit]:
    """A guard is removed; making it always fail would say little."""
    if node["trueBody"]["nodeType"] == "RevertStatement":
        return [Edit("guard", *_span(node["condition"]), "false")]
    return [Edit("condition", *_span(node["condition"]), value) for value in ("true", "false")]


def _of_statement(node: Node, source: bytes) -> Iterable[Edit]:
    """Removed with its semicolon, which the node does not hold; an empty block may stand wherever a statement may."""
    called: str = node.get("expression", {}).get("expression", {}).get("name", "")
    start, end = _span(node)
    operator = "guard" if called.startswith("_require") else "statement"
    return [Edit(operator, start, end + (source[end : end + 1] == b";"), "{}")]


def _of_literal(node: Node, source: bytes) -> Iterable[Edit]:
    start, end = _span(node)
    text = source[start:end].decode()
    match node["kind"]:
        case "number":
            return [Edit("constant", start, end, f"({text} + 1)")]
        case "bool":
            return [Edit("constant", start, end, "false" if text == "true" else "true")]
        case "string" if len(text) > 2:
            return [Edit("constant", start, end, f"{text[:-1]}_{text[-1]}")]
        case _:
            return []


def _of_member(node: Node) -> Iterable[Edit]:
    """The value of an enum becomes another."""
    kind, name = _type(node).removeprefix("enum ").rpartition(".")[2], node["memberName"]
    if kind not in OTHER_VALUES or "memberLocation" not in node:
        return []
    start, length, _ = (int(part) for part in node["memberLocation"].split(":"))
    return [Edit("constant", start, start + length, next(o for o in OTHER_VALUES[kind] if o != name))]


def _of_arguments(node: Node, source: bytes) -> Iterable[Edit]:
    """Neighbours of one type, swapped."""
    if node.get("names"):
        return
    for first, second in zip(node["arguments"], node["arguments"][1:], strict=False):
        (start, first_end), (second_start, end) = _span(first), _span(second)
        one, other = source[start:first_end].decode(), source[second_start:end].decode()
        if _type(first) == _type(second) and one != other:
            yield Edit("argument", start, end, f"{other}{source[first_end:second_start].decode()}{one}")


def _type(node: Node) -> str:
    return str(node["typeDescriptions"].get("typeString"))


def _span(node: Node) -> tuple[int, int]:
    start, length, _ = (int(part) for part in node["src"].split(":"))
    return start, start + length


def _line(source: bytes, start: int, end: int) -> str:
    """The whole lines that the bytes lie on, in one."""
    first, last = source.rfind(b"\n", 0, start) + 1, source.find(b"\n", end)
    return " ".join(source[first:last].decode().split())


def _changed_line(source: bytes, edit: Edit) -> str:
    changed = source[: edit.start] + edit.replacement.encode() + source[edit.end :]
    return _line(changed, edit.start, edit.start + len(edit.replacement.encode()))
