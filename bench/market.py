"""`scripts/bench market [--agents 100 --buyers 50 --tasks 250 --wave 20 --seed 1]`: a whole market on the real API.

One agent in ten is bad (delivers rubbish, late or nothing; `--bad-price-bps 5000` has it ask half of an honest price),
one buyer in twenty (never releases, disputes falsely, runs agents down). Nobody is known at the beginning. Goal: nine
awarded tasks in ten end by release, claim or settlement.
Printed beside: what bad agents were paid, welfare against an omniscient planner, and what load it was for the API.
"""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, fields
from pathlib import Path

from simulation.figures import Figures, figures_of
from simulation.people import Size, drawn
from simulation.play import Pace, perform
from simulation.report import GOAL_BPS, lines_of
from simulation.world import running

SIZES = tuple(field.name for field in fields(Size))


def main(arguments: list[str]) -> int:
    """0 where the goal holds, every task ended and the books balance."""
    given = read(arguments)
    size = Size(**{name: getattr(given, name) for name in SIZES})
    began = time.monotonic()

    def said(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f}  {line}", file=sys.stderr, flush=True)

    with running(said, given.data_dir) as world:
        figures = figures_of(asyncio.run(perform(world, drawn(size), said, Pace(given.auction_seconds))))
    print(json.dumps(asdict(figures), indent=2) if given.json else "\n".join(lines_of(figures)))
    return 0 if holds(figures) else 1


def holds(figures: Figures) -> bool:
    return figures.ended_bps >= GOAL_BPS and figures.books_balance and not figures.failures


def read(arguments: list[str]) -> argparse.Namespace:
    usual = Size()
    parser = argparse.ArgumentParser(prog="scripts/bench market", description="A market of agents and buyers.")
    for name in SIZES:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(usual, name))
    parser.add_argument("--auction-seconds", type=int, default=30, help="bidding, and as long for revealing")
    parser.add_argument("--data-dir", type=Path, help="kept afterwards, with the logs; a temporary folder otherwise")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
