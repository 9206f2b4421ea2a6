"""Which work is audited, and recording what was found. Nothing here commits."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.config import Settings
from app.content.actions import grant
from app.content.queries import uploaded_by
from app.database import Address, Digest, Hash32, TaskId
from app.errors import AlreadyAudited, AuditNotDrawn, AuditsNotDrawn, NotFinalYet, NotFound, TaskNotFinished
from app.escrow.models import Escrow
from app.escrow.queries import chain_clock, escrow_of
from app.escrow.rules import State, is_over
from app.reputation import queries
from app.reputation.models import Audit
from app.reputation.rules import Lot, lot


def lot_of(settings: Settings) -> Lot:
    """The lot of this deployment. Raises AuditsNotDrawn."""
    if settings.audit_key is None:
        raise AuditsNotDrawn
    return lot(settings.audit_key.get_secret_value().encode(), settings.audit_share)


class Method(StrEnum):
    """A canary is a task that was posted in order to be checked; a re-execution does somebody else's again."""

    CANARY = "canary"
    REEXECUTION = "re-execution"


@dataclass(frozen=True)
class Finding:
    """`report` is the SHA-256 of what the auditor wrote down."""

    passed: bool
    method: Method
    report: Digest


async def take_on(session: AsyncSession, auditor: Address, task_id: TaskId, lot: Lot) -> None:
    """Lets an operator read what was asked for and what came, of finished work that the lot fell on.

    Raises NotFound, TaskNotFinished, NotFinalYet, AuditNotDrawn.
    """
    escrow = await finished(session, task_id)
    if not await queries.is_drawn(session, lot, task_id):
        raise AuditNotDrawn(task_id=task_id)
    for digest, party in ((escrow.content, escrow.buyer), (escrow.deliverable, escrow.agent)):
        await grant(session, await stored_by(session, digest, party), [auditor])


async def stored_by(session: AsyncSession, digest: str | None, party: str | None) -> Digest:
    """The digest, where its party stored it here himself: who only knows another's opens nothing by naming it. Raises
    NotFound."""
    if digest is not None and party is not None:
        named = Digest(Hash32(digest))
        if await uploaded_by(session, named, Address(party)) is not None:
            return named
    raise NotFound(kind="content of this task")


async def finished(session: AsyncSession, task_id: TaskId) -> Escrow:
    """The escrow of a task that had an agent and is over for good. Raises NotFound, TaskNotFinished, NotFinalYet."""
    escrow = await escrow_of(session, task_id)
    if escrow is None or escrow.agent_id is None:
        raise NotFound(kind="task with an agent")
    if not is_over(escrow.state):
        raise TaskNotFinished(state=State(escrow.state).name.lower())
    clock = await chain_clock(session)
    if escrow.last_block > clock.finalized_number:
        raise NotFinalYet(block=escrow.last_block, finalized=clock.finalized_number)
    return escrow


async def record(session: AsyncSession, auditor: Address, task_id: TaskId, finding: Finding) -> None:
    """Stores what was found about the work of an ended, final task, once; the same again changes nothing.

    Raises NotFound, TaskNotFinished, NotFinalYet, AlreadyAudited.
    """
    escrow = await finished(session, task_id)
    values = {"passed": finding.passed, "method": finding.method.value, "report": finding.report}
    stored = insert(Audit).values(task_id=task_id, auditor=auditor, **values).on_conflict_do_nothing()
    if (await session.execute(stored.returning(Audit.task_id))).one_or_none() is None:
        held = await session.get(Audit, task_id)
        if held is None or any(getattr(held, name) != value for name, value in values.items()):
            raise AlreadyAudited(task_id=task_id)
        return
    facts = {"agent_id": escrow.agent_id, **values}
    await announce(session, "audit.recorded", f"task:{task_id}", facts)
