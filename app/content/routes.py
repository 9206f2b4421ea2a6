"""/v1/content: bytes in and out by their SHA-256, streamed both ways."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response, status
from fastapi.responses import FileResponse

from app.boundary import transaction
from app.content import actions, blobs, queries
from app.content.rules import content_digest, parse_content_digest, parse_media_type
from app.content.schemas import Stored
from app.database import Digest, Hash32
from app.errors import ContentTooLarge, NotFound, UploadStalled
from app.web.dependencies import CurrentAccount, CurrentRuntime, CurrentSettings, DbSession, SignedInUploader
from app.web.fields import DigestField

router = APIRouter(prefix="/v1/content", tags=["content"])

STALL_SECONDS = 30
