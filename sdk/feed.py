"""What happened, in order: the feed for readers who poll."""

from sdk.schemas import Announcement
from sdk.session import Session


class Feed(Session):
    async def announcements(
        self, after: int = 0, *, limit: int = 500, subject: str | None = None
    ) -> list[Announcement]:
        """What happened after the position `after`, oldest first, as far as this wallet may see it; go on after the
        last one's position. `subject` narrows it: `task:0x…`, `agent:7`."""
        page = await self._get("/v1/announcements", after=after, limit=limit, subject=subject)
        return [Announcement.model_validate(each) for each in page["items"]]
