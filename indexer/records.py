"""One function for each frequent event, generated from its ABI and its table: from a log to all that is stored of it.

Where a log has the form that its ABI promises, one call makes the event's row, its announcement, and what the folds
take, without the objects in between. None says that the log must go the long way (indexer.rows), which also knows what
is wrong with it; a property test holds both ways equal.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import orjson

from app.chain.contracts import abi
from app.chain.events import ChainEvent
from indexer import generated, packing
from indexer.announce import begin
from indexer.decode import Contract, RawLog
from indexer.generated import WORD_BITS
from indexer.projections import EVENT_TABLES, MAX_ID, EventTable, Key
from indexer.slicers import MAX_JSON_BITS, SIZED, data_reader, slicer_for, topic_reader
from indexer.tables import table_of

ARGUMENTS: Mapping[str, Sequence[str]] = {
    "task_id": ("taskId", "parentId"),
    "channel_id": ("channelId",),
    "agent_id": ("agentId", "id"),
    "client": ("clientAddress",),
    "feedback_index": ("feedbackIndex",),
}
"""From which argument a table's own column comes."""
SUBJECTS = {"task_id": "task:0x", "channel_id": "channel:0x", "agent_id": "agent:"}
TRUTH = ("false", "true")
PAYLOAD = '{{"block":{number},"log_index":{index},"tx":"0x{tx_hash.hex()}","args":{text}}}'


class Unread(NamedTuple):
    """A ChainEvent whose arguments are still JSON: most batches hold many more than a fold needs at a time."""

    block_number: int
    log_index: int
    tx_hash: bytes
    block_timestamp: int
    name: str
    args: bytes

    def read(self) -> ChainEvent:
        number, index, tx_hash, timestamp, name, args = self
        return ChainEvent(number, index, "0x" + tx_hash.hex(), timestamp, name, orjson.loads(args))


Record = tuple[bytes, bytes, Key, Unread]
"""An event's packed row and announcement, its own columns' values, and the event."""

Make = Callable[[RawLog, int], Record | None]
"""(log, its block's timestamp). Raises DirtyLog, or answers None, where the log must go the long way."""


@cache
def makers_of(contract: Contract) -> Mapping[bytes, tuple[EventTable, Make]]:
    """By topic: the function of each event of a contract that names what it is about in every case."""
    return {
        slicer_for(entry).topic: (table, maker(table, entry))
        for table in EVENT_TABLES
        if table.contract is contract
        for entry in abi(contract)
        if entry["type"] == "event" and entry["name"] in table.names and is_frequent(table, entry)
    }


def is_frequent(table: EventTable, entry: Mapping[str, Any]) -> bool:
    """Whether all of its table's columns but an owner come from its arguments, and none is an owner."""
    names = {argument["name"] for argument in entry["inputs"]}
    wanted = [name for name in table.columns if name != "owner"]
    owned = "owner" in table.columns and "owner" in names
    return not owned and all(names.intersection(ARGUMENTS[name]) for name in wanted)


def maker(table: EventTable, entry: Mapping[str, Any]) -> Make:
    """The function of one event."""
    source, head_size = Source(), slicer_for(entry).head_size
    indexed = [argument for argument in entry["inputs"] if argument["indexed"]]
    body = [argument for argument in entry["inputs"] if not argument["indexed"]]
    texts = [f'"{a["name"]}":{source.topic(a, n)}' for n, a in enumerate(indexed, start=1)]
    texts += [f'"{argument["name"]}":{text}' for argument, text in source.laid_out(body, 0)]
    cut = struct.Struct(">" + "".join(source.cuts))
    own = [(name, source.own(name)) for name in table.columns]
    subject = f"{SUBJECTS[table.columns[0]]}{{{source.shown(table.columns[0])}}}"
    source.names |= {
        "cut": cut.unpack,
        "mask": source.mask,
        "BEGIN": begin(entry["name"]),
        "NAME": entry["name"],
        "NOBODY": bytes(32),
    }
    row = packed_row(source, table, entry["name"], own)
    checks = [f"{raw} > {MAX_ID}" for _name, (kind, raw, _) in own if kind == "id"]
    checks += [f"{raw} == NOBODY" for name, (_, raw, _) in own if name == "channel_id"]  # a batch's payment names none
    lines = [
        "def make(log, timestamp):",
        "    number, index, _block, tx_hash, _at, _address, topics, data = log",
        f"    words = b''.join(topics[1:]) + data[:{head_size}]",
        f"    if len(topics) != {len(indexed) + 1} or len(words) != {cut.size} or number_of(words) & mask:",
        "        return None",
        f"    {''.join(f'v{n + 1}, ' for n in range(source.variables))} = cut(words)",
        f"    if {' or '.join(checks) or False}:",
        "        return None",
        f"    text = f'''{{{{{','.join(texts)}}}}}'''",
        f"    subject = f'{subject}'.encode()",
        '    payload = f\'{{"block":{number},"log_index":{index},"tx":"0x{tx_hash.hex()}","args":{text}}}\'.encode()',
        "    args = text.encode()",
        "    said = b''.join((BEGIN, size_of(len(subject)), subject, size_of(len(payload)), payload))",
        f"    row = b''.join(({row},))",
        f"    values = ({', '.join(value for _name, (_kind, _raw, value) in own)},)",
        "    return row, said, values, tuple_of(Unread, (number, index, tx_hash, timestamp, NAME, args))",
    ]
    exec("\n".join(lines), source.names)  # noqa: S102 - the text comes from the committed ABI and the models alone
    made: Make = source.names["make"]
    return made


def packed_row(source: "Source", table: EventTable, name: str, own: Sequence[tuple[str, tuple[str, str, str]]]) -> str:
    """The parts of the event's row, joined by commas."""
    columns = table_of(table.model).columns
    packed = packing.Source([("h", str(6 + len(own)))], names=source.names)
    for column, given in (("block_number", "number"), ("log_index", "index"), ("tx_hash", "tx_hash")):
        packed.add(columns[column], given, raw=True)
    packed.add(columns["block_timestamp"], "timestamp", raw=True)
    packed.flush()
    source.names["NAMED"] = packing.pack_text(name)
    packed.parts += ["NAMED", "size_of(len(args) + 1)", "JSONB", "args"]
    for column, (_kind, raw, _value) in own:
        if raw == "None":
            packed.flush()
            packed.parts.append("NULL")
        else:
            packed.add(columns[column], raw, raw=True)
    packed.flush()
    return ", ".join(packed.parts)


@dataclass
class Source(generated.Source):
    """A function in the making, whose pieces are JSON text. `found` are the expressions of the arguments that a table
    may want: its kind, its raw form and the form that folds know."""

    names: dict[str, Any] = field(
        default_factory=lambda: {
            **generated.Source().names,
            **packing.Source([]).names,
            **{"Unread": Unread, "TRUTH": TRUTH, "tuple_of": tuple.__new__, "dumps": orjson.dumps},
        }
    )
    found: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def topic(self, argument: Mapping[str, Any], n: int) -> str:
        kind = "bytes32" if argument["type"] in ("string", "bytes") else argument["type"]  # only its hash is there
        return self.text(argument["name"], kind) or self.dumped(topic_reader(kind), f"topics[{n}]")

    def laid_out(self, entries: Sequence[Mapping[str, Any]], at: int) -> list[tuple[Mapping[str, Any], str]]:
        """Each entry with its text, from byte `at` of the data on."""
        found = []
        for entry in entries:
            found.append((entry, self.field(entry, at)))
            at += data_reader(entry)[1]
        return found

    def field(self, entry: Mapping[str, Any], at: int) -> str:
        if entry["type"] == "tuple":
            inner = self.laid_out(entry["components"], at)
            return "{{" + ",".join(f'"{component["name"]}":{text}' for component, text in inner) + "}}"
        return self.text(entry["name"], entry["type"]) or self.dumped(data_reader(entry)[0], "data", str(at), "0")

    def dumped(self, reader: Callable[..., Any], *arguments: str) -> str:
        return f"{{dumps({self.read(reader, *arguments)}).decode()}}"

    def text(self, name: str, kind: str) -> str | None:
        """The text of one more word; None where a reader must do."""
        sized = SIZED.fullmatch(kind)
        if kind == "address":
            value = self.cut("12x20s", 160)
            self.found.setdefault(name, ("address", value, f"checksummed({value})"))
            return f'"{{checksummed({value})}}"'
        if kind == "bool":
            return f"{{TRUTH[{self.cut('31xB', 1)}]}}"
        if sized and sized[1] == "bytes":
            size = int(sized[2])
            value = self.cut(f"{size}s{WORD_BITS // 8 - size}x", size * 8, left=True)
            self.found.setdefault(name, ("hash", value, f"'0x' + {value}.hex()"))
            return f'"0x{{{value}.hex()}}"'
        if sized and sized[1] == "uint":
            bits = int(sized[2])
            value = self.number(bits).removeprefix("str(").removesuffix(")") if bits <= 128 else self.wide(bits)
            self.found.setdefault(name, ("id", value, value))
            return f"{{{value}}}" if bits <= MAX_JSON_BITS else f'"{{{value}}}"'
        return None

    def wide(self, bits: int) -> str:
        return f"number_of({self.cut('32s', bits)})"

    def own(self, column: str) -> tuple[str, str, str]:
        """What an argument gives a table's own column."""
        names = [name for name in ARGUMENTS.get(column, ()) if name in self.found]
        return self.found[names[0]] if names else ("none", "None", "None")

    def shown(self, column: str) -> str:
        """How a subject names it."""
        kind, raw, _value = self.own(column)
        return f"{raw}.hex()" if kind == "hash" else raw
