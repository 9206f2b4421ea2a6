"""`python -m indexer.main` mirrors the chain until SIGTERM; with `status` it says where the mirror stands, with `audit`
it compares every row with a fold from zero (exit code 1 where one differs), with `refold` it makes every row anew, with
`backfill --from BLOCK` it deletes and fetches again (exit code 1 where the node does not answer).

Exit codes: 0 after SIGTERM or SIGINT, 2 for a setting or a word that does not fit, 3 for a reorg below finality, 4 for
a chain that came back behind the database.
"""

import asyncio
import logging
import signal
import sys

from app.chain.deployment import load
from app.chain.production import require_production
from app.config import Settings, read_settings
from indexer.audit import print_audit
from indexer.errors import Retry, Stop
from indexer.launch import launch
from indexer.lead import run
from indexer.rebuild import refold_all
from indexer.rewind import backfill_from
from indexer.status import print_status

log = logging.getLogger("indexer")


def main(arguments: list[str]) -> int:
    """Runs the command; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = read_settings()
    match arguments:
        case []:
            return serve(settings)
        case ["status"]:
            return print_status(settings.database_url.get_secret_value())
        case ["audit"]:
            return print_audit(settings.database_url.get_secret_value(), load(settings.deployment_file))
        case ["refold"]:
            return refolded(settings)
        case ["backfill", "--from", block, *rest] if block.isdecimal() and rest in ([], ["--yes"]):
            return backfilled(settings, int(block), confirmed=bool(rest))
        case _:
            print(
                "usage: python -m indexer.main [status | audit | refold | backfill --from BLOCK [--yes]]",
                file=sys.stderr,
            )
            return 2


def serve(settings: Settings) -> int:
    """Mirrors until told to stop, or until no retry can help. Raises SettingRefused."""
    require_production(settings, load(settings.deployment_file))
    try:
        launch()
        asyncio.run(until_signalled(settings))
    except Stop as stop:
        log.critical("stopped exit_code=%d %s", stop.exit_code, stop)
        return stop.exit_code
    except asyncio.CancelledError:
        log.info("stopped")
    return 0


def refolded(settings: Settings) -> int:
    """Makes every row anew from the raw logs."""
    try:
        launch()
        url = settings.database_url.get_secret_value()
        block = asyncio.run(refold_all(url, load(settings.deployment_file)))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.exit_code
    print(f"refolded block={block}")
    return 0


def backfilled(settings: Settings, block: int, *, confirmed: bool) -> int:
    """Deletes what is mirrored from a block on, and fetches it again."""
    try:
        launch()
        done = asyncio.run(backfill_from(settings, load(settings.deployment_file), block, confirmed=confirmed))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.exit_code
    except Retry as error:
        print(f"{error}; say it again, or start the indexer, which fetches what is missing", file=sys.stderr)
        return 1
    print(done)
    return 0


async def until_signalled(settings: Settings) -> None:
    """A signal cancels whatever is waited for: an open transaction rolls back, and nothing half-done stays."""
    running = asyncio.ensure_future(run(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
