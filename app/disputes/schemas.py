"""Wire shapes of disputes and of ends by agreement."""

from datetime import datetime

from pydantic import BaseModel

from app.disputes.models import Evidence
from app.escrow.schemas import Finality
from app.relayer.models import Intent
from app.relayer.schemas import IntentOut
from app.tasks.models import Offer
from app.tasks.queries import TaskView
from app.tasks.rules import TaskState
from app.tasks.schemas import Asked, OfferOut, Signed, TaskOut, offer_out, task_out
from app.web.fields import AddressField, Amount, Bps, DigestField, Hash32Field, TaskIdField, WireModel


class DisputeAsked(Asked):
    evidence: DigestField


class DisputeSigned(Signed):
    evidence: DigestField


class RuleAsked(Asked):
    """`reasons` is the digest of a content that the arbiter uploaded, or zero."""

    share_bps: Bps
    reasons: DigestField


class RuleSigned(Signed):
    share_bps: Bps
    reasons: DigestField


class SettleAsked(Asked):
    to_agent: Amount


class SettleSigned(Signed):
    to_agent: Amount


class EvidenceShown(WireModel):
    """A content that the account has uploaded."""

    digest: DigestField


class Agreed(BaseModel):
    """Either the offer that now waits for the other party, or the intent that carries both signatures."""

    offer: OfferOut | None
    intent: IntentOut | None


class EvidenceOut(BaseModel):
    account: AddressField
    party: str
    digest: DigestField
    created_at: datetime


class RulingOut(BaseModel):
    share_bps: int
    by_default: bool
    reasons: Hash32Field | None


class DisputeOut(BaseModel):
    """A dispute: who opened it with what, how it ended if it did, and until when the arbiter may rule."""

    task_id: TaskIdField
    task: TaskOut
    state: TaskState
    opened_by: AddressField
    opened_with: Hash32Field
    rule_by: int | None
    ruling: RulingOut | None
    evidence: list[EvidenceOut]
    finality: Finality


def agreed_out(result: Offer | Intent) -> Agreed:
    """The answer to one party's signature."""
    if isinstance(result, Offer):
        return Agreed(offer=offer_out(result), intent=None)
    return Agreed(offer=None, intent=IntentOut.of(result))


def dispute_out(view: TaskView, evidence: list[Evidence]) -> DisputeOut | None:
    """The wire shape of a task's dispute, None where there was none."""
    held = view.escrow
    if held is None or held.disputed_by is None or held.evidence is None:
        return None
    task = task_out(view)
    open_until = held.since + view.task.arbiter_seconds if view.state is TaskState.DISPUTED else None
    return DisputeOut(
        task_id=view.task_id,
        task=task,
        state=view.state,
        opened_by=held.disputed_by,
        opened_with=held.evidence,
        rule_by=open_until,
        ruling=ruling_out(view),
        evidence=[evidence_out(shown) for shown in evidence],
        finality=task.finality or Finality.PENDING,
    )


def ruling_out(view: TaskView) -> RulingOut | None:
    """How the arbiter, or his silence, divided the pot."""
    held = view.escrow
    if held is None or held.share_bps is None:
        return None
    return RulingOut(share_bps=held.share_bps, by_default=bool(held.by_default), reasons=held.reasons)


def evidence_out(shown: Evidence) -> EvidenceOut:
    """The wire shape of one shown content."""
    return EvidenceOut(account=shown.account, party=shown.party, digest=shown.digest, created_at=shown.created_at)
