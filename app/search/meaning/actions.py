"""Storing models and vectors, and saying which are due. Each works in the caller's transaction and never commits."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.search.meaning.embedder import Floats
from app.search.meaning.models import MeaningModel
from app.search.meaning.queries import Due, written

ALL_DUE = text("""
INSERT INTO market.meaning_due (model_id, listing_id) SELECT :model_id, listing_id FROM market.search_rows
ON CONFLICT DO NOTHING
""")
MISSED_DUE = text("""
INSERT INTO market.meaning_due (model_id, listing_id)
SELECT model.id, row.listing_id FROM market.meaning_models model CROSS JOIN market.search_rows row
WHERE model.id = ANY(CAST(:models AS bigint[])) AND NOT EXISTS (
    SELECT FROM market.listing_vectors made WHERE made.model_id = model.id AND made.listing_id = row.listing_id)
LIMIT 1000
ON CONFLICT DO NOTHING
""")
CHANGED_DUE = text("""
INSERT INTO market.meaning_due (model_id, listing_id)
SELECT model.id, listing.id FROM market.meaning_models model
CROSS JOIN market.listings listing WHERE listing.id = ANY(CAST(:ids AS uuid[]))
ON CONFLICT DO NOTHING
""")
STORE = text("""
INSERT INTO market.listing_vectors (model_id, listing_id, embedding)
SELECT :model_id, made.listing_id, CAST(made.embedding AS vector)
FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[]), CAST(:vectors AS text[]))
    AS made (listing_id, version, embedding)
JOIN market.search_rows row ON row.listing_id = made.listing_id
JOIN market.listings listing ON listing.id = made.listing_id AND listing.version = made.version
ON CONFLICT (model_id, listing_id) DO UPDATE SET embedding = excluded.embedding
""")
DONE = text("""
DELETE FROM market.meaning_due due
USING unnest(CAST(:ids AS uuid[]), CAST(:versions AS integer[])) AS made (listing_id, version)
JOIN market.listings listing ON listing.id = made.listing_id AND listing.version = made.version
WHERE due.model_id = :model_id AND due.listing_id = made.listing_id
""")
READY = text("""
UPDATE market.meaning_models SET ready_at = clock_timestamp()
WHERE id = ANY(CAST(:models AS bigint[])) AND ready_at IS NULL
    AND NOT EXISTS (SELECT FROM market.meaning_due WHERE model_id = meaning_models.id)
""")


async def add_model(session: AsyncSession, name: str, dimensions: int, fitted: bytes | None, texts: int) -> None:
    """Makes the model, its index and a list of what is due; of one that is there only its time is new."""
    known = select(MeaningModel).where(MeaningModel.name == name)
    found = await session.scalar(known)
    if found is not None:
        await session.execute(
            text("UPDATE market.meaning_models SET made_at = clock_timestamp(), texts = :texts WHERE id = :id"),
            {"texts": texts, "id": found.id},
        )
        return
    values = {"name": name, "dimensions": dimensions, "fitted": fitted, "texts": texts}
    model_id = await session.scalar(insert(MeaningModel).values(values).returning(MeaningModel.id))
    await session.execute(text("SELECT market.index_vectors(:id)"), {"id": model_id})
    await session.execute(ALL_DUE, {"model_id": model_id})


async def forget_model(session: AsyncSession, model_id: int) -> None:
    """Takes it away with its vectors and its index."""
    await session.execute(text("SELECT market.forget_model(:id)"), {"id": model_id})


async def changed(session: AsyncSession, listing_ids: Sequence[UUID]) -> None:
    """These listings need new vectors of each model: said in the transaction that makes their rows anew."""
    await session.execute(CHANGED_DUE, {"ids": [str(each) for each in listing_ids]})


async def sweep(session: AsyncSession, models: Sequence[int]) -> None:
    """Says what no announcement said: findable listings without a vector."""
    await session.execute(MISSED_DUE, {"models": list(models)})


async def store(session: AsyncSession, model_id: int, read: Sequence[Due], vectors: Floats) -> None:
    """Writes the vectors of listings that say what they said when they were read; others stay due."""
    made = {"ids": [str(each.listing_id) for each in read], "versions": [each.version for each in read]}
    texts = [written(each) for each in vectors]
    await session.execute(STORE, {"model_id": model_id, "vectors": texts, **made})
    await session.execute(DONE, {"model_id": model_id, **made})


async def mark_ready(session: AsyncSession, models: Sequence[int]) -> None:
    """Those of which nothing is due are searched from now on."""
    await session.execute(READY, {"models": list(models)})
