"""The ways to pay a task's budget in: each says what the buyer signs, and which call his signature makes.

Nothing here commits. `deadline` is the signer's (unix seconds of the chain), or None to be given one.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import update

from app.chain import contracts, typed_data, typed_payments
from app.chain.contracts import Authorization, Permit, call_data, decode_result
from app.chain.typed_data import ZERO_ADDRESS, Terms
from app.database import TaskId
from app.errors import BatchNotDistinct, Permit2NotOffered
from app.relayer.rules import SIGNATURE_SECONDS, checked_deadline
from app.spending import actions as spending
from app.spending.rules import Payment
from app.tasks import queries, rules
from app.tasks.models import Task
from app.tasks.queries import TaskView
from app.tasks.signing import Desk, Payable, Signable, escrow_signable

PERMIT2_NONCE_BITS = 248


@dataclass(frozen=True)
class Validity:
    """When an EIP-3009 authorization holds, strictly between two chain times; None to be given one."""

    after: int | None
    before: int | None

    def bounds(self, time: int) -> tuple[int, int]:
        """Raises DeadlinePassed and DeadlineTooFar."""
        before = time + SIGNATURE_SECONDS if self.before is None else self.before
        checked_deadline(before - 1, time)
        return self.after or 0, before


async def by_authorization(desk: Desk, task_id: TaskId, validity: Validity) -> Signable:
    """EIP-3009: the token checks the buyer's signature, whose nonce is the task id."""
    view = await fundable(desk, task_id)
    terms = view.task.terms
    after, before = validity.bounds(view.time)
    return Signable(
        verb="fund",
        task_id=task_id,
        to=desk.deployment.escrow,
        typed_data=typed_data.receive_authorization(desk.deployment, desk.token, terms, after, before),
        deadline=None,
        call=lambda signature: contracts.fund_with_authorization(terms, after, before, signature),
        spends=terms.budget,
    )


async def by_allowance(desk: Desk, task_id: TaskId, deadline: int | None) -> Signable:
    """The buyer has approved the escrow at the token; his signature names the terms."""
    view = await fundable(desk, task_id)
    until = checked_deadline(deadline, view.time)
    message = typed_data.fund(desk.deployment, task_id, until)
    return escrow_signable(desk, view, "fund", message, until, contracts.fund, spends=view.task.terms.budget)


async def by_permit(desk: Desk, task_id: TaskId, deadline: int | None, nonce: int | None) -> Payable:
    """EIP-2612: one signature allows exactly the budget, the other names the terms; both end at `deadline`.

    The permit may have been carried by somebody before: the allowance is there then, and the nonce is used up.
    """
    view = await fundable(desk, task_id)
    terms, until = view.task.terms, checked_deadline(deadline, view.time)
    used = await permit_nonce(desk) if nonce is None else nonce
    escrow, budget = desk.deployment.escrow, terms.budget

    def call(signature: bytes, permit: bytes) -> bytes:
        signed = Permit(budget, until, permit)
        return contracts.fund_with_permit(terms, signed, contracts.pack_auth(until, signature))

    return Payable(
        verb="fund",
        task_id=task_id,
        to=escrow,
        typed_data=typed_data.fund(desk.deployment, task_id, until),
        payment=typed_payments.permit(desk.deployment, desk.token, terms.buyer, escrow, budget, used, until),
        deadline=until,
        call=call,
        spends=budget,
    )


async def by_permit2(desk: Desk, task_id: TaskId, deadline: int | None, nonce: int | None) -> Signable:
    """Uniswap's Permit2, which the buyer has approved at the token; the task id is the witness."""
    permit2 = desk.permit2
    if permit2 is None:
        raise Permit2NotOffered()
    view = await fundable(desk, task_id)
    terms, until = view.task.terms, checked_deadline(deadline, view.time)
    used = secrets.randbits(PERMIT2_NONCE_BITS) if nonce is None else nonce
    return Signable(
        verb="fund",
        task_id=task_id,
        to=desk.deployment.escrow,
        typed_data=typed_payments.permit2_transfer(desk.deployment, permit2, terms, used, until),
        deadline=until,
        call=lambda signature: contracts.fund_with_permit2(terms, used, until, signature),
        spends=terms.budget,
    )


async def batch(desk: Desk, task_ids: Sequence[TaskId], validity: Validity) -> Signable:
    """Several tasks of one buyer, all or none, by one EIP-3009 authorization over their sum."""
    if len(set(task_ids)) != len(task_ids):
        raise BatchNotDistinct()
    await queries.lock_tasks(desk.session, task_ids)
    views: list[TaskView] = []
    for task_id in task_ids:
        views.append(await fundable(desk, task_id, beside=sum(int(view.task.budget) for view in views)))
    paid: list[Terms] = [view.task.terms for view in views]
    after, before = validity.bounds(views[0].time)
    return Signable(
        verb="fund_batch",
        task_id=None,
        to=desk.deployment.escrow,
        typed_data=typed_payments.receive_batch_authorization(desk.deployment, desk.token, paid, after, before),
        deadline=None,
        call=lambda signature: contracts.fund_batch(paid, Authorization(after, before, signature)),
        spends=sum(terms.budget for terms in paid),
    )


async def remember_batch(desk: Desk, task_ids: Sequence[TaskId], intent_id: UUID) -> None:
    """Each task of the batch is being paid by this intent."""
    paid = update(Task).where(Task.task_id.in_(task_ids)).values(batch_intent_id=intent_id)
    await desk.session.execute(paid.execution_options(synchronize_session=False))


async def fundable(desk: Desk, task_id: TaskId, *, beside: int = 0) -> TaskView:
    """The buyer's task, locked, that waits for its money, which his own policy lets him spend, with `beside` for other
    tasks by the same signature."""
    view = await desk.task(task_id)
    rules.may_fund(view, desk.account)
    task = view.task
    agent = None if task.agent == ZERO_ADDRESS else task.agent
    payment = Payment(task_id, int(task.budget), agent, task.capability)
    await spending.allow(desk.session, desk.account, payment, beside=beside)
    return view


async def permit_nonce(desk: Desk) -> int:
    """The nonce of the account's next permit, as the token says now. Raises ChainUnavailable."""
    answer = await desk.chain.call(desk.deployment.token, call_data("MockUSDC", "nonces", desk.account))
    return int(decode_result("MockUSDC", "nonces", answer)[0])
