"""Idempotency-Key: a POST that comes again gets the answer that it got, for a day, and has one effect.

The answer is stored in the transaction of the effect, so there is never one without the other. A request that comes
while its twin is under way waits at the twin's row; where the twin was refused nothing was stored, and it is tried
anew. The header's form follows draft-ietf-httpapi-idempotency-key-header; it may stand without quotes.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

from fastapi import Request
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.database import Address
from app.errors import IdempotencyKeyMalformed, IdempotencyKeyReused
from app.web.models import Answer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
_KEY = re.compile(r'[A-Za-z0-9._:/+=-]{8,128}|"[A-Za-z0-9._:/+=-]{8,128}"')


@dataclass(frozen=True)
class Claim:
    """A keyed request whose answer is to be stored in `session`, the transaction of its effect."""

    session: AsyncSession
    account: Address
    key: str


class AnsweredBefore(Exception):
    """Carries the stored answer out of the request's dependencies; the transaction holds nothing yet."""

    def __init__(self, response: Response) -> None:
        self.response = response


def key_of(request: Request) -> str | None:
    """The request's key; None where it brings none or changes nothing by its method.

    Raises IdempotencyKeyMalformed.
    """
    if request.method != "POST" or HEADER not in request.headers:
        return None
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyMalformed
    return key.strip('"')


async def claim(session: AsyncSession, account: Address, key: str, request: Request) -> Claim:
    """Takes the key for this request, waiting for a twin under way.

    Raises AnsweredBefore where the request was answered within a day, IdempotencyKeyReused where the key was another's.
    """
    await forget_old(session)
    digest = await request_digest(request)
    values = {"account": account, "key": key, "request_digest": digest}
    taken = await session.execute(insert(Answer).values(values).on_conflict_do_nothing().returning(Answer.key))
    if taken.one_or_none() is not None:
        return Claim(session, account, key)
    known = (await session.scalars(select(Answer).where(Answer.account == account, Answer.key == key))).one()
    if known.request_digest != digest:
        raise IdempotencyKeyReused(key=key)
    raise AnsweredBefore(stored_response(known))


async def store(taken: Claim, response: Response) -> None:
    """Keeps an answer of success; any other leaves the key free, since its transaction is undone or did nothing."""
    mine = (Answer.account == taken.account, Answer.key == taken.key)
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        await taken.session.execute(delete(Answer).where(*mine))
        return
    said = {"status": response.status_code, "media_type": response.media_type, "body": bytes(response.body)}
    await taken.session.execute(update(Answer).where(*mine).values(said))


async def forget_old(session: AsyncSession) -> None:
    """Drops answers past their day, a few at a time, those that others drop left out."""
    old = select(Answer.account, Answer.key).where(Answer.created_at < func.clock_timestamp() - KEPT)
    few = old.limit(100).with_for_update(skip_locked=True).subquery()
    await session.execute(delete(Answer).where(Answer.account == few.c.account, Answer.key == few.c.key))


async def request_digest(request: Request) -> bytes:
    """Of what was asked: method, target and body. The body is at hand: the limits have read it already."""
    target = f"{request.method} {request.url.path}?{request.url.query}\n"
    return hashlib.sha256(target.encode() + await request.body()).digest()


def stored_response(known: Answer) -> Response:
    """The answer as it was given, marked as a repetition."""
    return Response(
        known.body, known.status or HTTPStatus.OK, {REPLAYED: "true"}, media_type=known.media_type or "application/json"
    )
