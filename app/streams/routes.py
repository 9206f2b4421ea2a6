"""GET /v1/announcements: the feed for readers who poll."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.announcements.actions import sequence
from app.streams import queries
from app.streams.schemas import Feed, feed_of
from app.web.dependencies import DbSession, MaybeAccount
from app.web.paging import MAX_BIGINT

router = APIRouter(prefix="/v1/announcements", tags=["announcements"])


@router.get("")
async def list_announcements(
    session: DbSession,
    account: MaybeAccount,
    after: Annotated[int, Query(ge=0, le=MAX_BIGINT)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    subject: Annotated[str | None, Query(max_length=100, pattern=r"^[a-z]+:[0-9A-Za-z]+$")] = None,
) -> Feed:
    """What happened after the position `after`, oldest first; `subject` narrows it to one task, agent or owner."""
    await sequence(session.bind)
    return feed_of(await queries.visible_after(session, after, limit, account=account, subject=subject), after)
