"""`python -m app.relayer.gas invite WEI [DAYS]` prints a code that gives so much gas once; `grant ADDRESS WEI KEY`
gives it to an account, once for each key; `status` says what of this day's budget is left.

Exit code 2 for words that do not fit.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from eth_utils.address import is_checksum_address
from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import transaction
from app.config import Settings, read_settings
from app.database import Address, make_engine, make_sessions
from app.relayer.gas import books

USAGE = "usage: python -m app.relayer.gas invite WEI [DAYS] | grant ADDRESS WEI KEY | status"
DAYS = "30"
T = TypeVar("T")


def main(arguments: list[str]) -> int:
    """The exit code."""
    match arguments:
        case ["invite", wei]:
            return main(["invite", wei, DAYS])
        case ["invite", wei, days] if wei.isdecimal() and int(wei) > 0 and days.isdecimal():
            print(asyncio.run(in_transaction(invite, int(wei), timedelta(days=int(days)))))
        case ["grant", address, wei, key] if is_checksum_address(address) and wei.isdecimal():
            asyncio.run(in_transaction(grant, Address(address), int(wei), key))
        case ["status"]:
            print(asyncio.run(in_transaction(status)))
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return 0


async def invite(session: AsyncSession, _settings: Settings, wei: int, lifetime: timedelta) -> str:
    """The code, shown this once."""
    return await books.make_invite(session, wei, lifetime)


async def grant(session: AsyncSession, _settings: Settings, account: Address, wei: int, key: str) -> None:
    await books.give(session, f"grant:{key}", account, wei)


async def status(session: AsyncSession, settings: Settings) -> str:
    spent = await books.spent_today(session)
    return f"spent={spent} left={settings.gas_day_wei - spent} day={settings.gas_day_wei} (wei, UTC day)"


async def in_transaction(work: Callable[..., Awaitable[T]], *given: object) -> T:
    """What the work gives, once it is committed."""
    settings = read_settings()
    engine = make_engine(settings.sqlalchemy_url)
    try:
        async with transaction(make_sessions(engine)) as session:
            return await work(session, settings, *given)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
