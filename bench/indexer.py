"""`scripts/bench indexer [SHAPE...] [--pairs N]`: the backfill beside its floor, on the same machine in the same run.

Shapes: bench (neighbours), spread (a task's events lie over 1,000 blocks), growth (1,000,000 events; no pairs, the
rate of the last part beside that of the first). Goals: 0.45 of the floor on bench, a third on spread.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench import indexer_floor
from bench.indexer_chain import SHAPES
from bench.indexer_world import World, start

GOALS = {"bench": 0.45, "spread": 1 / 3}
NAIVE_EVENTS = 4_000


def main(arguments: Sequence[str]) -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="scripts/bench indexer")
    parser.add_argument("shapes", nargs="*", default=["bench", "spread"], choices=[*GOALS, "growth"])
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args(arguments)
    for name in given.shapes:
        with tempfile.TemporaryDirectory() as folder, start(SHAPES[name], Path(folder)) as world:
            grow(world) if name == "growth" else compare(world, Path(folder), given.pairs)
    return 0


def grow(world: World) -> None:
    """The rate and the processor's time of the last part beside those of the second, and what a reorg costs then."""
    figures = world.run("bench.indexer_growth", world.database())
    parts = [{**part, "rate": part["events"] / part["seconds"]} for part in figures["parts"]]
    for n, part in enumerate(parts, start=1):
        print(f"  part {n:>2}: {part['rate']:>9,.0f} events/s; us an event: {spent(part)}")
    first, last = parts[1], parts[-1]
    rate, cpu = last["rate"] / first["rate"], processor(last) / processor(first)
    print(f"  last part at {rate:.2f} of the second's rate (goal 0.80), {cpu:.2f} of its processor time (goal 1.15)")
    print(f"  peak {figures['peak_mb']:.0f} MB (goal 200)")
    median_ms, worst_ms = figures["reorg_ms"], figures["reorg_worst_ms"]
    print(f"  a reorg of 10 blocks: {median_ms:.1f} ms at the median, {worst_ms:.1f} at worst (goal 30)")


def processor(figures: dict[str, Any]) -> float:
    """Seconds for each event, here and in the database."""
    return float(figures["cpu"] + figures["database"]) / float(figures["events"])


def compare(world: World, folder: Path, pairs: int) -> None:
    """Alternated pairs; the median ratio decides."""
    shape = world.shape
    print(f"{shape.name}: {shape.events:,} events in {shape.blocks:,} blocks, one task over {shape.span:,}")
    requests = first_run(world, folder)
    print(f"  {requests:.1f} HTTP requests for 1,000 blocks, each block's header and each log among them")
    ratios, rates, refolds = [], [], []
    for _ in range(pairs):
        floor, (mine, refolded) = measured(world, "bench.indexer_floor"), backfilled(world)
        ratios.append(mine["rate"] / floor["rate"])
        rates.append(mine["rate"])
        refolds.append(refolded["rate"] / mine["rate"])
        said = f"{ratios[-1]:.2f}; us an event: {spent(mine)}, floor {spent(floor)}; peak {mine['peak_mb']:.0f} MB"
        print(f"  {mine['rate']:>9,.0f} events/s, floor {floor['rate']:>9,.0f}: {said}", flush=True)
        print(f"  {refolded['rate']:>9,.0f} events/s by refold: {refolds[-1]:.2f} of it; {refolded['peak_mb']:.0f} MB")
    naive = measured(world, "bench.indexer_naive", str(NAIVE_EVENTS))
    print(f"  {naive['rate']:>9,.0f} events/s by web3.py and ORM inserts ({NAIVE_EVENTS:,} events)")
    print(f"  median of {pairs}: refold at {median(refolds):.2f} of the backfill (goal 2.00)")
    goal = GOALS[shape.name]
    print(f"  median of {pairs}: {median(rates):,.0f} events/s, {median(ratios):.2f} of the floor (goal {goal:.2f})")


def first_run(world: World, folder: Path) -> float:
    """Warms everything, packs the floor's rows, and counts the requests for 1,000 blocks."""
    database = world.database()
    take_counts(world)
    world.run("bench.indexer_backfill", database)
    requests = take_counts(world)["requests"]
    indexer_floor.save(database, folder, world.shape.blocks)
    world.drop(database)
    return requests * 1_000 / world.shape.blocks


def take_counts(world: World) -> dict[str, int]:
    call = {"id": 0, "method": "bench_counts", "params": []}
    counts: dict[str, int] = httpx.post(world.env["RPC_URLS"], json=call, trust_env=False).json()["result"]
    return counts


def backfilled(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """A backfill of an empty database, and a refold of what it mirrored."""
    database = world.database()
    both = world.run("bench.indexer_backfill", database), world.run("bench.indexer_refold", database)
    world.drop(database)
    for figures in both:
        figures["rate"] = figures["events"] / figures["seconds"]
    return both


def measured(world: World, module: str, *arguments: str) -> dict[str, Any]:
    """One run on an empty database."""
    database = world.database()
    figures = world.run(module, database, *arguments)
    world.drop(database)
    figures["rate"] = figures["events"] / figures["seconds"]
    return figures


def spent(figures: dict[str, Any]) -> str:
    """Microseconds of processor for each event, here and in the database."""
    here, there = (figures[name] / figures["events"] * 1_000_000 for name in ("cpu", "database"))
    return f"{here:.1f} + {there:.1f} in the database"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
