"""/v1: what ended tasks say about an agent, audits, and the qualities that auctions reckon with."""

from fastapi import APIRouter, Response, status

from app.agents.queries import agent_of
from app.errors import NotFound
from app.escrow.queries import chain_clock
from app.reputation import audits, judging, queries
from app.reputation.rules import quality_document, record_of
from app.reputation.schemas import (
    AuditAsked,
    DrawnOut,
    ExplanationOut,
    ReputationOut,
    drawn_out,
    explanation_out,
    reputation_out,
)
from app.web.dependencies import CurrentOperator, CurrentSettings, DbSession
from app.web.fields import AgentId, DigestField, TaskIdField
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1", tags=["reputation"], route_class=MutatingRoute)


@router.get("/agents/{agent_id}/reputation")
async def read_reputation(agent_id: AgentId, session: DbSession) -> ReputationOut:
    """An agent's record: only what is final counts."""
    await require_agent(session, agent_id)
    final = (await chain_clock(session)).finalized_number
    escrows = await queries.final_escrows(session, agent_id, final)
    record = record_of(escrows, await queries.final_stars(session, agent_id, final))
    return reputation_out(agent_id, record, await queries.judged_agent(session, agent_id))


@router.get("/agents/{agent_id}/reputation/explanation")
async def explain_score(agent_id: AgentId, session: DbSession) -> ExplanationOut:
    """What an agent's newest jobs that count did to its score."""
    await require_agent(session, agent_id)
    return explanation_out(agent_id, *await judging.explain(session, agent_id))


@router.get("/operations/audits/drawn")
async def list_drawn(
    session: DbSession, _operator: CurrentOperator, settings: CurrentSettings, page: Paging
) -> Page[DrawnOut]:
    """For operators: finished work that the lot fell on and that is not audited yet, the oldest first."""
    lot, final = audits.lot_of(settings), (await chain_clock(session)).finalized_number
    rows = await queries.drawn(session, lot, final, page.after("int", "hash"), page.limit + 1)
    return page_of(rows, page, key=lambda row: (row.last_timestamp, row.task_id), wire=drawn_out)


@router.put("/operations/audits/{task_id}/reader", status_code=status.HTTP_204_NO_CONTENT)
async def take_audit_on(
    task_id: TaskIdField, session: DbSession, operator: CurrentOperator, settings: CurrentSettings
) -> None:
    """For operators: from now on this one may read what a drawn task asked for and what came, to do it again."""
    await audits.take_on(session, operator, task_id, audits.lot_of(settings))


@router.put("/operations/audits/{task_id}", status_code=status.HTTP_204_NO_CONTENT)
async def record_audit(task_id: TaskIdField, body: AuditAsked, session: DbSession, operator: CurrentOperator) -> None:
    """For operators: what was found by doing a finished task's work again, or by a task that was posted as a canary."""
    await audits.record(session, operator, task_id, body.finding())


@router.get("/qualities/{digest}", response_class=Response, responses={200: {"content": {"application/json": {}}}})
async def read_qualities(digest: DigestField, session: DbSession) -> Response:
    """The qualities (millionths) that auctions of some time reckoned with, byte for byte: SHA-256 gives the digest."""
    found = await queries.snapshot(session, digest)
    if found is None:
        raise NotFound(kind="quality snapshot")
    document = quality_document(found.formula, found.prior, await queries.entries(session, digest))
    return Response(document, media_type="application/json")


async def require_agent(session: DbSession, agent_id: int) -> None:
    """Raises NotFound for an id that the registry's mirror does not have."""
    if await agent_of(session, agent_id) is None:
        raise NotFound(kind="agent")
