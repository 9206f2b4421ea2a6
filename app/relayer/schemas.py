"""Wire shapes of the outbox."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from app.relayer.models import Intent
from app.relayer.rules import IntentState


class IntentOut(BaseModel):
    """An intent as its maker sees it. `error` is the contract's custom error: name, args, text."""

    id: UUID
    verb: str
    task_id: str | None
    state: IntentState
    reason: str | None
    error: dict[str, Any] | None
    tx_hash: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, intent: Intent) -> Self:
        """The wire shape of a row."""
        return cls(
            id=intent.id,
            verb=intent.verb,
            task_id=intent.task_id,
            state=IntentState(intent.state),
            reason=intent.reason,
            error=intent.error,
            tx_hash=intent.tx_hash,
            created_at=intent.created_at,
            updated_at=intent.updated_at,
        )
