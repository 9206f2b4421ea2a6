"""/v1/tasks/{task_id}/commits and /reveals, and /v1/bid-commits for many at once: taking part in sealed auctions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, status

from app.auctions import commits
from app.auctions.commitments import auction_id, bid_commit
from app.auctions.schemas import (
    BidSigned,
    CommitAsked,
    CommitBatch,
    CommitSigned,
    CommitsTaken,
    CommitTaken,
    PreparedCommit,
    Revealed,
)
from app.auctions.sealing import RevealKey
from app.errors import AuctionsNotOffered, NotFound
from app.tasks.routes import CurrentDesk
from app.web.dependencies import CurrentNetwork
from app.web.fields import AgentId, TaskIdField
from app.web.mutating_route import MutatingRoute
from app.web.problems import problem_view

router = APIRouter(prefix="/v1/tasks/{task_id}", tags=["auctions"], route_class=MutatingRoute)
batches = APIRouter(prefix="/v1/bid-commits", tags=["auctions"], route_class=MutatingRoute)


def current_reveal_key(network: CurrentNetwork) -> RevealKey:
    """What reveals are sealed with. Raises AuctionsNotOffered."""
    if network.reveal_key is None:
        raise AuctionsNotOffered
    return RevealKey(network.reveal_key)


@router.post("/commits/prepare")
async def prepare_commit(task_id: TaskIdField, body: CommitAsked, desk: CurrentDesk) -> PreparedCommit:
    """What an agent signs to take part; the bid behind the commitment stays with the agent."""
    view = await desk.glance(task_id)
    if view.auction is None:
        raise NotFound(kind="auction")
    commits.require_sealed(view.auction.kind)
    auction = auction_id(task_id, view.auction.round)
    typed_data = bid_commit(desk.deployment, auction, body.commitment, body.agent_id)
    return PreparedCommit(typed_data=dict(typed_data), auction_id=auction)


@router.post("/commits", status_code=status.HTTP_201_CREATED)
async def place_commit(task_id: TaskIdField, body: CommitSigned, desk: CurrentDesk) -> CommitTaken:
    """Takes a signed commitment, in the place of the agent's earlier one."""
    (fault,) = await commits.commit_all(desk, [body.commit(task_id)])
    if fault is not None:
        raise fault
    return CommitTaken(task_id=task_id, agent_id=body.agent_id, accepted=True, problem=None)


@router.delete("/commits/{agent_id}", status_code=status.HTTP_204_NO_CONTENT)
async def withdraw_commit(task_id: TaskIdField, agent_id: AgentId, desk: CurrentDesk) -> Response:
    """Takes a commitment back before the close."""
    await commits.withdraw_commit(desk, task_id, agent_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/reveals", status_code=status.HTTP_201_CREATED)
async def reveal(
    task_id: TaskIdField, body: BidSigned, desk: CurrentDesk, key: Annotated[RevealKey, Depends(current_reveal_key)]
) -> Revealed:
    """Takes the signed bid behind a commitment in the reveal window; all are shown when it ends."""
    taken = await commits.reveal(desk, task_id, body.bid.offer(), bytes.fromhex(body.signature[2:]), key)
    assert taken.revealed_at is not None
    return Revealed(agent_id=taken.agent_id, commitment=taken.commitment, revealed_at=taken.revealed_at)


@batches.post("")
async def place_commits(request: Request, body: CommitBatch, desk: CurrentDesk) -> CommitsTaken:
    """Takes up to a hundred commitments of one wallet; each is answered for itself."""
    wanted = [each.commit(each.task_id) for each in body.commits]
    faults = await commits.commit_all(desk, wanted)
    return CommitsTaken(
        results=[
            CommitTaken(
                task_id=each.task_id,
                agent_id=each.agent_id,
                accepted=fault is None,
                problem=None if fault is None else problem_view(fault, request.state.request_id),
            )
            for each, fault in zip(wanted, faults, strict=True)
        ]
    )
