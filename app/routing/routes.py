"""/v1/routes: who does a call now. /v1/calls: having it done."""

import time
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from app.clock import database_now
from app.errors import NotFound
from app.routing import actions, queries
from app.routing.desk import RoutingDesk
from app.routing.schemas import CallAsked, CallOut, RouteAsked, RouteOut, call_out, route_out
from app.web.dependencies import CurrentAccount, CurrentRuntime, DbSession
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1", tags=["routing"])
State = Literal["running", "answered", "failed", "lost"]


def current_routing(request: Request) -> RoutingDesk:
    """The desk that main made."""
    desk = request.app.state.routing
    if not isinstance(desk, RoutingDesk):
        raise TypeError("the application was started without its routing")
    return desk


CurrentRouting = Annotated[RoutingDesk, Depends(current_routing)]


@router.post("/routes")
async def route(body: RouteAsked, session: DbSession, desk: CurrentRouting) -> RouteOut:
    """Who of two agents drawn at random does a call now, and why. Nothing is reserved; the caller calls himself."""
    return route_out(*await actions.route(session, desk, body.wanted(), time.monotonic()))


@router.post("/calls")
async def call(
    body: CallAsked, session: DbSession, account: CurrentAccount, desk: CurrentRouting, runtime: CurrentRuntime
) -> CallOut:
    """Has a call done by an agent that asks nothing for it, by another when that one fails, and answers with the first
    valid answer. The same `call_id` again gets the same answer; after a failure it is tried anew."""
    asked = body.asked()
    offers = await desk.offers(session, asked.wanted.capability)
    held = await actions.begin(session, offers, account, body.call_id, asked)
    if held is not None:
        return call_out(held, await database_now(session))
    # The call is claimed before anything is sent, and no connection waits for an agent.
    await session.commit()
    done = await actions.carry(runtime.sessions, desk, offers, account, body.call_id, asked)
    return call_out(done, done.ended_at or done.created_at)


@router.get("/calls/{call_id}")
async def read_call(call_id: UUID, session: DbSession, account: CurrentAccount) -> CallOut:
    """One of the account's calls."""
    found = await queries.call_of(session, account, call_id)
    if found is None:
        raise NotFound(kind="call")
    return call_out(found, await database_now(session))


@router.get("/calls")
async def list_calls(
    session: DbSession, account: CurrentAccount, page: Paging, state: State | None = None
) -> Page[CallOut]:
    """The account's calls, newest first. `failed` and `lost` are dead letters: sent again under their `call_id`, they
    are tried anew."""
    rows = await queries.calls_of(session, account, state, page.after("time", "uuid"), page.limit + 1)
    now = await database_now(session)
    return page_of(rows, page, lambda row: (row.created_at, row.call_id), lambda row: call_out(row, now))
