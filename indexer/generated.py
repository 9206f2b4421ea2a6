"""One function for each event, generated from its ABI: one call cuts a whole log, without one for each value.

All paddings are compared at once, by a mask over the words. Where one is dirty, or a length is wrong, the readers of
indexer.slicers look at the log again and say what is wrong with it; what has no fixed form they read in any case.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from indexer.slicers import MAX_JSON_BITS, SIZED, WORD, Slicer, checksummed, data_reader, slicer_for, topic_reader

ReadLog = Callable[[Sequence[bytes], bytes], dict[str, Any]]
WORD_BITS = 256

VALUES = {
    "address": "checksummed({})",
    "bool": "{} == 1",
    "bytes": '"0x" + {}.hex()',
    "small": "{}",
    "large": "str({})",
}
"""By the form of a word, the value that a log's arguments have for what was cut of it."""


@dataclass
class Source:
    """A function in the making: how the words are cut, which of their bits must be zero, and the names it uses. Each
    piece is a Python expression."""

    names: dict[str, Any] = field(default_factory=lambda: {"checksummed": checksummed, "number_of": int.from_bytes})
    cuts: list[str] = field(default_factory=list)
    mask: int = 0
    variables: int = 0

    def topic(self, entry: Mapping[str, Any], n: int) -> str:
        """The piece of the indexed argument in topic `n`."""
        kind = "bytes32" if entry["type"] in ("string", "bytes") else entry["type"]  # only its hash is there
        return self.word(entry["name"], kind) or self.read(topic_reader(kind), f"topics[{n}]")

    def laid_out(self, entries: Sequence[Mapping[str, Any]], at: int) -> list[tuple[str, str]]:
        """Each entry's name and piece, from byte `at` of the data on."""
        found = []
        for entry in entries:
            found.append((entry["name"], self.data(entry, at)))
            at += data_reader(entry)[1]
        return found

    def data(self, entry: Mapping[str, Any], at: int) -> str:
        if entry["type"] == "tuple":
            return self.struct(self.laid_out(entry["components"], at))
        return self.word(entry["name"], entry["type"]) or self.read(data_reader(entry)[0], "data", str(at), "0")

    def struct(self, items: Iterable[tuple[str, str]]) -> str:
        """The piece of named pieces together."""
        return "{" + ", ".join(f"{name!r}: {value}" for name, value in items) + "}"

    def word(self, name: str, kind: str) -> str | None:
        """The piece of one more word; None where a reader must do."""
        found = self.cut_value(kind)
        return None if found is None else self.piece(name, *found)

    def piece(self, _name: str, form: str, cut: str) -> str:
        """The piece of an argument, from the expression of what was cut."""
        return VALUES[form].format(cut)

    def cut_value(self, kind: str) -> tuple[str, str] | None:
        """The form of one more word and the expression of what is cut of it: bytes, or a number."""
        sized = SIZED.fullmatch(kind)
        if kind == "address":
            return "address", self.cut("12x20s", 160)
        if kind == "bool":
            return "bool", self.cut("31xB", 1)
        if sized and sized[1] == "uint":
            bits = int(sized[2])
            return "small" if bits <= MAX_JSON_BITS else "large", self.number(bits)
        if sized and sized[1] == "bytes":
            size = int(sized[2])
            return "bytes", self.cut(f"{size}s{WORD - size}x", size * 8, left=True)
        return None

    def number(self, bits: int) -> str:
        if bits <= 64:
            return self.cut("24xQ", bits)
        if bits <= 128:
            high, low = self.cut("16xQ", None), self.cut("Q", bits)
            return f"({high} << 64 | {low})"
        return f"number_of({self.cut('32s', bits)})"

    def cut(self, code: str, bits: int | None, *, left: bool = False) -> str:
        """A variable for the value that `code` cuts; the rest of a word of which it takes `bits` must be zero."""
        self.cuts.append(code)
        if bits is not None:
            rest = (1 << WORD_BITS - bits) - 1
            self.mask = self.mask << WORD_BITS | (rest if left else rest << bits)
        self.variables += 1
        return f"v{self.variables}"

    def pass_over(self) -> None:
        """A word that something else reads."""
        self.cuts.append(f"{WORD}x")
        self.mask <<= WORD_BITS

    def read(self, reader: Callable[..., Any], *arguments: str) -> str:
        """A call of a reader."""
        self.pass_over()
        name = f"read{len(self.names)}"
        self.names[name] = reader
        return f"{name}({', '.join(arguments)})"


def reader_of(abi: Mapping[str, Any]) -> tuple[Slicer, ReadLog]:
    """An event's slicer, and the function that reads its logs as the slicer would. Both raise DirtyLog."""
    slicer, source = slicer_for(abi), Source()
    indexed = [entry for entry in abi["inputs"] if entry["indexed"]]
    body = [entry for entry in abi["inputs"] if not entry["indexed"]]
    items = [(entry["name"], source.topic(entry, n)) for n, entry in enumerate(indexed, start=1)]
    items += source.laid_out(body, 0)
    cut = struct.Struct(">" + "".join(source.cuts))
    source.names |= {"slowly": slicer.args, "cut": cut.unpack, "mask": source.mask}
    lines = [
        "def read(topics, data):",
        f"    words = b''.join(topics[1:]) + data[:{slicer.head_size}]",
        f"    if len(topics) != {len(indexed) + 1} or len(words) != {cut.size} or number_of(words) & mask:",
        "        return slowly(topics, data)",
        f"    {''.join(f'v{n + 1}, ' for n in range(source.variables))} = cut(words)" if source.variables else "",
        f"    return {source.struct(items)}",
    ]
    exec("\n".join(lines), source.names)  # noqa: S102 - the text comes from the committed ABI alone
    return slicer, source.names["read"]
