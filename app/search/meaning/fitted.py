"""The embedder fitted on the catalogue as it is stored, so that every process makes the same vectors."""

import struct
from collections.abc import Sequence
from hashlib import sha256
from typing import Self

import numpy as np

from app.search.meaning.embedder import Floats
from app.search.meaning.lsa import Lsa, embed

PREFIX = "lsa:"
HEADER = struct.Struct("<III")


class FittedEmbedder:
    """A model, with the place of each of its terms."""

    def __init__(self, model: Lsa, name: str) -> None:
        self._model = model
        self._places = model.places
        self.name = name

    @classmethod
    def read(cls, stored: bytes) -> Self:
        return cls(decoded(stored), name_of(stored))

    @property
    def dimensions(self) -> int:
        return int(self._model.directions.shape[1])

    async def embed(self, texts: Sequence[str]) -> Floats:
        """At once: some thousand multiplications a text. Callers bring few texts at a time."""
        return embed(self._model, self._places, texts)


def name_of(stored: bytes) -> str:
    return PREFIX + sha256(stored).hexdigest()[:16]


def encoded(model: Lsa) -> bytes:
    """Sizes, terms one a line, then the numbers; least significant byte first."""
    terms = "\n".join(model.terms).encode()
    header = HEADER.pack(len(terms), len(model.terms), model.directions.shape[1])
    return header + terms + model.rarity.astype("<f4").tobytes() + model.directions.astype("<f4").tobytes()


def decoded(stored: bytes) -> Lsa:
    """Raises ValueError for bytes that `encoded` did not make."""
    length, count, dimensions = HEADER.unpack_from(stored)
    at = HEADER.size + length
    terms = tuple(stored[HEADER.size : at].decode().split("\n"))
    numbers = np.frombuffer(stored, "<f4", offset=at).astype(np.float32)
    if len(terms) != count or len(numbers) != count * (1 + dimensions):
        raise ValueError("these bytes are no model")
    return Lsa(terms, numbers[:count], numbers[count:].reshape(count, dimensions))
