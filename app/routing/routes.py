"""/v1/routes: who does a call now. /v1/calls: having it done."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app import faults
from app.boundary import after_commit, transaction
from app.channels.queries import voucher_of
from app.channels.routes import CurrentSequencer, MaybeSequencer
from app.clock import database_now
from app.errors import NotFound, StreamNotPaid
from app.routing import actions, queries
from app.routing.actions import Order
from app.routing.desk import Offers, RoutingDesk
from app.routing.models import Call
from app.routing.schemas import CallAsked, CallOut, Paid, RouteAsked, RouteOut, call_out, due_out, route_out
from app.routing.streaming import NDJSON, Sink
from app.web.dependencies import CurrentAccount, CurrentRuntime, DbSession, Runtime
from app.web.mutating_route import MutatingRoute
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1", tags=["routing"])
paying = APIRouter(prefix="/v1", tags=["routing"], route_class=MutatingRoute)
NOTHING = object()
State = Literal["running", "held", "answered", "failed", "lost"]


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


@router.post("/calls", response_model=CallOut, responses={200: {"content": {NDJSON: {}}}})
async def call(
    request: Request,
    body: CallAsked,
    session: DbSession,
    account: CurrentAccount,
    desk: CurrentRouting,
    runtime: CurrentRuntime,
    sequencer: MaybeSequencer,
) -> CallOut | StreamingResponse:
    """Has a call done by an agent, by another when that one fails, and answers with the first valid answer. One that
    costs something is held, and `due` says which voucher it waits for. The same `call_id` again gets the same answer;
    after a failure it is tried anew. Who accepts application/x-ndjson hears an agent that answers so line by line,
    as `{"part": …}`, and the call at last, as `{"call": …}`."""
    order, streams = Order(account, body.call_id, body.asked()), NDJSON in request.headers.get("accept", "")
    if streams and order.asked.most:
        raise StreamNotPaid()
    offers = await desk.offers(session, order.asked.wanted.capability)
    begun = await actions.begin(session, offers, sequencer, order)
    if begun.state != "running":
        return await shown(session, begun, runtime)
    # The call is claimed before anything is sent, and no connection waits for an agent.
    await session.commit()
    if streams:
        return await streamed(runtime, desk, offers, order, begun.run)
    done = await actions.carry(runtime.sessions, desk, offers, order, begun.run)
    if done.state != "held":
        return call_out(done, done.ended_at or done.created_at)
    async with transaction(runtime.sessions) as fresh:
        return await shown(fresh, done, runtime)


async def streamed(runtime: Runtime, desk: RoutingDesk, offers: Offers, order: Order, run: int) -> StreamingResponse:
    """The call goes on, and is stored, when nobody listens any more. Raises what stops it before the first line."""
    sink = Sink(asyncio.get_running_loop().time() + order.asked.deadline_ms / 1000)
    work = desk.keep(actions.carry(runtime.sessions, desk, offers, order, run, sink))
    lines = sink.lines(work)
    first = await anext(lines, NOTHING)
    if first is NOTHING:
        await work

    async def told() -> AsyncIterator[bytes]:
        if first is not NOTHING:
            yield orjson.dumps({"part": first}) + b"\n"
        async for line in lines:
            yield orjson.dumps({"part": line}) + b"\n"
        await asyncio.wait([work])
        async with transaction(runtime.sessions) as session:
            call = await queries.call_of(session, order.account, order.call_id)
            assert call is not None
            yield b'{"call":' + call_out(call, await database_now(session)).model_dump_json().encode() + b"}\n"

    return StreamingResponse(told(), media_type=NDJSON)


@paying.post("/calls/{call_id}/pay")
async def pay(
    call_id: UUID,
    body: Paid,
    session: DbSession,
    account: CurrentAccount,
    sequencer: CurrentSequencer,
) -> CallOut:
    """Takes the voucher for a held answer, stores it, and answers with the answer. A repeat gets it again."""
    paid = await actions.pay(session, sequencer, account, call_id, body.cumulative, bytes.fromhex(body.signature[2:]))
    faults.reach("routing.paid_before_commit")
    after_commit(session, "routing.told", paid_before_told)
    return call_out(paid, paid.ended_at or paid.created_at)


async def paid_before_told() -> None:
    faults.reach("routing.paid_before_told")


async def shown(session: AsyncSession, call: Call, runtime: Runtime) -> CallOut:
    """A call, and for a held one what it waits for."""
    now = await database_now(session)
    if call.state != "held":
        return call_out(call, now)
    due = actions.due_of(call)
    before = await voucher_of(session, due.channel_id, due.payee)
    return call_out(call, now, due_out(due, before, runtime.deployment))


@router.get("/calls/{call_id}")
async def read_call(call_id: UUID, session: DbSession, account: CurrentAccount, runtime: CurrentRuntime) -> CallOut:
    """One of the account's calls."""
    found = await queries.call_of(session, account, call_id)
    if found is None:
        raise NotFound(kind="call")
    return await shown(session, found, runtime)


@router.get("/calls")
async def list_calls(
    session: DbSession, account: CurrentAccount, page: Paging, state: State | None = None
) -> Page[CallOut]:
    """The account's calls, newest first. `failed` and `lost` are dead letters: sent again under their `call_id`, they
    are tried anew. `held` ones wait to be paid: read one to see its voucher."""
    rows = await queries.calls_of(session, account, state, page.after("time", "uuid"), page.limit + 1)
    now = await database_now(session)
    return page_of(rows, page, lambda row: (row.created_at, row.call_id), lambda row: call_out(row, now))
