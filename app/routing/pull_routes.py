"""/v1/agents/{agent_id}/calls: agents that ask for their calls instead of being asked."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from app.agents.actions import require_controller
from app.agents.queries import agent_of
from app.agents.routes import CurrentRegistry
from app.errors import NotFound
from app.routing import pulling
from app.routing.routes import CurrentRouting
from app.routing.schemas import Answered, TakeAsked, Taken, WorkOut
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import AgentId

router = APIRouter(prefix="/v1/agents/{agent_id}/calls", tags=["routing"])


@router.post("/take")
async def take(
    agent_id: AgentId,
    body: TakeAsked,
    session: DbSession,
    account: CurrentAccount,
    registry: CurrentRegistry,
    desk: CurrentRouting,
) -> Taken:
    """The next call for an agent of one's own, once there is one. Who asks gets calls until a minute after; other
    endpoints than a listing's own are not asked meanwhile."""
    agent = await agent_of(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    await require_controller(registry, agent, account, verb="take calls of")
    await pulling.seen(session, agent_id)
    # No connection waits for work.
    await session.commit()
    work = await desk.queue.take(agent_id, body.wait_seconds)
    return Taken(work=None if work is None else WorkOut(**vars(work)))


@router.post("/{named}/answer", status_code=status.HTTP_204_NO_CONTENT)
async def answer(
    agent_id: AgentId,
    named: UUID,
    body: Answered,
    session: DbSession,
    account: CurrentAccount,
    registry: CurrentRegistry,
) -> Response:
    """Answers a call that was taken, or says why it cannot be done; the same again changes nothing."""
    agent = await agent_of(session, agent_id)
    if agent is None:
        raise NotFound(kind="agent")
    await require_controller(registry, agent, account, verb="answer calls of")
    await pulling.answer(session, agent_id, named, body.answer, body.failure)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
