"""`python -m indexer.main` mirrors the chain until SIGTERM; with `status` it says where the mirror stands, with `audit`
it compares every row with a fold from zero (exit code 1 where one differs), with `refold` it makes every row anew.

Exit codes: 0 after SIGTERM or SIGINT, 2 for a setting or a word that does not fit, 3 for a reorg below finality, 4 for
a chain that came back behind the database.
"""

import asyncio
import logging
import signal
import sys

from app.chain.deployment import load
from app.config import Settings, read_settings
from indexer import work
from indexer.audit import print_audit
from indexer.errors import Stop
from indexer.lead import run
from indexer.rebuild import refold_all
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
        case _:
            print(
                "usage: python -m indexer.main [status | audit | refold]",
                file=sys.stderr,
            )
            return 2


def serve(settings: Settings) -> int:
    """Mirrors until told to stop, or until no retry can help."""
    try:
        work.tune()
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
        work.tune()
        url = settings.database_url.get_secret_value()
        block = asyncio.run(refold_all(url, load(settings.deployment_file)))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.exit_code
    print(f"refolded block={block}")
    return 0


async def until_signalled(settings: Settings) -> None:
    """A signal cancels whatever is waited for: an open transaction rolls back, and nothing half-done stays."""
    running = asyncio.ensure_future(run(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
