"""Every SELECT of the vectors: which model is searched, what is due, and what is nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, func, literal, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.listings.models import Listing
from app.search.meaning.embedder import Floats
from app.search.meaning.fitted import PREFIX
from app.search.meaning.models import LISTING_VECTORS, MeaningDue, MeaningModel, Vector
from app.search.models import SearchRow

LEAST_LIKE = 0.1
"""Listings whose cosine with what is looked for is below have nothing to do with it."""
NEAR = text("""
SELECT set_config('hnsw.ef_search', '100', true), set_config('hnsw.iterative_scan', 'strict_order', true)
""")
"""As many as are taken; and on, where filters leave fewer."""
NEAREST = 100
"""So many are taken: twice as many cost twice the time, and add what has little to do with the search."""
POSSIBLE: ColumnElement[bool] = literal_column("to_regclass('market.listing_vectors') IS NOT NULL")
CAPABILITIES = text("""
SELECT DISTINCT ON (name) name, left(description, 2000) AS description FROM market.capabilities
ORDER BY name, major DESC, minor DESC LIMIT :most
""")
CHANGED = text("""
SELECT count(*) FILTER (WHERE listing.updated_at > CAST(:since AS timestamptz)) AS changed, count(*) AS texts
FROM market.search_rows row JOIN market.listings listing ON listing.id = row.listing_id
""")


@dataclass(frozen=True)
class Change:
    """How many listings there are, and how many were posted or changed since some time."""

    changed: int
    texts: int


@dataclass(frozen=True)
class Due:
    """A listing as it was read: its vector counts only while its version does."""

    listing_id: UUID
    version: int
    text: str


async def vectors_possible(session: AsyncSession) -> bool:
    """Whether pgvector was there when the database was prepared."""
    return await session.scalar(select(POSSIBLE)) is True


async def models_of(session: AsyncSession, name: str | None) -> list[MeaningModel]:
    """Those of the external embedder `name`, or those that were fitted; newest first. None without pgvector."""
    kind = MeaningModel.name.startswith(PREFIX) if name is None else MeaningModel.name == name
    wanted = select(MeaningModel).where(kind, POSSIBLE).order_by(MeaningModel.id.desc())
    return list(await session.scalars(wanted))


async def fitted_bytes(session: AsyncSession, model_id: int) -> bytes | None:
    """What `app.search.meaning.fitted.encoded` made; None where the model has gone."""
    wanted = select(MeaningModel).where(MeaningModel.id == model_id).options(undefer(MeaningModel.fitted))
    found = await session.scalar(wanted.execution_options(populate_existing=True))
    return None if found is None else found.fitted


async def due(session: AsyncSession, model_id: int, limit: int) -> list[Due]:
    """Some of what has to be made, locked, with what it says now."""
    wanted = (
        select(Listing)
        .join(MeaningDue, MeaningDue.listing_id == Listing.id)
        .where(MeaningDue.model_id == model_id)
        .order_by(MeaningDue.listing_id)
        .limit(limit)
        .with_for_update(of=MeaningDue, skip_locked=True)
    )
    return [Due(each.id, each.version, said(each)) for each in await session.scalars(wanted)]


async def models_beside(session: AsyncSession, kept: set[int]) -> list[int]:
    """Those of other embedders, and those that newer ones took the place of."""
    return list(await session.scalars(select(MeaningModel.id).where(MeaningModel.id.not_in(kept))))


async def change_since(session: AsyncSession, since: datetime | None) -> Change:
    """Counts what can be found; without a time nothing counts as changed."""
    found = (await session.execute(CHANGED, {"since": since})).one()
    return Change(found.changed, found.texts)


async def all_texts(session: AsyncSession, most: int) -> list[str]:
    """What public listings and the catalogue say, of a large catalogue a part that is spread over it."""
    listings = select(Listing).join(SearchRow, SearchRow.listing_id == Listing.id)
    some = listings.order_by(func.md5(cast(Listing.id, Text))).limit(most)
    texts = [said(each) for each in await session.scalars(some)]
    capabilities = await session.execute(CAPABILITIES, {"most": most})
    return texts + [f"{spaced(each.name)} {each.description}" for each in capabilities]


def said(listing: Listing) -> str:
    """The text of a listing: what the search by words reads, too."""
    parts = (listing.title, spaced(listing.capability), " ".join(listing.tags), listing.description[:2000])
    return "\n".join(parts)


def spaced(capability: str) -> str:
    return capability.replace(".", " ").replace("-", " ")


async def nearest(
    session: AsyncSession, model: MeaningModel, vector: Sequence[float], among: ColumnElement[bool], limit: int
) -> list[UUID]:
    """The listings `among` those of the search that are most like the vector, best first."""
    await session.execute(NEAR)
    kind = Vector(model.dimensions)
    # The model's number and length stand in the text: by a parameter the planner would not know its index.
    own: ColumnElement[bool] = literal_column(f"listing_vectors.model_id = {int(model.id)}")
    held = cast(literal_column("listing_vectors.embedding"), kind)
    far: ColumnElement[float] = held.op("<#>")(cast(literal(written(vector), Text), kind))
    found = (
        select(LISTING_VECTORS.c.listing_id, far.label("far"))
        .join(SearchRow, SearchRow.listing_id == LISTING_VECTORS.c.listing_id)
        .where(own, among)
        .order_by(far)
        .limit(limit)
    )
    rows = [(each.far, each.listing_id) for each in await session.execute(found)]
    return [listing_id for distance, listing_id in sorted(rows) if -distance >= LEAST_LIKE]


def written(vector: Sequence[float] | Floats) -> str:
    """A vector as pgvector reads one."""
    return "[" + ",".join(f"{float(each):.7g}" for each in vector) + "]"
