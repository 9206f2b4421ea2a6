"""Rating a paid task; freezing the qualities that auctions reckon with. Nothing here commits."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, literal_column
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.chain import contracts, typed_data
from app.chain.typed_data import Feedback
from app.database import Digest, Hash32, TaskId
from app.errors import AlreadyRated
from app.relayer.models import Intent
from app.reputation import queries, rules
from app.reputation.models import QualityEntry, QualitySnapshot, Review
from app.reputation.rules import PRIOR_FORMULA, PRIOR_QUALITY, quality_document
from app.tasks.queries import TaskView
from app.tasks.rules import checked_deadline
from app.tasks.signing import Desk, Signable


@dataclass(frozen=True)
class Opinion:
    """What a buyer says: whole stars and words."""

    stars: int
    comment: str

    @property
    def digest(self) -> Digest:
        """SHA-256 of the words in UTF-8: what the registry keeps of them."""
        return Digest(Hash32("0x" + hashlib.sha256(self.comment.encode()).hexdigest()))


async def review(desk: Desk, task_id: TaskId, opinion: Opinion, deadline: int | None) -> Signable:
    """The buyer rates the agent of a paid task, once."""
    view = await desk.task(task_id)
    agent_id = rules.may_review(view, view.escrow, desk.account, view.clock.finalized_number)
    if await queries.feedback_on(desk.session, task_id) is not None:
        raise AlreadyRated(task_id=task_id)
    until = checked_deadline(deadline, view.time)
    feedback, terms = feedback_of(view, agent_id, opinion), view.task.terms
    return Signable(
        typed_data=typed_data.task_feedback(desk.deployment, task_id, feedback, until),
        deadline=until,
        verb="review",
        task_id=task_id,
        to=desk.deployment.reputation,
        call=lambda signature: contracts.give_task_feedback(terms, feedback, contracts.pack_auth(until, signature)),
    )


def feedback_of(view: TaskView, agent_id: int, opinion: Opinion) -> Feedback:
    """The opinion in ERC-8004's words."""
    return Feedback(
        agent_id=agent_id,
        value=opinion.stars,
        value_decimals=0,
        tag1=rules.TAG,
        tag2=view.task.capability,
        endpoint="",
        feedback_uri="",
        feedback_hash=Hash32(opinion.digest),
    )


async def keep_review(desk: Desk, task_id: TaskId, opinion: Opinion, intent: Intent) -> None:
    """Stores the words beside the intent that carries their digest; a later attempt replaces a failed one's."""
    view = await desk.task(task_id)
    agent_id = None if view.escrow is None else view.escrow.agent_id
    words = {"stars": opinion.stars, "comment": opinion.comment, "comment_digest": opinion.digest}
    row = {"agent_id": agent_id, "client": desk.account, "intent_id": intent.id, **words}
    upsert = insert(Review).values(task_id=task_id, **row)
    upsert = upsert.on_conflict_do_update(index_elements=["task_id"], set_=row, where=Review.intent_id != intent.id)
    stored = (await desk.session.execute(upsert.returning(Review.task_id))).scalar_one_or_none()
    if stored is not None:
        facts = {"agent_id": agent_id, "stars": opinion.stars}
        await announce(desk.session, "review.published", f"task:{task_id}", facts)


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
