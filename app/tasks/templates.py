"""Task templates: what a buyer posts again and again, with windows that are fair unless he says otherwise.

Durations, not times: `terms_of` makes the windows of one task out of them and the chain's clock. Nothing here commits.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Address
from app.errors import NotFound, TooManyTemplates
from app.tasks.models import TaskTemplate

MAX_TEMPLATES = 100
DAY = 86_400
FAIR = {"award": 2 * DAY, "deliver": 7 * DAY, "review": 3 * DAY, "veto": 3_600, "arbiter": 7 * DAY}
"""Seconds. An agent has a week, a buyer three days to look, an arbiter a week; an auctioneer's award can be vetoed for
an hour."""


async def save(session: AsyncSession, account: Address, name: str, content: Mapping[str, Any]) -> TaskTemplate:
    """Stores a template in the place of the one of that name. Raises TooManyTemplates."""
    known = {each.name for each in await of_account(session, account)}
    if name not in known and len(known) >= MAX_TEMPLATES:
        raise TooManyTemplates(limit=MAX_TEMPLATES)
    said = {"content": dict(content), "updated_at": func.clock_timestamp()}
    written = insert(TaskTemplate).values(account=account, name=name, **said)
    kept = written.on_conflict_do_update(index_elements=[TaskTemplate.account, TaskTemplate.name], set_=said)
    return (await session.scalars(kept.returning(TaskTemplate), execution_options={"populate_existing": True})).one()


async def of_account(session: AsyncSession, account: Address) -> list[TaskTemplate]:
    """An account's templates by name, at most MAX_TEMPLATES."""
    ordered = select(TaskTemplate).where(TaskTemplate.account == account).order_by(TaskTemplate.name)
    return list(await session.scalars(ordered))


async def named(session: AsyncSession, account: Address, name: str) -> TaskTemplate:
    """One of the account's own. Raises NotFound."""
    found = await session.get(TaskTemplate, (account, name))
    if found is None:
        raise NotFound(kind="template")
    return found


async def remove(session: AsyncSession, account: Address, name: str) -> None:
    """Raises NotFound."""
    gone = delete(TaskTemplate).where(TaskTemplate.account == account, TaskTemplate.name == name)
    if (await session.execute(gone.returning(TaskTemplate.name))).one_or_none() is None:
        raise NotFound(kind="template")


def terms_of(content: Mapping[str, Any], chain_time: int) -> dict[str, int]:
    """The times and windows of a task posted now, with the contract's names; a direct hire has no award."""
    windows = content["windows"]
    hired = content["agent"] is not None
    award_by = 0 if hired else chain_time + windows["award"]
    return {
        "awardBy": award_by,
        "deliverBy": (chain_time if hired else award_by) + windows["deliver"],
        "reviewSeconds": windows["review"],
        "vetoSeconds": windows["veto"] if content["auction"] is not None else 0,
        "arbiterSeconds": windows["arbiter"],
        "defaultShareBps": content["default_share_bps"],
    }
