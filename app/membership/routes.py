"""/v1/agents/{agent_id}/onboarding and /offboarding."""

from fastapi import APIRouter
from pydantic import BaseModel

from app.agents.routes import CurrentRegistry
from app.membership import actions
from app.membership.actions import NEXT_STEP, Leaving
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import AgentId, DigestField, TaskIdField
from app.web.mutating_route import MutatingRoute

router = APIRouter(prefix="/v1/agents/{agent_id}", tags=["agents"], route_class=MutatingRoute)


class StepView(BaseModel):
    name: str
    done: bool
    how: str


class OnboardingView(BaseModel):
    """The steps in their order; `next` is the first that is not done, null when all are."""

    steps: list[StepView]
    next: str | None


class WorkView(BaseModel):
    """A task that has not ended, and what ends it for the agent."""

    task_id: TaskIdField
    state: str
    todo: str


class BindingBid(BaseModel):
    """A bid that can win still: it binds until its award is decided, or until it is revoked on chain."""

    task_id: TaskIdField
    bid_digest: DigestField


class OffboardingView(BaseModel):
    """What is left before the agent is gone: tasks to finish or hand back, bids that bind, commitments to reveal."""

    done: bool
    work: list[WorkView]
    binding_bids: list[BindingBid]
    reveals: list[TaskIdField]
    open_listings: int


@router.get("/onboarding")
async def read_onboarding(agent_id: AgentId, session: DbSession) -> OnboardingView:
    """How far an agent has come, and what is next."""
    steps = [StepView(**vars(step)) for step in await actions.steps(session, agent_id)]
    return OnboardingView(steps=steps, next=next((step.name for step in steps if not step.done), None))


@router.post("/offboarding")
async def leave(
    agent_id: AgentId, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> OffboardingView:
    """Takes nothing new on: pauses listings, says away, takes back bids and commitments that bind nobody, and tells
    what is left. Ask again until it is done; to come back, open a listing."""
    return offboarding_view(await actions.leave(session, registry, agent_id, account))


@router.get("/offboarding")
async def read_offboarding(
    agent_id: AgentId, session: DbSession, account: CurrentAccount, registry: CurrentRegistry
) -> OffboardingView:
    """What would be left, without leaving."""
    return offboarding_view(await actions.standing(session, registry, agent_id, account))


def offboarding_view(left: Leaving) -> OffboardingView:
    return OffboardingView(
        done=left.done,
        work=[
            WorkView(task_id=each.task_id, state=each.state.name.lower(), todo=NEXT_STEP[each.state])
            for each in left.work
        ],
        binding_bids=[BindingBid(task_id=task_id, bid_digest=digest) for task_id, digest in left.binding_bids],
        reveals=list(left.reveals),
        open_listings=left.open_listings,
    )
