"""How far what one signed has come: GET /v1/intents."""

from uuid import UUID

from fastapi import APIRouter

from app.errors import NotFound
from app.relayer import queries
from app.relayer.models import Intent
from app.relayer.schemas import IntentOut
from app.web.dependencies import CurrentAccount, DbSession
from app.web.fields import TaskIdField
from app.web.paging import Page, Paging, page_of

router = APIRouter(prefix="/v1/intents", tags=["intents"])


@router.get("/{intent_id}")
async def get_intent(intent_id: UUID, session: DbSession, account: CurrentAccount) -> IntentOut:
    """One of the caller's own intents; another's answers like one that does not exist."""
    intent = await queries.intent_of(session, intent_id)
    if intent is None or intent.account != account:
        raise NotFound(kind="intent")
    return IntentOut.of(intent)


@router.get("")
async def list_intents(
    session: DbSession, account: CurrentAccount, paging: Paging, task_id: TaskIdField | None = None
) -> Page[IntentOut]:
    """The caller's own intents, newest first, for one task or all."""
    after = paging.after("time", "uuid")
    found = await queries.intents_made_by(session, account, task_id, after, paging.limit + 1)
    return page_of(found, paging, key=place_of, wire=IntentOut.of)


def place_of(intent: Intent) -> tuple[object, ...]:
    return intent.created_at, intent.id
