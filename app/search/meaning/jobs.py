"""What keeps vectors up to date: models made anew when the catalogue has changed, and listings that are due."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from celery import shared_task
from sqlalchemy.ext.asyncio import AsyncSession

from app.announcements.actions import held_position
from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.errors import EmbedderUnavailable
from app.search.meaning import actions, queries
from app.search.meaning.embedders import Embedders
from app.search.meaning.fitted import encoded, name_of
from app.search.meaning.lsa import DIMENSIONS, MOST_TEXTS, fit
from app.search.meaning.models import MeaningModel

log = logging.getLogger(__name__)
SCHEDULE: dict[str, float] = {"search.vectors": 1.0, "search.model": 60.0}
FEWEST_TEXTS = 20
CHANGED_SHARE = 0.1
BATCH = 256
ROUNDS = 20


@shared_task(name="search.vectors")  # type: ignore[untyped-decorator]  # celery ships no types
def vectors() -> None:
    """Makes vectors of what is due."""
    run_in_worker(vectors_once)


@shared_task(name="search.model")  # type: ignore[untyped-decorator]  # celery ships no types
def model() -> None:
    """Sees to it that there is a model, that it fits the catalogue, and that no listing is forgotten."""
    run_in_worker(model_once)


async def vectors_once(runtime: WorkerRuntime) -> None:
    """Some batches of each model, a transaction each. What an embedder does not make now stays due."""
    async with Embedders(runtime.settings) as embedders:
        try:
            for _ in range(ROUNDS):
                async with transaction(runtime.sessions) as session:
                    if not await make_some(session, embedders):
                        return
        except EmbedderUnavailable as error:
            log.warning("vectors not made: %s", error)


async def make_some(session: AsyncSession, embedders: Embedders) -> bool:
    """Whether there was anything to make; where not, models are marked as ready. The rows that are due stay locked
    meanwhile, so that no other process has the same texts made. Raises EmbedderUnavailable."""
    models = await embedders.models(session)
    for each in models:
        due = await queries.due(session, each.id, BATCH)
        embedder = await embedders.of(session, each) if due else None
        if embedder is not None:
            await actions.store(session, each.id, due, await embedder.embed([one.text for one in due]))
            return True
    waiting = [each.id for each in models if each.ready_at is None]
    if waiting:
        await actions.mark_ready(session, waiting)
    return False


async def model_once(runtime: WorkerRuntime) -> None:
    """One round, by one process at a time. A new model is not made while the one before still lacks vectors."""
    async with Embedders(runtime.settings) as embedders, transaction(runtime.sessions) as session:
        if not await queries.vectors_possible(session) or await held_position(session, "search.model") is None:
            return
        models = await embedders.models(session)
        if all(each.ready_at is not None for each in models):
            await make_model(session, embedders, models[0] if models else None)
        models = await embedders.models(session)
        await actions.sweep(session, [each.id for each in models])
        await forget_replaced(session, models)


async def forget_replaced(session: AsyncSession, models: Sequence[MeaningModel]) -> None:
    """Takes away what the newest ready model took the place of, other embedders' models too."""
    newest = next((place for place, each in enumerate(models) if each.ready_at is not None), None)
    if newest is not None:
        for model_id in await queries.models_beside(session, {each.id for each in models[: newest + 1]}):
            await actions.forget_model(session, model_id)


async def make_model(session: AsyncSession, embedders: Embedders, newest: MeaningModel | None) -> None:
    """Names the external model, or fits one where there is none or enough has changed."""
    if embedders.external is not None:
        if newest is None:
            await actions.add_model(session, embedders.external.name, embedders.external.dimensions, None, 0)
        return
    since, before = (None, 0) if newest is None else (newest.made_at, newest.texts)
    if not await worth_fitting(session, since, before):
        return
    texts = await queries.all_texts(session, MOST_TEXTS)
    stored = await asyncio.to_thread(lambda: encoded(fit(texts)))
    total = (await queries.change_since(session, since)).texts
    await actions.add_model(session, name_of(stored), DIMENSIONS, stored, total)


async def worth_fitting(session: AsyncSession, since: datetime | None, before: int) -> bool:
    """Whether there is something to fit on, and a tenth of it came, went or changed since the last time."""
    found = await queries.change_since(session, since)
    if found.texts < FEWEST_TEXTS:
        return False
    return since is None or max(found.changed, abs(found.texts - before)) >= CHANGED_SHARE * before
