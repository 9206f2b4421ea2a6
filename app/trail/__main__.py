"""`scripts/audit verify | export | erase`: exit code 1 where the trail is broken, 2 where nobody can tell."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

from eth_utils.address import is_address, to_checksum_address
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import in_database
from app.chain.rpc import AsyncChain
from app.database import Address
from app.errors import ChainUnavailable
from app.trail.actions import erase_origins_of
from app.trail.export import write_links
from app.trail.verify import Found, verify

BROKEN, UNTOLD = 1, 2


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    if not given.database_url:
        sys.exit("DATABASE_URL is not set: name the database, as postgresql://user:password@host:port/name")
    try:
        return asyncio.run(RUN[given.verb](given))
    except (ChainUnavailable, SQLAlchemyError, OSError) as error:
        print(f"cannot tell: {error}", file=sys.stderr)
        return UNTOLD


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="audit", description="The trail of calls: docs/audit-trail.md.")
    made.add_argument("--database-url", default=os.environ.get("DATABASE_URL"), help="default: DATABASE_URL")
    verbs = made.add_subparsers(dest="verb", required=True)
    verifying = verbs.add_parser("verify", help="walk all links and compare each anchor with the chain")
    verifying.add_argument("--rpc-urls", default=os.environ.get("RPC_URLS", ""), help="default: RPC_URLS")
    exporting = verbs.add_parser("export", help="write links as lines of JSON")
    exporting.add_argument("--from", dest="start", type=moment, metavar="TIME", help="ISO 8601, UTC unless it says so")
    exporting.add_argument("--to", dest="end", type=moment, metavar="TIME", help="links of calls before it")
    erasing = verbs.add_parser("erase", help="erase where an account's calls came from; the chain stays whole")
    erasing.add_argument("--account", required=True, type=address)
    return made


async def run_verify(given: argparse.Namespace) -> int:
    urls = [url.strip() for url in given.rpc_urls.split(",") if url.strip()]
    async with AsyncChain(urls) as chain:

        async def walked(session: AsyncSession) -> Found:
            # One view of the whole: links, drops and anchors that come meanwhile are another walk's.
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            return await verify(session, chain)

        found = await in_database(given.database_url, walked)
    print(told(found))
    return 0 if found.broken is None else BROKEN


async def run_export(given: argparse.Namespace) -> int:
    await in_database(
        given.database_url, lambda session: write_links(session, sys.stdout.buffer, start=given.start, end=given.end)
    )
    return 0


async def run_erase(given: argparse.Namespace) -> int:
    erased = await in_database(given.database_url, lambda session: erase_origins_of(session, given.account))
    print(f"erased the origins of {erased} calls")
    return 0


def told(found: Found) -> str:
    """What was found, a line a fact."""
    lines = [
        f"links       {found.first}..{found.last}, head 0x{found.head.hex()}",
        f"not linked  {found.unlinked}",
        f"erased      {found.erased} origins",
        f"anchors     {found.confirmed} on the chain, {found.waiting} waiting or failed",
    ]
    if found.broken is None:
        return "\n".join([*lines, "whole"])
    return "\n".join([*lines, f"broken: link {found.broken.position} {found.broken.what}"])


def moment(said: str) -> datetime:
    """A time; UTC where it names no zone."""
    time = datetime.fromisoformat(said)
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def address(said: str) -> Address:
    """Raises ArgumentTypeError."""
    if not is_address(said):
        raise argparse.ArgumentTypeError(f"{said} is no address")
    return Address(to_checksum_address(said))


RUN: Mapping[str, Callable[[argparse.Namespace], Coroutine[Any, Any, int]]] = {
    "verify": run_verify,
    "export": run_export,
    "erase": run_erase,
}

if __name__ == "__main__":
    sys.exit(main())
