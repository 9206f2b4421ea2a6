"""What moves auctions on by itself: the reaction to funding and awards, the close, the award."""

from celery import shared_task

from app import faults
from app.announcements.actions import advance, next_for
from app.announcements.models import Announcement
from app.announcements.queries import position_of
from app.auctions import actions, opening
from app.auctions.awarding import Auctioneer, auctioneer_key, award_due
from app.auctions.sealing import Seal
from app.boundary import WorkerRuntime, run_in_worker, transaction
from app.chain.deployment import load
from app.chain.rpc import AsyncChain
from app.config import Settings
from app.database import Address, Digest, Hash32, TaskId
from app.errors import ChainNotMirrored, ChainUnavailable

SCHEDULE: dict[str, float] = {"auctions.sweep": 0.5, "auctions.catch_up": 15.0}


@shared_task(name="auctions.sweep")  # type: ignore[untyped-decorator]  # celery ships no types
def sweep() -> None:
    """Opens what was funded, closes what is due, shows what was revealed, awards what is final; each in a transaction
    of its own."""
    run_in_worker(sweep_once)


@shared_task(name="auctions.catch_up")  # type: ignore[untyped-decorator]  # celery ships no types
def catch_up() -> None:
    """Opens auctions whose task was posted after its funding had been announced."""
    run_in_worker(catch_up_once)


async def sweep_once(runtime: WorkerRuntime) -> None:
    """One round of everything."""
    await react_to_funding(runtime)
    await react_to_awards(runtime)
    await react_to_revocations(runtime)
    await close(runtime)
    await show(runtime)
    await award(runtime)


async def catch_up_once(runtime: WorkerRuntime) -> None:
    """One round."""
    async with transaction(runtime.sessions) as session:
        await opening.open_missed(session, seal_of(runtime.settings))


async def react_to_funding(runtime: WorkerRuntime) -> None:
    """Opens auctions whose money has been seen."""
    async with transaction(runtime.sessions) as session:
        seen = await next_for(session, "auctions.funded", ["chain.TaskFunded"])
        if seen:
            await opening.open_funded(session, seal_of(runtime.settings), [task_of(each) for each in seen])
            await advance(session, "auctions.funded", position_of(seen[-1]))


async def react_to_awards(runtime: WorkerRuntime) -> None:
    """Lets chosen agents read their task."""
    async with transaction(runtime.sessions) as session:
        seen = await next_for(session, "auctions.awarded", ["chain.TaskAwarded"])
        if seen:
            awards = [(task_of(each), Address(each.payload["args"]["agent"])) for each in seen]
            await actions.admit_awarded(session, awards)
            await advance(session, "auctions.awarded", position_of(seen[-1]))


async def react_to_revocations(runtime: WorkerRuntime) -> None:
    """Strikes bids that were revoked at the escrow, whoever carried it there."""
    async with transaction(runtime.sessions) as session:
        seen = await next_for(session, "auctions.revoked", ["chain.BidRevoked"])
        if seen:
            await actions.strike_revoked(session, [Digest(each.payload["args"]["bidDigest"]) for each in seen])
            await advance(session, "auctions.revoked", position_of(seen[-1]))


async def close(runtime: WorkerRuntime) -> None:
    """Closes what is due."""
    async with transaction(runtime.sessions) as session:
        if await opening.close_due(session):
            faults.reach("worker.auction_closed_before_commit")


async def show(runtime: WorkerRuntime) -> None:
    """Shows the reveals of auctions whose window has ended, where this deployment has an auctioneer."""
    seal = seal_of(runtime.settings)
    if seal is None:
        return
    async with transaction(runtime.sessions) as session:
        if await opening.show_due(session, seal):
            faults.reach("worker.auction_shown_before_commit")


async def award(runtime: WorkerRuntime) -> None:
    """Decides awards, where this deployment has an auctioneer.

    Nothing to do before the chain is mirrored; and while no node answers, the next sweep finds the same auctions.
    """
    settings = runtime.settings
    key = auctioneer_key(settings)
    if key is None:
        return
    try:
        async with (
            AsyncChain(settings.rpc_urls, timeout_seconds=settings.rpc_timeout_seconds) as chain,
            transaction(runtime.sessions) as session,
        ):
            auctioneer = Auctioneer(key, chain, load(settings.deployment_file), settings.content_dir)
            await award_due(session, auctioneer)
    except (ChainNotMirrored, ChainUnavailable):
        return


def seal_of(settings: Settings) -> Seal | None:
    """What opens reveals and makes seeds."""
    key = auctioneer_key(settings)
    return None if key is None else Seal.of(key)


def task_of(announcement: Announcement) -> TaskId:
    """The task in a subject `task:0x…`."""
    return TaskId(Hash32(announcement.subject.removeprefix("task:")))
