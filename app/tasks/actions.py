"""The verbs of a task, one function each: load, decide, and say what is signed or enqueue what needs no signature.

Nothing here commits. `deadline` is the signer's (unix seconds of the chain), or None to be given one.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.agents import queries as agents
from app.agents.actions import Registry, controls
from app.announcements.actions import announce
from app.chain import contracts, typed_data
from app.chain.contracts import AuthRole
from app.chain.typed_data import Terms
from app.clock import database_now
from app.content import actions as content
from app.content import queries as contents
from app.database import Address, Digest, Hash32, TaskId
from app.errors import AgentIdNotControlled, AuctionsNotOffered, ContentNotUploaded
from app.escrow.queries import chain_clock
from app.relayer.models import Intent
from app.relayer.rules import checked_deadline
from app.tasks import queries, rules
from app.tasks.models import Auction, Task
from app.tasks.queries import TaskView
from app.tasks.rules import NOBODY, Party, Payment
from app.tasks.rules.plans import AuctionPlan, completed, longest_seconds
from app.tasks.rules.terms import Venue
from app.tasks.signing import Desk, Signable, carry_unsigned, escrow_signable

DRAFT_DAYS = 30


@dataclass(frozen=True)
class Posting:
    """What a buyer posts."""

    terms: Terms
    title: str
    capability: str
    visibility: Literal["public", "private"]
    auction: AuctionPlan | None
    payment: Payment


async def post(desk: Desk, posting: Posting) -> TaskView:
    """Stores a draft; the same terms again are the same task. Raises the rule that the terms break."""
    terms = posting.terms
    plan = None if posting.auction is None else completed(posting.auction, terms.budget)
    clock = await chain_clock(desk.session)
    if plan is not None and desk.auctioneer is None:
        raise AuctionsNotOffered()
    seconds = None if plan is None else longest_seconds(plan)
    rules.require_payment(terms, posting.payment, auctioned=plan is not None)
    rules.require_postable(terms, venue_of(desk), desk.account, auction_seconds=seconds, time=clock.timestamp)
    await require_uploaded(desk, "content", Digest(terms.content))
    task_id = typed_data.task_id(terms, desk.deployment)
    if await store_task(desk, task_id, replace(posting, auction=plan)):
        await grant_content(desk.session, posting)
        if posting.payment is rules.Payment.AT_AWARD:
            await announce_invitation(desk.session, task_id, posting)
    return await queries.visible_task(desk.session, task_id, desk.account)


async def announce_invitation(session: AsyncSession, task_id: TaskId, posting: Posting) -> None:
    """Says that a task asks for bids: no funding will say so, since it is paid at its award."""
    facts = {"capability": posting.capability, "budget": str(posting.terms.budget)}
    await announce(session, "task.inviting", f"task:{task_id}", facts)


async def store_task(desk: Desk, task_id: TaskId, posting: Posting) -> bool:
    """Inserts task and auction; False where the task was there already."""
    place = {"chain_id": desk.deployment.chain_id, "escrow": desk.deployment.escrow}
    said = ("title", "capability", "visibility", "payment")
    words = {name: getattr(posting, name) for name in said}
    values = {
        "task_id": task_id,
        "contract_version": desk.deployment.version,
        **vars(posting.terms),
        **place,
        **words,
    }
    stored = insert(Task).values(**values).on_conflict_do_nothing().returning(Task.task_id)
    if (await desk.session.execute(stored)).scalar_one_or_none() is None:
        return False
    if posting.auction is not None:
        desk.session.add(Auction(task_id=task_id, attempts=0, **vars(posting.auction)))
        await desk.session.flush()
    return True


def venue_of(desk: Desk) -> Venue:
    """This deployment, as the rules of terms see it."""
    place = desk.deployment
    return Venue(place.chain_id, frozenset({place.escrow, place.token}), desk.auctioneer)


async def grant_content(session: AsyncSession, posting: Posting) -> None:
    """A public task's content is everybody's to read, a private one's the parties'."""
    terms = posting.terms
    named: list[Address | None] = [terms.arbiter] if terms.agent == NOBODY else [terms.arbiter, terms.agent]
    readers = [None] if posting.visibility == "public" else named
    await content.grant(session, Digest(terms.content), readers)


async def veto(desk: Desk, task_id: TaskId, deadline: int | None) -> Signable:
    """The buyer takes everything back from an award that he did not make."""
    view = await desk.task(task_id)
    rules.may_veto(view, desk.account)
    until = checked_deadline(deadline, view.time)
    return escrow_signable(desk, view, "veto", typed_data.veto(desk.deployment, task_id, until), until, contracts.veto)


async def submit(desk: Desk, task_id: TaskId, agent_id: int, deliverable: Digest, deadline: int | None) -> Signable:
    """The agent hands in what he has uploaded; buyer and arbiter may read it from then on."""
    view = await desk.task(task_id)
    held = rules.may_submit(view, desk.account)
    await require_agent_id(desk, view, agent_id)
    await require_uploaded(desk, "deliverable", deliverable)
    until = checked_deadline(deadline, view.time)
    since = held.since
    message = typed_data.submit(desk.deployment, task_id, agent_id, Hash32(deliverable), since, until)
    return escrow_signable(
        desk,
        view,
        "submit",
        message,
        until,
        lambda terms, auth: contracts.submit(terms, agent_id, Hash32(deliverable), auth),
    )


async def grant_deliverable(desk: Desk, task_id: TaskId, deliverable: Digest) -> None:
    """Buyer and arbiter may read what the agent hands in."""
    view = await desk.task(task_id)
    await content.grant(desk.session, deliverable, [view.task.buyer, view.task.arbiter])


async def release(desk: Desk, task_id: TaskId, amount: int, deadline: int | None) -> Signable:
    """The buyer pays the agent all or part of what remains."""
    view = await desk.task(task_id)
    held = rules.may_release(view, desk.account, amount)
    until = checked_deadline(deadline, view.time)
    message = typed_data.release(desk.deployment, task_id, held.remaining, amount, until)
    return escrow_signable(
        desk, view, "release", message, until, lambda terms, auth: contracts.release(terms, amount, auth)
    )


async def claim(desk: Desk, task_id: TaskId, deadline: int | None) -> Signable:
    """The agent takes what remains after a review that never came."""
    view = await desk.task(task_id)
    held = rules.may_claim(view, desk.account)
    until = checked_deadline(deadline, view.time)
    message = typed_data.claim(desk.deployment, task_id, held.remaining, until)
    return escrow_signable(desk, view, "claim", message, until, contracts.claim)


async def cancel(desk: Desk, task_id: TaskId, deadline: int | None) -> Signable:
    """One party gives the task up; the money goes back."""
    view = await desk.task(task_id)
    held = rules.may_cancel(view, desk.account)
    until = checked_deadline(deadline, view.time)
    terms = view.task.terms
    role = AuthRole.BUYER if rules.party_of(view, desk.account) is Party.BUYER else AuthRole.AGENT
    return Signable(
        verb="cancel",
        task_id=task_id,
        to=desk.deployment.escrow,
        typed_data=typed_data.cancel(desk.deployment, task_id, held.remaining, until),
        deadline=until,
        call=lambda signature: contracts.cancel(terms, contracts.pack_auth(until, signature, role)),
    )


async def reclaim(desk: Desk, task_id: TaskId) -> Intent:
    """The buyer's money goes back when a deadline has passed; whoever asks."""
    view = await desk.task(task_id)
    rules.may_reclaim(view)
    return await carry_unsigned(desk, "reclaim", task_id, contracts.reclaim(view.task.terms))


async def require_uploaded(desk: Desk, field: str, digest: Digest) -> None:
    """Raises ContentNotUploaded unless the account itself has stored these bytes."""
    if await contents.uploaded_by(desk.session, digest, desk.account) is None:
        raise ContentNotUploaded(field=field, digest=digest, account=desk.account)


async def require_agent_id(desk: Desk, view: TaskView, agent_id: int) -> None:
    """The awarded id, or for a direct hire one that the agent controls. Raises AgentIdNotControlled."""
    hired = None if view.escrow is None else view.escrow.agent_id
    if hired is None:
        await require_control(desk.session, desk.registry, desk.account, agent_id)
    elif hired != agent_id:
        raise AgentIdNotControlled(account=desk.account, agent_id=agent_id)


async def require_control(session: AsyncSession, registry: Registry, account: Address, agent_id: int) -> None:
    """Raises AgentIdNotControlled unless the account controls a mirrored agent, and ChainUnavailable."""
    agent = await agents.agent_of(session, agent_id)
    if agent is None or not await controls(registry, agent, account):
        raise AgentIdNotControlled(account=account, agent_id=agent_id)


async def announce_expired(session: AsyncSession, limit: int = 100) -> int:
    """Says once of each late task that its money can be reclaimed; how many."""
    clock = await chain_clock(session)
    late = await queries.overdue_tasks(session, clock.timestamp, limit)
    now = await database_now(session)
    for task in late:
        task.expiry_announced_at = now
        facts = {"award_by": task.award_by, "deliver_by": task.deliver_by}
        await announce(session, "task.expired", f"task:{task.task_id}", facts)
    return len(late)


async def drop_old_drafts(session: AsyncSession) -> int:
    """Deletes drafts that nobody has tried to fund for a month; how many."""
    before = await database_now(session) - timedelta(days=DRAFT_DAYS)
    dropped = await session.execute(
        delete(Task)
        .where(queries.unfunded_before(before))
        .returning(Task.task_id)
        .execution_options(synchronize_session=False)
    )
    return len(dropped.all())
