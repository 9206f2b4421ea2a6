"""/v1/task-templates: a buyer's own."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response, status
from pydantic import BaseModel, Field

from app.escrow.queries import chain_clock
from app.tasks import templates
from app.tasks.models import TaskTemplate
from app.tasks.schemas import AuctionPlanField, Seconds32
from app.tasks.templates import FAIR
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import AddressField, Amount, Bps, Capability, Text, WireModel
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page

router = APIRouter(prefix="/v1/task-templates", tags=["tasks"], route_class=MutatingRoute)
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]


class WindowsField(WireModel):
    """Seconds. What is left out is fair: 2 days to award, 7 to deliver, 3 to review, 7 to rule, an hour to veto."""

    award: Seconds32 = FAIR["award"]
    deliver: Seconds32 = FAIR["deliver"]
    review: Seconds32 = FAIR["review"]
    veto: Seconds32 = FAIR["veto"]
    arbiter: Seconds32 = FAIR["arbiter"]


class TemplateField(WireModel):
    """What is the same each time; `agent` makes it a direct hire."""

    title: Annotated[Text, Field(min_length=1, max_length=200)]
    capability: Capability
    visibility: Literal["public", "private"] = "public"
    payment: Literal["in_advance", "at_award"] = "in_advance"
    budget: Amount | None = None
    agent: AddressField | None = None
    arbiter: AddressField | None = None
    auction: AuctionPlanField | None = None
    windows: WindowsField = WindowsField()
    default_share_bps: Bps = 5_000


class TemplateView(BaseModel):
    """`terms` are the times and windows that a task posted from it now would have, with the contract's names."""

    name: str
    template: TemplateField
    terms: dict[str, int]
    updated_at: datetime


@router.put("/{template}")
async def save_template(
    template: Name, body: TemplateField, session: DbSession, account: CurrentAccount
) -> TemplateView:
    """Keeps a template, in the place of the one of that name."""
    return await shown(session, await templates.save(session, account, template, body.model_dump(mode="json")))


@router.get("")
async def list_templates(session: DbSession, account: CurrentAccount) -> Page[TemplateView]:
    """One's own, by name."""
    found = [await shown(session, each) for each in await templates.of_account(session, account)]
    return Page(items=found, next_cursor=None)


@router.get("/{template}")
async def read_template(template: Name, session: DbSession, account: CurrentAccount) -> TemplateView:
    """One of one's own."""
    return await shown(session, await templates.named(session, account, template))


@router.delete("/{template}", status_code=status.HTTP_204_NO_CONTENT)
async def remove_template(template: Name, session: DbSession, account: CurrentAccount) -> Response:
    await templates.remove(session, account, template)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


async def shown(session: DbSession, stored: TaskTemplate) -> TemplateView:
    content: dict[str, Any] = stored.content
    time = (await chain_clock(session)).timestamp
    return TemplateView(
        name=stored.name,
        template=TemplateField.model_validate(content),
        terms=templates.terms_of(content, time),
        updated_at=stored.updated_at,
    )
