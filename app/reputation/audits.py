"""Which work is audited, and recording what was found. Nothing here commits."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import announce
from app.config import Settings
from app.database import Address, Digest, TaskId
from app.errors import AlreadyAudited, AuditsNotDrawn, NotFinalYet, NotFound, TaskNotFinished
from app.escrow.queries import chain_clock, escrow_of
from app.escrow.rules import State, is_over
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


async def record(session: AsyncSession, auditor: Address, task_id: TaskId, finding: Finding) -> None:
    """Stores what was found about the work of an ended, final task, once; the same again changes nothing.

    Raises NotFound, TaskNotFinished, NotFinalYet, AlreadyAudited.
    """
    escrow = await escrow_of(session, task_id)
    if escrow is None or escrow.agent_id is None:
        raise NotFound(kind="task with an agent")
    if not is_over(escrow.state):
        raise TaskNotFinished(state=State(escrow.state).name.lower())
    clock = await chain_clock(session)
    if escrow.last_block > clock.finalized_number:
        raise NotFinalYet(block=escrow.last_block, finalized=clock.finalized_number)
    values = {"passed": finding.passed, "method": finding.method.value, "report": finding.report}
    stored = insert(Audit).values(task_id=task_id, auditor=auditor, **values).on_conflict_do_nothing()
    if (await session.execute(stored.returning(Audit.task_id))).one_or_none() is None:
        held = await session.get(Audit, task_id)
        if held is None or any(getattr(held, name) != value for name, value in values.items()):
            raise AlreadyAudited(task_id=task_id)
        return
    facts = {"agent_id": escrow.agent_id, **values}
    await announce(session, "audit.recorded", f"task:{task_id}", facts)
