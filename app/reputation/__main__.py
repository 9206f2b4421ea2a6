"""`python -m app.reputation check | replay NAME`: makes all scores again from what is final.

`check` compares them with those that are stored: exit code 1 where any differs by more than rounding. `replay` prints
another formula's beside them, so that a change can be seen before it counts.
"""

import argparse
import asyncio
import os
import sys

from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import in_database
from app.escrow.queries import chain_clock
from app.reputation import queries
from app.reputation.judging import day_of, millionths, scored
from app.reputation.scoring import DAY_SECONDS, Formula, jobs_of
from app.reputation.scoring.formula import FORMULAS

ROUNDING = 2
"""Millionths: another processor's exponentials may differ in their last bit."""


def main(arguments: list[str] | None = None) -> int:
    made = argparse.ArgumentParser(prog="python -m app.reputation", description="Scores: docs/reputation.md.")
    made.add_argument("--database-url", default=os.environ.get("DATABASE_URL"), help="default: DATABASE_URL")
    verbs = made.add_subparsers(dest="verb", required=True)
    verbs.add_parser("check", help="compare stored scores with scores made again")
    replaying = verbs.add_parser("replay", help="another formula's scores beside the stored ones")
    replaying.add_argument("formula", choices=sorted(FORMULAS))
    given = made.parse_args(arguments)
    if not given.database_url:
        sys.exit("DATABASE_URL is not set: name the database, as postgresql://user:password@host:port/name")
    other = FORMULAS.get(getattr(given, "formula", ""))
    return asyncio.run(in_database(given.database_url, lambda session: compared(session, other)))


async def compared(session: AsyncSession, other: Formula | None) -> int:
    """Prints what differs. 0 where the stored scores are what their own formula makes, or another was asked for."""
    stored = {agent.agent_id: agent for agent in await queries.judged_agents(session)}
    if not stored:
        print("no scores are stored")
        return 0
    one = next(iter(stored.values()))
    formula = other or FORMULAS[one.formula]
    clock = await chain_clock(session)
    jobs = jobs_of(await queries.ended_tasks(session, clock.finalized_number), one.until)
    agents, scores = scored(jobs, formula, one.until // DAY_SECONDS)
    fresh = dict(zip(agents, millionths(scores.score), strict=True))
    differ = 0
    for agent_id in sorted(stored.keys() | fresh.keys()):
        held, made = stored[agent_id].score if agent_id in stored else None, fresh.get(agent_id)
        if other is None and held is not None and made is not None and abs(held - made) <= ROUNDING:
            continue
        differ += held != made
        print(f"agent {agent_id}: stored {held}, {formula.name} makes {made}")
    print(f"{len(fresh)} agents, {len(jobs)} jobs, day {day_of(clock)}: {differ} differ")
    return 1 if differ and other is None else 0


if __name__ == "__main__":
    sys.exit(main())
