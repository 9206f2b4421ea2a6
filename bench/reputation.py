"""`scripts/bench reputation [PART...] [--seed N] [--runs N] [--processes N]`: how well scores hold when people cheat.

Parts: stationary, tables (attackers with 20 and no honest jobs), moving, whitewash, cheapest, ablation; without a name
all of them. The seed is drawn anew each time and printed: the scorer was there before its trial.
"""

import argparse
import secrets
import sys
from collections.abc import Sequence

from bench.scoring import cheapest, moving, stationary, whitewash

PARTS = ("stationary", "tables", "moving", "whitewash", "cheapest", "ablation")


def main(arguments: Sequence[str]) -> int:
    """0 where every goal of the parts that ran holds."""
    parser = argparse.ArgumentParser(prog="scripts/bench reputation")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    print(f"seed {given.seed}")
    held = [part_held(part, given.seed, given.runs, given.processes) for part in given.parts or PARTS]
    print("\nevery goal holds" if all(held) else "\nnot every goal holds")
    return 0 if all(held) else 1


def part_held(part: str, seed: int, runs: int, processes: int) -> bool:
    match part:
        case "stationary":
            return stationary.report(seed, runs, 100, processes)
        case "tables":
            for jobs in (20, 0):
                stationary.report(seed, max(5, runs // 3), jobs, processes)
            return True
        case "moving":
            return moving.report(seed, 200, processes)
        case "whitewash":
            return whitewash.report(seed, runs, processes)
        case "cheapest":
            return cheapest.report(seed, processes)
        case _:
            stationary.ablation(seed, max(3, runs // 6), processes)
            return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
