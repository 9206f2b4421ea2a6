"""/v1/disputes, and the verbs of a task that take an arbiter or both parties."""

from functools import partial

from fastapi import APIRouter, status

from app.disputes import actions, queries
from app.disputes.schemas import (
    Agreed,
    DisputeAsked,
    DisputeOut,
    DisputeSigned,
    EvidenceOut,
    EvidenceShown,
    RuleAsked,
    RuleSigned,
    SettleAsked,
    SettleSigned,
    agreed_out,
    dispute_out,
    evidence_out,
)
from app.errors import NotFound
from app.tasks.queries import visible_task
from app.tasks.routes import CurrentDesk, carry
from app.tasks.rules import party_of
from app.tasks.schemas import Asked, Carried, Prepared, Signed, Unsigned, carried_out, prepared
from app.tasks.signing import request_key
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import TaskIdField
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1", tags=["disputes"], route_class=MutatingRoute)


@router.get("/disputes")
async def list_disputes(session: DbSession, account: CurrentAccount, page: Paging) -> Page[DisputeOut]:
    """The account's disputes as buyer, agent or arbiter, newest task first; evidence is shown with each one alone."""
    rows = await queries.disputed_tasks(session, account, page.after("time", "hash"), page.limit + 1)
    shown = page_of(rows, page, lambda row: (row.task.created_at, row.task_id), lambda row: dispute_out(row, []))
    return Page(items=[item for item in shown.items if item is not None], next_cursor=shown.next_cursor)


@router.get("/tasks/{task_id}/dispute")
async def read_dispute(task_id: TaskIdField, session: DbSession, account: CurrentAccount) -> DisputeOut:
    """A task's dispute with all evidence, for its parties and the arbiter."""
    view = await visible_task(session, task_id, account)
    shown = None
    if party_of(view, account) is not None:
        shown = dispute_out(view, await queries.evidence_of(session, task_id))
    if shown is None:
        raise NotFound(kind="dispute")
    return shown


@router.post("/tasks/{task_id}/evidence", status_code=status.HTTP_201_CREATED)
async def add_evidence(task_id: TaskIdField, body: EvidenceShown, desk: CurrentDesk) -> Page[EvidenceOut]:
    """Shows a content of one's own to the other party and the arbiter; answers with all that is shown."""
    await actions.add_evidence(desk, task_id, body.digest)
    shown = await queries.evidence_of(desk.session, task_id)
    return Page(items=[evidence_out(each) for each in shown], next_cursor=None)


@router.post("/tasks/{task_id}/dispute/prepare")
async def prepare_dispute(task_id: TaskIdField, body: DisputeAsked, desk: CurrentDesk) -> Prepared:
    """What buyer or agent signs to call the arbiter."""
    return prepared(await actions.dispute(desk, task_id, body.evidence, body.deadline), body)


@router.post("/tasks/{task_id}/dispute", status_code=status.HTTP_202_ACCEPTED)
async def dispute(task_id: TaskIdField, body: DisputeSigned, desk: CurrentDesk) -> Carried:
    """Calls the arbiter; the evidence becomes readable to all parties at once."""
    verb = partial(actions.dispute, desk, task_id, body.evidence, body.deadline)
    answer = await carry(desk, "dispute", task_id, body, verb)
    await actions.show_disputed(desk, task_id, body.evidence)
    return answer


@router.post("/tasks/{task_id}/rule/prepare")
async def prepare_rule(task_id: TaskIdField, body: RuleAsked, desk: CurrentDesk) -> Prepared:
    """What the arbiter signs."""
    return prepared(await actions.rule(desk, task_id, body.share_bps, body.reasons, body.deadline), body)


@router.post("/tasks/{task_id}/rule", status_code=status.HTTP_202_ACCEPTED)
async def rule(task_id: TaskIdField, body: RuleSigned, desk: CurrentDesk) -> Carried:
    """Divides the pot."""
    verb = partial(actions.rule, desk, task_id, body.share_bps, body.reasons, body.deadline)
    answer = await carry(desk, "rule", task_id, body, verb)
    await actions.grant_reasons(desk, task_id, body.reasons)
    return answer


@router.post("/tasks/{task_id}/rule-by-default", status_code=status.HTTP_202_ACCEPTED)
async def rule_by_default(task_id: TaskIdField, _: Unsigned, desk: CurrentDesk) -> Carried:
    """The terms' default share, after the arbiter's silence; whoever asks."""
    return carried_out(await actions.rule_by_default(desk, task_id))


@router.post("/tasks/{task_id}/settle/prepare")
async def prepare_settle(task_id: TaskIdField, body: SettleAsked, desk: CurrentDesk) -> Prepared:
    """What each of the two signs for a split of the pot."""
    return prepared(await actions.prepare_accord(desk, task_id, body.to_agent, body.deadline), body)


@router.post("/tasks/{task_id}/settle", status_code=status.HTTP_202_ACCEPTED)
async def settle(task_id: TaskIdField, body: SettleSigned, desk: CurrentDesk) -> Agreed:
    """The first signature waits as an offer; the second, over the same split, is carried with it."""
    key = request_key(desk, "settle", task_id, body.model_dump_json())
    signature = bytes.fromhex(body.signature[2:])
    return agreed_out(await actions.agree(desk, key, task_id, body.to_agent, body.deadline, signature))


@router.post("/tasks/{task_id}/cancel-together/prepare")
async def prepare_cancel_together(task_id: TaskIdField, body: Asked, desk: CurrentDesk) -> Prepared:
    """What each of the two signs to part, everything going back."""
    return prepared(await actions.prepare_accord(desk, task_id, None, body.deadline), body)


@router.post("/tasks/{task_id}/cancel-together", status_code=status.HTTP_202_ACCEPTED)
async def cancel_together(task_id: TaskIdField, body: Signed, desk: CurrentDesk) -> Agreed:
    """As settle: the first signature waits, the second is carried with it."""
    key = request_key(desk, "cancel_together", task_id, body.model_dump_json())
    signature = bytes.fromhex(body.signature[2:])
    return agreed_out(await actions.agree(desk, key, task_id, None, body.deadline, signature))
