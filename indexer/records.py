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
from indexer.decode import Contract, RawLog
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


class Own(NamedTuple):
    """A table's own column: the form and the expression of what was cut for it, and that of the value which folds
    know."""

    column: str
    form: str
    cut: str
    known: str


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
        if entry["type"] == "event" and entry["name"] in table.names and has_short_way(table, entry)
    }


def has_short_way(table: EventTable, entry: Mapping[str, Any]) -> bool:
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
    texts = [(argument["name"], source.topic(argument, n)) for n, argument in enumerate(indexed, start=1)]
    texts += source.laid_out(body, 0)
    cut = struct.Struct(">" + "".join(source.cuts))
    own = [source.own(name) for name in table.columns]
    source.names |= {"cut": cut.unpack, "mask": source.mask, "NOBODY": bytes(32)}
    source.names |= {"BEGIN": begin(entry["name"]), "NAME": entry["name"]}
    row = packed_row(source, table, entry["name"], own)
    lines = [
        "def make(log, timestamp):",
        "    number, index, _block, tx_hash, _at, _address, topics, data = log",
        f"    words = b''.join(topics[1:]) + data[:{head_size}]",
        f"    if len(topics) != {len(indexed) + 1} or len(words) != {cut.size} or number_of(words) & mask:",
        "        return None",
        f"    {''.join(f'v{n + 1}, ' for n in range(source.variables))} = cut(words)",
        *(f"    if {check}:\n        return None" for check in refusals(own)),
        f"    text = f'''{source.struct(texts)}'''",
        f"    subject = f'{subject_of(own[0])}'.encode()",
        f"    payload = f'{PAYLOAD}'.encode()",
        "    args = text.encode()",
        "    said = b''.join((BEGIN, size_of(len(subject)), subject, size_of(len(payload)), payload))",
        f"    row = b''.join(({row},))",
        f"    values = ({', '.join(each.known for each in own)},)",
        "    return row, said, values, tuple_of(Unread, (number, index, tx_hash, timestamp, NAME, args))",
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
    shown = f"{own.cut}.hex()" if own.form == "bytes" else own.cut
    return f"{SUBJECTS[own.column]}{{{shown}}}"


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


TEXTS = {
    "address": '"{{checksummed({})}}"',
    "bool": "{{TRUTH[{}]}}",
    "bytes": '"0x{{{}.hex()}}"',
    "small": "{{{}}}",
    "large": '"{{{}}}"',
}
"""As generated.VALUES, in JSON."""


@dataclass
class Source(generated.Source):
    """A function in the making, whose pieces are JSON text within an f-string. `found` are the arguments that a table
    may want, by name: the form, and the expression of what was cut."""

    names: dict[str, Any] = field(
        default_factory=lambda: {
            **generated.Source().names,
            **packing.Source([]).names,
            **{"Unread": Unread, "TRUTH": TRUTH, "tuple_of": tuple.__new__, "dumps": orjson.dumps},
        }
    )
    found: dict[str, tuple[str, str]] = field(default_factory=dict)

    def struct(self, items: Iterable[tuple[str, str]]) -> str:
        return "{{" + ",".join(f'"{name}":{text}' for name, text in items) + "}}"

    def piece(self, name: str, form: str, cut: str) -> str:
        self.found.setdefault(name, (form, cut))
        return TEXTS[form].format(cut)

    def read(self, reader: Callable[..., Any], *arguments: str) -> str:
        return f"{{dumps({super().read(reader, *arguments)}).decode()}}"

    def own(self, column: str) -> Own:
        """What an argument gives a table's own column; nothing but an owner may be missing."""
        names = [name for name in ARGUMENTS.get(column, ()) if name in self.found]
        if not names:
            return Own(column, "none", "None", "None")
        form, cut = self.found[names[0]]
        # Ids are numbers for the folds, whatever their width; hashes and addresses are text.
        known = cut if form in ("small", "large") else generated.VALUES[form].format(cut)
        return Own(column, form, cut, known)
