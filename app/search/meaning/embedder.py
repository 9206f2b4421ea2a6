"""What makes vectors of texts: the interface, and what every answer has to keep to."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.errors import EmbedderUnavailable

Floats = NDArray[np.float32]


class Embedder(Protocol):
    """`name` tells its version too: vectors of different names are never compared."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> Floats:
        """A row for each text, of length one, or zeros where it has no meaning. Raises EmbedderUnavailable."""
        ...


def checked(found: Sequence[Sequence[float]], count: int, dimensions: int) -> Floats:
    """Rows of length one, as an index of inner products needs them. Raises EmbedderUnavailable for another number of
    rows, another length, or what is no number."""
    if len(found) != count:
        raise EmbedderUnavailable(reason=f"it answered {len(found)} vectors for {count} texts")
    lengths = {len(row) for row in found}
    if lengths - {dimensions}:
        raise EmbedderUnavailable(reason=f"its vectors have {max(lengths)} dimensions, not {dimensions}")
    try:
        rows = np.array(found, np.float64).reshape(count, dimensions)
    except (TypeError, ValueError, OverflowError) as error:
        raise EmbedderUnavailable(reason="a vector holds what is no number") from error
    if not np.isfinite(rows).all():
        raise EmbedderUnavailable(reason="a vector holds what is no finite number")
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0), np.float32)
