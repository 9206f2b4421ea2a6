"""Freezing the qualities that auctions reckon with. Nothing here commits."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import func, literal_column
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Digest, Hash32
from app.reputation import queries
from app.reputation.models import QualityEntry, QualitySnapshot
from app.reputation.rules import PRIOR_FORMULA, PRIOR_QUALITY, quality_document


async def take_snapshot(
    session: AsyncSession, formula: str, prior: int, qualities: Mapping[int, int]
) -> QualitySnapshot:
    """Stores qualities (millionths, by agent) under the digest of their document; the same again is the same one."""
    digest = Digest(Hash32("0x" + hashlib.sha256(quality_document(formula, prior, qualities)).hexdigest()))
    values = {"digest": digest, "formula": formula, "prior": prior}
    upsert = insert(QualitySnapshot).values(values)
    again = {"created_at": func.clock_timestamp()}
    upsert = upsert.on_conflict_do_update(index_elements=["digest"], set_=again)
    # xmax is 0 where the row is new: what was true before and is true again is the newest, with the entries it has.
    is_new: bool = (await session.execute(upsert.returning(literal_column("xmax = 0")))).scalar_one()
    if is_new and qualities:
        rows = [{"snapshot": digest, "agent_id": agent, "quality": quality} for agent, quality in qualities.items()]
        await session.execute(insert(QualityEntry), rows)
    found = await queries.snapshot(session, digest)
    assert found is not None
    await session.refresh(found)
    return found


async def current_snapshot(session: AsyncSession) -> QualitySnapshot:
    """The newest; before there is any, the prior for everybody."""
    newest = await queries.newest_snapshot(session)
    return newest or await take_snapshot(session, PRIOR_FORMULA, PRIOR_QUALITY, {})
