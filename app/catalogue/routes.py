"""/v1/capabilities: what can be listed and asked for, with the schemas of both sides."""

from typing import Annotated

from fastapi import APIRouter, Path, status

from app.catalogue import actions, queries
from app.catalogue.rules import Contract, Version
from app.catalogue.schemas import CapabilityView, Published, VersionText, capability_view
from app.errors import NotFound
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import Capability
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1/capabilities", tags=["catalogue"], route_class=MutatingRoute)
Name = Annotated[Capability, Path()]


@router.get("")
async def list_capabilities(session: DbSession, page: Paging, below: Capability | None = None) -> Page[CapabilityView]:
    """The newest version of each, by name; of a capability and those below it, if given."""
    after = page.after("text")
    rows = await queries.newest(session, below=below, after=None if after is None else after[0], limit=page.limit + 1)
    return page_of(rows, page, key=lambda each: (each.name,), wire=capability_view)


@router.get("/{name}")
async def read_capability(name: Name, session: DbSession) -> Page[CapabilityView]:
    """Every version, oldest first."""
    found = await queries.versions_of(session, name)
    if not found:
        raise NotFound(kind="capability")
    return Page(items=[capability_view(each) for each in found], next_cursor=None)


@router.get("/{name}/{version}")
async def read_version(name: Name, version: VersionText, session: DbSession) -> CapabilityView:
    """One version. It never changes."""
    found = await queries.version_of(session, name, Version.read(version))
    if found is None:
        raise NotFound(kind="capability")
    return capability_view(found)


@router.post("/{name}", status_code=status.HTTP_201_CREATED)
async def publish(name: Name, body: Published, session: DbSession, account: CurrentAccount) -> CapabilityView:
    """Publishes a version: 1.0 first, which makes the name yours; then the next minor one, which accepts all that was
    accepted and gives nothing unexpected, or the next major one."""
    contract = Contract(body.input, body.output)
    version = Version.read(body.version)
    return capability_view(await actions.publish(session, account, name, version, body.description, contract))
