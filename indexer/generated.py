"""One function for each event, generated from its ABI: one call cuts a whole log, without one for each value.

All paddings are compared at once, by a mask over the words. Where one is dirty, or a length is wrong, the readers of
indexer.slicers look at the log again and say what is wrong with it; what has no fixed form they read in any case.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from indexer.slicers import MAX_JSON_BITS, SIZED, WORD, Slicer, checksummed, data_reader, slicer_for, topic_reader

ReadLog = Callable[[Sequence[bytes], bytes], dict[str, Any]]
WORD_BITS = 256


@dataclass
class Source:
    """A function in the making: how the words are cut, which of their bits must be zero, and the names it uses."""

    names: dict[str, Any] = field(default_factory=lambda: {"checksummed": checksummed, "number_of": int.from_bytes})
    cuts: list[str] = field(default_factory=list)
    mask: int = 0
    variables: int = 0

    def word(self, kind: str) -> str | None:
        """The expression for one more word; None where a reader must do."""
        sized = SIZED.fullmatch(kind)
        if kind == "address":
            return f"checksummed({self.cut('12x20s', 160)})"
        if kind == "bool":
            return f"{self.cut('31xB', 1)} == 1"
        if sized and sized[1] == "uint":
            return self.number(int(sized[2]))
        if sized and sized[1] == "bytes":
            size = int(sized[2])
            return f'"0x" + {self.cut(f"{size}s{WORD - size}x", size * 8, left=True)}.hex()'
        return None

    def number(self, bits: int) -> str:
        if bits <= MAX_JSON_BITS:
            return self.cut("24xQ", bits)
        if bits <= 64:
            return f"str({self.cut('24xQ', bits)})"
        if bits <= 128:
            high, low = self.cut("16xQ", None), self.cut("Q", bits)
            return f"str({high} << 64 | {low})"
        return f"str(number_of({self.cut('32s', bits)}))"

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
    items = [f"{e['name']!r}: {topic_value(source, e['type'], n)}" for n, e in enumerate(indexed, start=1)]
    items += [f"{entry['name']!r}: {value}" for entry, value in laid_out(source, body, 0)]
    cut = struct.Struct(">" + "".join(source.cuts))
    source.names |= {"slowly": slicer.args, "cut": cut.unpack, "mask": source.mask}
    lines = [
        "def read(topics, data):",
        f"    words = b''.join(topics[1:]) + data[:{slicer.head_size}]",
        f"    if len(topics) != {len(indexed) + 1} or len(words) != {cut.size} or number_of(words) & mask:",
        "        return slowly(topics, data)",
        f"    {''.join(f'v{n + 1}, ' for n in range(source.variables))} = cut(words)" if source.variables else "",
        f"    return {{{', '.join(items)}}}",
    ]
    exec("\n".join(lines), source.names)  # noqa: S102 - the text comes from the committed ABI alone
    return slicer, source.names["read"]


def topic_value(source: Source, kind: str, n: int) -> str:
    if kind in ("string", "bytes"):
        kind = "bytes32"  # only its hash is there
    return source.word(kind) or source.read(topic_reader(kind), f"topics[{n}]")


def laid_out(source: Source, entries: Sequence[Mapping[str, Any]], at: int) -> list[tuple[Mapping[str, Any], str]]:
    """Each entry with its expression, from byte `at` of the data on."""
    found = []
    for entry in entries:
        found.append((entry, data_value(source, entry, at)))
        at += data_reader(entry)[1]
    return found


def data_value(source: Source, entry: Mapping[str, Any], at: int) -> str:
    if entry["type"] == "tuple":
        inner = laid_out(source, entry["components"], at)
        return "{" + ", ".join(f"{component['name']!r}: {value}" for component, value in inner) + "}"
    return source.word(entry["type"]) or source.read(data_reader(entry)[0], "data", str(at), "0")
