"""One function for each frequent event, generated from its ABI and its table: from a log to all that is stored of it.

Where a log has the form that its ABI promises, one call makes the event's row, its announcement, and what the folds
take, without the objects in between. None says that the log must go the long way (indexer.rows), which also knows what
is wrong with it; a property test holds both ways equal.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

import orjson

from app.chain.contracts import abi
from app.chain.events import ChainEvent
from indexer import generated, packing
from indexer.announce import begin
from indexer.decode import Contract
from indexer.log_rows import AFTER_FIRST_TOPIC, TOPIC_BYTES, TX_HASH, WORD, data_at
from indexer.projections import EVENT_TABLES, MAX_ID, EventTable, Key
from indexer.slicers import slicer_for
from indexer.tables import table_of

ARGUMENTS: Mapping[str, Sequence[str]] = {
    "task_id": ("taskId", "parentId"),
    "channel_id": ("channelId",),
    "agent_id": ("agentId", "id"),
    "client": ("clientAddress",),
    "feedback_index": ("feedbackIndex",),
}
"""From which argument a table's own column comes."""
SUBJECTS = {"task_id": "task:", "channel_id": "channel:", "agent_id": "agent:"}
TRUTH = ("false", "true")


class Own(NamedTuple):
    """A table's own column: the form and the expression of what was cut for it, and that of the value which folds
    know."""

    column: str
    form: str
    cut: str
    known: str


Record = tuple[bytes, bytes, Key, ChainEvent]
"""An event's packed row and announcement, its own columns' values, and the event."""

Make = Callable[[bytes, int, int, int], Record | None]
"""(a log's row, its block number, its index, its block's timestamp). Raises DirtyLog, or answers None, where the log
must go the long way."""


@cache
def makers_of(contract: Contract) -> Mapping[tuple[int, bytes], tuple[EventTable, Make]]:
    """By number of topics and first topic: the function of each event of a contract that names what it is about in
    every case."""
    return {
        (1 + len(indexed_in(entry)), slicer_for(entry).topic): (table, maker(table, entry))
        for table in EVENT_TABLES
        if table.contract is contract
        for entry in abi(contract)
        if entry["type"] == "event" and entry["name"] in table.names and has_short_way(table, entry)
    }


def has_short_way(table: EventTable, entry: Mapping[str, Any]) -> bool:
    """Whether all of its table's columns but an owner come from its arguments, and none is an owner."""
    names = {argument["name"] for argument in entry["inputs"]}
    wanted = [name for name in table.columns if name != "owner"]
    owned = "owner" in table.columns and "owner" in names
    return not owned and all(names.intersection(ARGUMENTS[name]) for name in wanted)


def indexed_in(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [argument for argument in entry["inputs"] if argument["indexed"]]


def maker(table: EventTable, entry: Mapping[str, Any]) -> Make:
    """The function of one event."""
    indexed = indexed_in(entry)
    body = [argument for argument in entry["inputs"] if not argument["indexed"]]
    source = Source(topics=1 + len(indexed))
    args = source.struct(source.arguments(indexed, body))
    cut = struct.Struct(">" + "".join(source.cuts))
    own = [source.own(name) for name in table.columns]
    source.names |= {"cut": cut.unpack, "MASK": source.mask, "SIZES": source.sizes, "NOBODY": bytes(32)}
    source.names |= {"BEGIN": begin(entry["name"]), "NAME": entry["name"]}
    row = packed_row(source, table, entry["name"], own)
    lines = [
        "def make(log, number, index, timestamp):",
        f"    words = log[{AFTER_FIRST_TOPIC}:{AFTER_FIRST_TOPIC + cut.size}]",
        f"    if len(words) != {cut.size} or number_of(words) & MASK != SIZES:",
        "        return None",
        f"    {''.join(f'v{n + 1}, ' for n in range(source.variables))} = cut(words)",
        *(f"    if {check}:\n        return None" for check in refusals(own)),
        f"    tx_hash = log[{TX_HASH.start}:{TX_HASH.stop}]",
        "    tx = '0x' + tx_hash.hex()",
        *source.lines,
        f"    args = f'{source.texts[args]}'.encode()",
        f"    subject = f'{subject_of(own[0])}'.encode()",
        '    about = f\'{{"block":{number},"log_index":{index},"tx":"{tx}","args":\'.encode()',
        "    size = size_of(len(about) + len(args) + 1)",
        "    said = b''.join((BEGIN, size_of(len(subject)), subject, size, about, args, b'}'))",
        f"    row = b''.join(({row},))",
        f"    values = ({', '.join(each.known for each in own)},)",
        f"    event = tuple_of(ChainEvent, (number, index, tx, timestamp, NAME, {args}))",
        "    return row, said, values, event",
    ]
    exec("\n".join(lines), source.names)  # noqa: S102 - the text comes from the committed ABI and the models alone
    made: Make = source.names["make"]
    return made


def refusals(own: Sequence[Own]) -> list[str]:
    """When a log must go the long way for what its columns would hold."""
    too_large = [f"{each.cut} > {MAX_ID}" for each in own if each.form in ("small", "large")]
    return too_large + [f"{each.cut} == NOBODY" for each in own if each.column == "channel_id"]  # a batch's payment


def subject_of(own: Own) -> str:
    """Whom it is about, by the table's first column."""
    return f"{SUBJECTS[own.column]}{{{own.known}}}"


def packed_row(source: "Source", table: EventTable, name: str, own: Sequence[Own]) -> str:
    """The parts of the event's row, joined by commas."""
    columns = table_of(table.model).columns
    given = {"block_number": "number", "log_index": "index", "tx_hash": "tx_hash", "block_timestamp": "timestamp"}
    width = len(given) + 2 + len(own)  # two more: name and args
    packed = packing.Source([("h", str(width))], names=source.names)
    for column, value in given.items():
        packed.add(columns[column], value, raw=True)
    packed.flush()
    source.names["NAMED"] = packing.pack_text(name)
    packed.parts += ["NAMED", "size_of(len(args) + 1)", "JSONB", "args"]
    for each in own:
        if each.form == "none":
            packed.flush()
            packed.parts.append("NULL")
        else:
            packed.add(columns[each.column], each.cut, raw=True)
    packed.flush()
    return ", ".join(packed.parts)


NAMED = frozenset({"address", "bytes", "large"})
"""The forms of a word whose value costs a call, and is needed more than once."""
TEXTS = {"bool": "{{TRUTH[{cut}]}}", "small": "{{{cut}}}", **dict.fromkeys(NAMED, '"{{{value}}}"')}
"""By the form of a word, its value in JSON."""


@dataclass
class Source(generated.Source):
    """A function in the making, whose pieces are expressions of values. `lines` make what is needed more than once,
    `texts` are the values in JSON, within an f-string, and `found` are the arguments that a table may want, by name:
    the form, the expression of what was cut, and that of the value."""

    topics: int = 1
    names: dict[str, Any] = field(
        default_factory=lambda: {
            **generated.Source().names,
            **packing.Source([]).names,
            **{"ChainEvent": ChainEvent, "TRUTH": TRUTH, "tuple_of": tuple.__new__, "dumps": orjson.dumps},
        }
    )
    lines: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    found: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    sizes: int = 0
    """What the mask leaves of a good log: the sizes before its topics."""

    def arguments(
        self, indexed: Sequence[Mapping[str, Any]], body: Sequence[Mapping[str, Any]]
    ) -> list[tuple[str, str]]:
        """All arguments, by name."""
        found = []
        for n, argument in enumerate(indexed, start=1):
            self.pass_size(WORD)
            found.append((argument["name"], self.topic(argument, n)))
        self.pass_size(None)
        return found + self.laid_out(body, 0)

    def pass_size(self, size: int | None) -> None:
        """The four bytes before a topic, or before the data, which may have any length."""
        self.cuts.append("4x")
        self.mask <<= 32
        self.sizes <<= 32
        if size is not None:
            self.mask |= (1 << 32) - 1
            self.sizes |= size

    def cut(self, code: str, bits: int | None, *, left: bool = False) -> str:
        if bits is not None:
            self.sizes <<= generated.WORD_BITS
        return super().cut(code, bits, left=left)

    def pass_over(self) -> None:
        self.sizes <<= generated.WORD_BITS
        super().pass_over()

    def struct(self, items: Iterable[tuple[str, str]]) -> str:
        given = list(items)
        value = "{" + ", ".join(f"{name!r}: {piece}" for name, piece in given) + "}"
        self.texts[value] = "{{" + ",".join(f'"{name}":{self.texts[piece]}' for name, piece in given) + "}}"
        return value

    def piece(self, name: str, form: str, cut: str) -> str:
        value = super().piece(name, form, cut)
        if form in NAMED:
            value = self.line(value)
        self.texts[value] = TEXTS[form].format(cut=cut, value=value)
        self.found.setdefault(name, (form, cut, value))
        return value

    def read(self, reader: Callable[..., Any], *arguments: str) -> str:
        value = self.line(super().read(reader, *map(self.place_in_row, arguments)))
        self.texts[value] = f"{{dumps({value}).decode()}}"
        return value

    def place_in_row(self, argument: str) -> str:
        """Where the readers' arguments stand."""
        if argument == "data":
            return f"log[{data_at(self.topics)}:]"
        if argument.startswith("topics["):
            begin = AFTER_FIRST_TOPIC + TOPIC_BYTES * (int(argument[7:-1]) - 1) + 4
            return f"log[{begin}:{begin + WORD}]"
        return argument

    def line(self, expression: str) -> str:
        """A name for what is used more than once."""
        name = f"s{len(self.lines) + 1}"
        self.lines.append(f"    {name} = {expression}")
        return name

    def own(self, column: str) -> Own:
        """What an argument gives a table's own column; nothing but an owner may be missing."""
        names = [name for name in ARGUMENTS.get(column, ()) if name in self.found]
        if not names:
            return Own(column, "none", "None", "None")
        form, cut, value = self.found[names[0]]
        # Ids are numbers for the folds, whatever their width; hashes and addresses are text.
        return Own(column, form, cut, cut if form in ("small", "large") else value)
