"""/v1/tasks: posting, finding, and the verbs of buyer and agent; /v1/escrows: the money behind them."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, status

from app.database import TaskId
from app.errors import NotFound
from app.escrow.queries import chain_clock, events_of
from app.escrow.schemas import EscrowEventOut, EscrowOut, escrow_out, event_out
from app.tasks import actions, funding, queries
from app.tasks.funding_schemas import (
    BatchAsked,
    BatchSigned,
    FundAsked,
    FundSigned,
    batch_prepared,
    fund_prepared,
)
from app.tasks.queries import TaskFilter
from app.tasks.rules import Party, TaskState, party_of
from app.tasks.schemas import (
    Asked,
    Carried,
    PaidSigned,
    PostTask,
    Prepared,
    ReleaseAsked,
    ReleaseSigned,
    Signed,
    SubmissionOut,
    SubmitAsked,
    SubmitSigned,
    TaskOut,
    Unsigned,
    carried_out,
    prepared,
    submission_out,
    task_out,
)
from app.tasks.signing import Desk, PaidVerb, Verb, carried, carried_paid, request_key
from app.web.dependencies import CurrentAccount, CurrentNetwork, CurrentRuntime, DbSession
from app.web.fields import Capability, TaskIdField
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, encode_cursor

router = APIRouter(prefix="/v1", tags=["tasks"], route_class=MutatingRoute)

SCANNED_BATCHES = 10


def current_desk(session: DbSession, account: CurrentAccount, runtime: CurrentRuntime) -> Desk:
    """The signed-in account at this deployment's desk."""
    network = runtime.network
    place = runtime.deployment, runtime.chain, network.token_domain
    return Desk(session, account, *place, network.auctioneer, network.permit2, network.fee_bps)


CurrentDesk = Annotated[Desk, Depends(current_desk)]


@router.post("/tasks", status_code=status.HTTP_201_CREATED)
async def post_task(body: PostTask, desk: CurrentDesk, network: CurrentNetwork) -> TaskOut:
    """Stores a draft; it is seen by others when it is being funded. The same terms again give the same task."""
    return task_out(await actions.post(desk, body.posting()), published=network.arbiters)


@router.get("/tasks")
async def list_tasks(
    session: DbSession,
    account: CurrentAccount,
    page: Paging,
    network: CurrentNetwork,
    role: Party | None = None,
    state: TaskState | None = None,
    capability: Annotated[Capability | None, Query()] = None,
) -> Page[TaskOut]:
    """Tasks that the account may see, newest first. A page narrowed by state may be short and not the last."""
    wanted, after = TaskFilter(role, state, capability), page.after("time", "hash")
    found: list[TaskOut] = []
    for _ in range(SCANNED_BATCHES):
        rows = await queries.tasks_after(session, account, wanted, after, page.limit + 1)
        for row in rows[: page.limit]:
            if len(found) == page.limit:
                return Page(items=found, next_cursor=encode_cursor(after or ()))
            after = (row.task.created_at, row.task_id)
            if state is None or row.state is state:
                found.append(task_out(row, published=network.arbiters))
        if len(rows) <= page.limit:
            return Page(items=found, next_cursor=None)
    return Page(items=found, next_cursor=encode_cursor(after or ()))


@router.get("/tasks/{task_id}")
async def read_task(
    task_id: TaskIdField, session: DbSession, account: CurrentAccount, network: CurrentNetwork
) -> TaskOut:
    """One task; to its parties with the offers that wait for a second signature."""
    view = await queries.visible_task(session, task_id, account)
    offers = [] if party_of(view, account) is None else await queries.offers_of(session, task_id)
    return task_out(view, offers, published=network.arbiters)


@router.get("/tasks/{task_id}/submissions")
async def list_submissions(task_id: TaskIdField, session: DbSession, account: CurrentAccount) -> Page[SubmissionOut]:
    """What was handed in, oldest first, as the chain recorded it."""
    await queries.visible_task(session, task_id, account)
    clock = await chain_clock(session)
    events = [event for event in await events_of(session, task_id) if event.name == "TaskSubmitted"]
    return Page(items=[submission_out(event, clock) for event in events], next_cursor=None)


@router.get("/escrows/{task_id}", tags=["escrows"])
async def read_escrow(task_id: TaskIdField, session: DbSession, account: CurrentAccount) -> EscrowOut:
    """A task's money as the chain has it."""
    view = await queries.visible_task(session, task_id, account)
    if view.escrow is None:
        raise NotFound(kind="escrow")
    return escrow_out(view.escrow, view.clock)


@router.get("/escrows/{task_id}/events", tags=["escrows"])
async def list_escrow_events(task_id: TaskIdField, session: DbSession, account: CurrentAccount) -> Page[EscrowEventOut]:
    """The events that the escrow is folded from, oldest first."""
    view = await queries.visible_task(session, task_id, account)
    events = await events_of(session, task_id)
    return Page(items=[event_out(event, view.clock) for event in events], next_cursor=None)


@router.post("/tasks/{task_id}/fund/prepare")
async def prepare_fund(task_id: TaskIdField, body: FundAsked, desk: CurrentDesk) -> Prepared:
    """What the buyer signs to pay, by the method that he chooses."""
    match body.method:
        case "authorization":
            return fund_prepared(await funding.by_authorization(desk, task_id, body.validity), body)
        case "approve":
            return fund_prepared(await funding.by_allowance(desk, task_id, body.deadline), body)
        case "permit":
            return fund_prepared(await funding.by_permit(desk, task_id, body.deadline, None), body)
        case "permit2":
            return fund_prepared(await funding.by_permit2(desk, task_id, body.deadline, None), body)


@router.post("/tasks/{task_id}/fund", status_code=status.HTTP_202_ACCEPTED)
async def fund(task_id: TaskIdField, body: FundSigned, desk: CurrentDesk) -> Carried:
    """Carries the buyer's payment to the escrow."""
    match body.method:
        case "authorization":
            verb = partial(funding.by_authorization, desk, task_id, body.validity)
        case "approve":
            verb = partial(funding.by_allowance, desk, task_id, body.deadline)
        case "permit":
            paid = partial(funding.by_permit, desk, task_id, body.deadline, body.nonce)
            return await carry_paid(desk, "fund", task_id, body, paid)
        case "permit2":
            verb = partial(funding.by_permit2, desk, task_id, body.deadline, body.nonce)
    return await carry(desk, "fund", task_id, body, verb)


@router.post("/tasks/fund-batch/prepare")
async def prepare_fund_batch(body: BatchAsked, desk: CurrentDesk) -> Prepared:
    """What the buyer signs to pay several drafts at once, such as the milestones of one plan."""
    return batch_prepared(await funding.batch(desk, body.task_ids, body.validity), body)


@router.post("/tasks/fund-batch", status_code=status.HTTP_202_ACCEPTED)
async def fund_batch(body: BatchSigned, desk: CurrentDesk) -> Carried:
    """Pays them all or none."""
    answer = await carry(desk, "fund_batch", None, body, partial(funding.batch, desk, body.task_ids, body.validity))
    if answer.intent is not None:
        await funding.remember_batch(desk, body.task_ids, answer.intent.id)
    return answer


@router.post("/tasks/{task_id}/veto/prepare")
async def prepare_veto(task_id: TaskIdField, body: Asked, desk: CurrentDesk) -> Prepared:
    """What the buyer signs to undo an award that the auctioneer made."""
    return prepared(await actions.veto(desk, task_id, body.deadline), body)


@router.post("/tasks/{task_id}/veto", status_code=status.HTTP_202_ACCEPTED)
async def veto(task_id: TaskIdField, body: Signed, desk: CurrentDesk) -> Carried:
    """Everything goes back to the buyer."""
    return await carry(desk, "veto", task_id, body, partial(actions.veto, desk, task_id, body.deadline))


@router.post("/tasks/{task_id}/submit/prepare")
async def prepare_submit(task_id: TaskIdField, body: SubmitAsked, desk: CurrentDesk) -> Prepared:
    """What the agent signs to hand in a content that he has uploaded."""
    return prepared(await actions.submit(desk, task_id, body.agent_id, body.deliverable, body.deadline), body)


@router.post("/tasks/{task_id}/submit", status_code=status.HTTP_202_ACCEPTED)
async def submit(task_id: TaskIdField, body: SubmitSigned, desk: CurrentDesk) -> Carried:
    """Hands in; the review window starts when the chain has it."""
    verb = partial(actions.submit, desk, task_id, body.agent_id, body.deliverable, body.deadline)
    answer = await carry(desk, "submit", task_id, body, verb)
    await actions.grant_deliverable(desk, task_id, body.deliverable)
    return answer


@router.post("/tasks/{task_id}/release/prepare")
async def prepare_release(task_id: TaskIdField, body: ReleaseAsked, desk: CurrentDesk) -> Prepared:
    """What the buyer signs to pay all or part of what remains."""
    return prepared(await actions.release(desk, task_id, body.amount, body.deadline), body)


@router.post("/tasks/{task_id}/release", status_code=status.HTTP_202_ACCEPTED)
async def release(task_id: TaskIdField, body: ReleaseSigned, desk: CurrentDesk) -> Carried:
    """Pays the agent."""
    return await carry(
        desk, "release", task_id, body, partial(actions.release, desk, task_id, body.amount, body.deadline)
    )


@router.post("/tasks/{task_id}/claim/prepare")
async def prepare_claim(task_id: TaskIdField, body: Asked, desk: CurrentDesk) -> Prepared:
    """What the agent signs once the review window is over."""
    return prepared(await actions.claim(desk, task_id, body.deadline), body)


@router.post("/tasks/{task_id}/claim", status_code=status.HTTP_202_ACCEPTED)
async def claim(task_id: TaskIdField, body: Signed, desk: CurrentDesk) -> Carried:
    """Pays the agent what the buyer let lie."""
    return await carry(desk, "claim", task_id, body, partial(actions.claim, desk, task_id, body.deadline))


@router.post("/tasks/{task_id}/cancel/prepare")
async def prepare_cancel(task_id: TaskIdField, body: Asked, desk: CurrentDesk) -> Prepared:
    """What a party signs to give the task up."""
    return prepared(await actions.cancel(desk, task_id, body.deadline), body)


@router.post("/tasks/{task_id}/cancel", status_code=status.HTTP_202_ACCEPTED)
async def cancel(task_id: TaskIdField, body: Signed, desk: CurrentDesk) -> Carried:
    """The money goes back to the buyer."""
    return await carry(desk, "cancel", task_id, body, partial(actions.cancel, desk, task_id, body.deadline))


@router.post("/tasks/{task_id}/reclaim", status_code=status.HTTP_202_ACCEPTED)
async def reclaim(task_id: TaskIdField, _: Unsigned, desk: CurrentDesk) -> Carried:
    """The buyer's money goes back after a missed deadline; whoever asks."""
    return carried_out(await actions.reclaim(desk, task_id))


async def carry(
    desk: Desk, verb: str, task_id: TaskId | None, body: Signed | FundSigned | BatchSigned, action: Verb
) -> Carried:
    """A signed request's intent; the same request again answers the same one."""
    key = request_key(desk, verb, task_id, body.model_dump_json())
    return carried_out(await carried(desk, key, bytes.fromhex(body.signature[2:]), action))


async def carry_paid(desk: Desk, verb: str, task_id: TaskId, body: PaidSigned, action: PaidVerb) -> Carried:
    """As `carry`, where the money takes a signature of its own."""
    key = request_key(desk, verb, task_id, body.model_dump_json())
    return carried_out(await carried_paid(desk, key, *body.signatures, action))
