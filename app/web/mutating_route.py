"""The class of every route that changes something: a repeated POST gets its answer, and each change leaves its row.

Both happen after the handler and before the request's transaction commits (app.web.dependencies opens it): answer, row
and effect are there together or not at all.
"""

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from app.web.calls import call_of, leaves_row
from app.web.idempotency import AnsweredBefore, store

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class MutatingRoute(APIRoute):
    """A route whose POST honours Idempotency-Key, and whose effect the trail tells of."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except AnsweredBefore as before:
                return before.response
            claim = getattr(request.state, "claim", None)
            if claim is not None:
                await store(claim, response)
            if leaves_row(request.method, self.path):
                await record(request, response)
            return response

        return answer


async def record(request: Request, response: Response) -> None:
    """Leaves the row in the transaction that the handler worked in. The body is at hand: the limits have read it."""
    call = call_of(request, hashlib.sha256(await request.body()).digest(), response)
    await request.app.state.runtime.record(request.state.transaction, call)
