"""Which embedder counts, and what a search means by it. Main and the jobs make one and close it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Settings
from app.errors import EmbedderUnavailable
from app.search.meaning import queries
from app.search.meaning.embedder import Embedder
from app.search.meaning.external import ExternalEmbedder
from app.search.meaning.fitted import FittedEmbedder
from app.search.meaning.models import MeaningModel

HELD = 2


class Missing(StrEnum):
    """Why a search could not go by meaning."""

    NO_VECTORS = "no_vectors"
    EMBEDDER_UNAVAILABLE = "embedder_unavailable"
    UNKNOWN_WORDS = "unknown_words"
    SORTED = "sorted"


@dataclass(frozen=True)
class Meant:
    """What a search looks for, as a vector of `model`'s."""

    model: MeaningModel
    vector: Sequence[float]


class Embedders:
    """The external embedder, where settings name one; else the fitted models, each read once."""

    def __init__(self, settings: Settings) -> None:
        url, model, dimensions = settings.embedder_url, settings.embedder_model, settings.embedder_dimensions
        self.external: ExternalEmbedder | None = None
        if url is not None and model is not None and dimensions is not None:
            self.external = ExternalEmbedder(settings, url, model, dimensions)
        self._fitted: dict[int, FittedEmbedder] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self.external is not None:
            await self.external.close()

    async def models(self, session: AsyncSession) -> list[MeaningModel]:
        """Those whose vectors can be made now, newest first; none where the database takes no vectors."""
        return await queries.models_of(session, None if self.external is None else self.external.name)

    async def of(self, session: AsyncSession, model: MeaningModel) -> Embedder | None:
        """What makes vectors of this model; None where the model has just gone."""
        if self.external is not None:
            return self.external
        if model.id not in self._fitted:
            stored = await queries.fitted_bytes(session, model.id)
            if stored is None:
                return None
            self._fitted[model.id] = FittedEmbedder.read(stored)
            for oldest in sorted(self._fitted)[:-HELD]:
                del self._fitted[oldest]
        return self._fitted[model.id]

    async def meant(self, session: AsyncSession, text: str) -> Meant | Missing:
        """The vector of a search, by the newest model that is ready, or why there is none. Never raises because of an
        embedder: a search goes by words then."""
        ready = [model for model in await self.models(session) if model.ready_at is not None]
        embedder = await self.of(session, ready[0]) if ready else None
        if embedder is None:
            return Missing.NO_VECTORS
        try:
            vector = (await embedder.embed([text]))[0]
        except EmbedderUnavailable:
            return Missing.EMBEDDER_UNAVAILABLE
        return Meant(ready[0], vector.tolist()) if vector.any() else Missing.UNKNOWN_WORDS
