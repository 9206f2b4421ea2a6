"""`python -m app.relayer.gas invite WEI [DAYS]` prints a code that gives so much gas once; `grant ADDRESS WEI KEY`
gives it to an account, once for each key; `status` says what of this day's budget is left.

Exit code 2 for words that do not fit.
"""

import asyncio
import sys
from datetime import timedelta

from eth_utils.address import is_checksum_address

from app.boundary import transaction
from app.config import Settings, read_settings
from app.database import Address, make_engine, make_sessions
from app.relayer.gas import books

USAGE = "usage: python -m app.relayer.gas invite WEI [DAYS] | grant ADDRESS WEI KEY | status"
DAYS = "30"


def main(arguments: list[str]) -> int:
    """The exit code."""
    match arguments:
        case ["invite", wei]:
            return main(["invite", wei, DAYS])
        case ["invite", wei, days] if wei.isdecimal() and int(wei) > 0 and days.isdecimal():
            print(asyncio.run(invite(read_settings(), int(wei), timedelta(days=int(days)))))
        case ["grant", address, wei, key] if is_checksum_address(address) and wei.isdecimal():
            asyncio.run(grant(read_settings(), Address(address), int(wei), key))
        case ["status"]:
            print(asyncio.run(status(read_settings())))
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return 0


async def invite(settings: Settings, wei: int, lifetime: timedelta) -> str:
    """The code, shown this once."""
    engine = make_engine(settings.sqlalchemy_url)
    async with transaction(make_sessions(engine)) as session:
        code = await books.make_invite(session, wei, lifetime)
    await engine.dispose()
    return code


async def grant(settings: Settings, account: Address, wei: int, key: str) -> None:
    engine = make_engine(settings.sqlalchemy_url)
    async with transaction(make_sessions(engine)) as session:
        await books.give(session, f"grant:{key}", account, wei)
    await engine.dispose()


async def status(settings: Settings) -> str:
    engine = make_engine(settings.sqlalchemy_url)
    async with transaction(make_sessions(engine)) as session:
        spent = await books.spent_today(session)
    await engine.dispose()
    return f"spent={spent} left={settings.gas_day_wei - spent} day={settings.gas_day_wei} (wei, UTC day)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
