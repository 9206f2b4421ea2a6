"""Two clocks that are never compared.

Chain time is the timestamp of the latest block read (escrow.queries.chain_clock) and governs what a contract
enforces. Database time governs auctions, sessions and retries; this module is how the app reads it.
"""

from datetime import datetime

from sqlalchemy import Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

TODAY = cast(func.timezone("UTC", func.now()), Date)
"""The database's calendar day (UTC), in a statement."""


async def database_now(session: AsyncSession) -> datetime:
    """The database's clock, aware, at this statement (not at the transaction's start)."""
    return (await session.execute(select(func.clock_timestamp()))).scalar_one()
