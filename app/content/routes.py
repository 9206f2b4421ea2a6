"""/v1/content: bytes in and out by their SHA-256, streamed both ways."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response, status
from fastapi.responses import FileResponse

from app.boundary import transaction
from app.content import actions, blobs, queries
from app.content.rules import digest_field, parse_content_digest, parse_media_type
from app.content.schemas import Stored
from app.database import Digest, Hash32
from app.errors import ContentTooLarge, NotFound, UploadStalled
from app.web.calls import call_of
from app.web.database_errors import translating
from app.web.dependencies import CurrentAccount, CurrentRuntime, CurrentSettings, DbSession, StreamingAccount
from app.web.fields import DigestField
from app.web.limits import STALL_SECONDS

router = APIRouter(prefix="/v1/content", tags=["content"])


@router.post("", status_code=status.HTTP_201_CREATED, response_model=Stored)
async def store(
    request: Request,
    runtime: CurrentRuntime,
    account: StreamingAccount,
    content_type: Annotated[str | None, Header()] = None,
    content_digest: Annotated[str | None, Header(description="sha-256=:BASE64: (RFC 9530)")] = None,
) -> Response:
    """Stores the raw body for the signed-in account; a Content-Digest that differs refuses it."""
    media_type = parse_media_type(content_type)
    expected = None if content_digest is None else Digest(Hash32(parse_content_digest(content_digest)))
    limit = runtime.settings.max_content_bytes
    refuse_declared_excess(request, limit)
    blob = await blobs.store(runtime.settings.content_dir, body_of(request), limit, expected)
    stored = Stored(digest=blob.digest, size=blob.size, media_type=media_type)
    answer = Response(stored.model_dump_json(), status.HTTP_201_CREATED, media_type="application/json")
    with translating():
        async with transaction(runtime.sessions) as session:
            await actions.keep(session, blob, account, media_type)
            await runtime.record(session, call_of(request, bytes.fromhex(blob.digest[2:]), answer))
    return answer


@router.get("/{digest}", response_class=FileResponse)
async def read(digest: DigestField, session: DbSession, account: CurrentAccount, settings: CurrentSettings) -> Response:
    """The bytes of this digest, for those who stored it or were granted it; anything else is unknown."""
    content = await queries.readable_by(session, digest, account)
    if content is None:
        raise NotFound(kind="content")
    path = await blobs.locate(settings.content_dir, digest)
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
        "Repr-Digest": digest_field(digest),
    }
    return FileResponse(path, media_type=content.media_type, filename=digest, headers=headers)


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. Raises UploadStalled when nothing comes for too long."""
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                chunk = await anext(stream)
        except TimeoutError as error:
            raise UploadStalled(seconds=STALL_SECONDS) from error
        except StopAsyncIteration:
            return
        yield chunk


def refuse_declared_excess(request: Request, limit: int) -> None:
    """Raises ContentTooLarge before a byte is read, where Content-Length already says so."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < 20 and int(declared) > limit:
        raise ContentTooLarge(limit=limit)
