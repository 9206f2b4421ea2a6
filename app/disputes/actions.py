"""Disputing, showing evidence, ruling, and ending by agreement. Nothing here commits."""

from collections.abc import Callable

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from app.announcements.actions import announce
from app.chain import contracts, signatures, typed_data
from app.chain.contracts import AuthRole, pack_auth
from app.chain.typed_data import ZERO_HASH, TypedData
from app.content import actions as content
from app.database import Address, Digest, Hash32, TaskId
from app.disputes import rules
from app.disputes.models import Evidence
from app.disputes.rules import Accord
from app.relayer.models import Intent
from app.relayer.queries import intent_by_key
from app.relayer.rules import checked_deadline
from app.tasks.actions import require_uploaded
from app.tasks.models import Offer
from app.tasks.queries import TaskView, offers_of
from app.tasks.rules import Party, agent_of
from app.tasks.signing import Desk, Message, Signable, carry_unsigned, enqueue, escrow_signable


async def dispute(desk: Desk, task_id: TaskId, evidence: Digest, deadline: int | None) -> Signable:
    """Buyer or agent calls the arbiter, with evidence that he has uploaded."""
    view = await desk.task(task_id)
    party = rules.may_dispute(view, desk.account)
    await require_uploaded(desk, "evidence", evidence)
    until = checked_deadline(deadline, view.time)
    terms = view.task.terms
    role = AuthRole.BUYER if party is Party.BUYER else AuthRole.AGENT
    return Signable(
        verb="dispute",
        task_id=task_id,
        to=desk.deployment.escrow,
        typed_data=typed_data.dispute(desk.deployment, task_id, Hash32(evidence), until),
        deadline=until,
        call=lambda signature: contracts.dispute(terms, Hash32(evidence), pack_auth(until, signature, role)),
    )


async def add_evidence(desk: Desk, task_id: TaskId, digest: Digest) -> None:
    """A party shows a content of his to the other and to the arbiter; twice is once."""
    view = await desk.task(task_id)
    party = rules.may_show_evidence(view, desk.account)
    await require_uploaded(desk, "evidence", digest)
    await show(desk, view, party, digest)


async def show_disputed(desk: Desk, task_id: TaskId, evidence: Digest) -> None:
    """Records the evidence that a dispute was opened with."""
    view = await desk.task(task_id)
    await show(desk, view, rules.require_arguing_party(view, desk.account), evidence)


async def show(desk: Desk, view: TaskView, party: Party, digest: Digest) -> None:
    """Stores, grants the parties and the arbiter, announces."""
    row = {"task_id": view.task_id, "account": desk.account, "digest": digest, "party": party.value}
    stored = insert(Evidence).values(row).on_conflict_do_nothing().returning(Evidence.digest)
    if (await desk.session.execute(stored)).scalar_one_or_none() is None:
        return
    await content.grant(desk.session, digest, all_parties(view))
    facts = {"party": party.value, "digest": digest}
    await announce(desk.session, "dispute.evidence_added", f"task:{view.task_id}", facts)


def all_parties(view: TaskView) -> list[Address | None]:
    """Buyer, arbiter and, where one is chosen, the agent."""
    agent = agent_of(view)
    return [view.task.buyer, view.task.arbiter, *([] if agent is None else [Address(agent)])]


async def rule(desk: Desk, task_id: TaskId, share_bps: int, reasons: Digest, deadline: int | None) -> Signable:
    """The arbiter divides the pot; his reasons are a content that he uploaded, or zero."""
    view = await desk.task(task_id)
    held = rules.may_rule(view, desk.account, share_bps)
    if reasons != ZERO_HASH:
        await require_uploaded(desk, "reasons", reasons)
    until = checked_deadline(deadline, view.time)
    message = typed_data.rule(desk.deployment, task_id, held.remaining, share_bps, Hash32(reasons), until)
    return escrow_signable(
        desk, view, "rule", message, until, lambda terms, auth: contracts.rule(terms, share_bps, Hash32(reasons), auth)
    )


async def grant_reasons(desk: Desk, task_id: TaskId, reasons: Digest) -> None:
    """Both parties may read why."""
    if reasons != ZERO_HASH:
        await content.grant(desk.session, reasons, all_parties(await desk.task(task_id)))


async def rule_by_default(desk: Desk, task_id: TaskId) -> Intent:
    """The terms' default share applies when the arbiter has let his window pass; whoever asks."""
    view = await desk.task(task_id)
    rules.may_rule_by_default(view)
    return await carry_unsigned(desk, "rule_by_default", task_id, contracts.rule_by_default(view.task.terms))


def accord_message(desk: Desk, task_id: TaskId, agreed: Accord, deadline: int) -> TypedData:
    """The typed data of an accord."""
    if agreed.to_agent is None:
        return typed_data.cancel(desk.deployment, task_id, agreed.remaining, deadline)
    return typed_data.settle(desk.deployment, task_id, agreed.remaining, agreed.to_agent, deadline)


async def prepare_accord(desk: Desk, task_id: TaskId, to_agent: int | None, deadline: int | None) -> Message:
    """What one of the two signs: a settlement, or with `to_agent` None a parting."""
    view = await desk.task(task_id)
    agreed = rules.accord(view, desk.account, to_agent)
    until = checked_deadline(deadline, view.time)
    return Message(accord_message(desk, task_id, agreed, until), until)


async def agree(
    desk: Desk, key: str, task_id: TaskId, to_agent: int | None, deadline: int, signature: bytes
) -> Offer | Intent:
    """The second of two equal signatures is carried; the first is kept as an offer, replacing one's own older one."""
    known = await intent_by_key(desk.session, key)
    if known is not None:
        return known
    view = await desk.task(task_id)
    agreed = rules.accord(view, desk.account, to_agent)
    until = checked_deadline(deadline, view.time)
    await signatures.verify(desk.chain, accord_message(desk, task_id, agreed, until), signature, desk.account)
    theirs = rules.matching_offer(await offers_of(desk.session, task_id), agreed, desk.account, view.time)
    if theirs is None:
        return await keep_offer(desk, task_id, agreed, until, signature)
    mine = pack_auth(until, signature)
    data = accord_call(view, desk.account, agreed)(mine, pack_auth(theirs.deadline, theirs.signature))
    intent = await enqueue(desk, key, agreed.verb, task_id, desk.deployment.escrow, data)
    await desk.session.execute(delete(Offer).where(Offer.task_id == task_id, Offer.verb == agreed.verb))
    return intent


def accord_call(view: TaskView, account: Address, agreed: Accord) -> Callable[[bytes, bytes], bytes]:
    """Calldata from (the account's auth, the other's), put into the contract's order: buyer, agent."""
    terms, first = view.task.terms, account == view.task.buyer

    def call(mine: bytes, theirs: bytes) -> bytes:
        buyer_auth, agent_auth = (mine, theirs) if first else (theirs, mine)
        if agreed.to_agent is None:
            return contracts.cancel_together(terms, buyer_auth, agent_auth)
        return contracts.settle(terms, agreed.to_agent, buyer_auth, agent_auth)

    return call


async def keep_offer(desk: Desk, task_id: TaskId, agreed: Accord, deadline: int, signature: bytes) -> Offer:
    """Stores the account's offer and tells the other party."""
    place = {"task_id": task_id, "verb": agreed.verb, "account": desk.account}
    words = {"remaining": agreed.remaining, "to_agent": agreed.to_agent, "deadline": deadline, "signature": signature}
    stored = insert(Offer).values(**place, **words)
    upsert = stored.on_conflict_do_update(index_elements=list(place), set_=words).returning(Offer)
    offer = (await desk.session.scalars(upsert, execution_options={"populate_existing": True})).one()
    await announce(desk.session, "task.offer_made", f"task:{task_id}", {"verb": agreed.verb})
    return offer
