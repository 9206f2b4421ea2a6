"""Mutation testing: `python -m devnet.proofs.mutation [--sample N | --all | --mutant ID...] [--only PATH]`.

Each mutant is one small mistake in a production contract; the Solidity tests must notice it. Red where fewer than 95 %
are killed, or where a survivor is not explained in contracts/MUTANTS.md.
"""

import argparse
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from devnet.binaries import ROOT
from devnet.proofs.compiler import Compiler
from devnet.proofs.mutants import Mutant, mutants, spread
from devnet.proofs.trial import PRODUCTION, Outcome, Tree, judged, planted, production, twin

EXPLAINED = ROOT / "contracts" / "MUTANTS.md"
LEAST_KILLED = 0.95
SAMPLE = 200
SEED = 200
LOWEST_PRIORITY = 19
Result = tuple[Mutant, Outcome]


def main() -> int:
    options = _options()
    os.nice(LOWEST_PRIORITY)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        compilers = [stack.enter_context(Compiler()) for _ in range(options.jobs)]
        found = [mutant for mutant in every_mutant(compilers[0]) if options.only in mutant.path]
        if options.mutant:
            found = named(found, options.mutant)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="guildhall-mutation-", ignore_cleanup_errors=True)))
        first = planted(folder / "0", compilers[0])
        print(f"not asked, since they fail with cheap settings: {first.unbroken.failing or 'none'}", flush=True)
        others = [twin(first, folder / str(n), compiler) for n, compiler in enumerate(compilers[1:], 1)]
        wanted = len(found) if options.all or options.mutant else options.sample
        results = sampled(spread(found, options.seed), wanted, [first, *others])
    return report(results, len(found))


def every_mutant(compiler: Compiler) -> list[Mutant]:
    """Of all production sources but the interfaces, which hold no code."""
    trees = compiler.syntax_trees(production())
    own = [path for path in sorted(trees) if path.startswith(PRODUCTION) and "/interfaces/" not in path]
    return [mutant for path in own for mutant in mutants(path, (ROOT / path).read_bytes(), trees[path])]


def named(found: list[Mutant], ids: list[str]) -> list[Mutant]:
    """Those alone. Raises SystemExit for an id that the sources do not have: its line may have changed."""
    unknown = set(ids) - {mutant.id for mutant in found}
    if unknown:
        sys.exit(f"no such mutant: {', '.join(sorted(unknown))}")
    return [mutant for mutant in found if mutant.id in ids]


def sampled(order: Iterator[Mutant], wanted: int, trees: list[Tree]) -> list[Result]:
    """Mutants in this order until `wanted` of them were killed or survived."""
    free: SimpleQueue[Tree] = SimpleQueue()
    for tree in trees:
        free.put(tree)
    results: list[Result] = []
    with ThreadPoolExecutor(len(trees)) as pool:
        try:
            while batch := list(islice(order, wanted - len(tested(results)))):
                results += pool.map(lambda mutant: _judged_aloud(free, mutant), batch)
        except BaseException:  # an interrupt, too: the pool would else judge all that wait before it ends
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return results


def tested(results: list[Result]) -> list[Result]:
    return [result for result in results if result[1] in (Outcome.KILLED, Outcome.SURVIVED)]


def report(results: list[Result], generated: int) -> int:
    """Prints what came out; the exit code."""
    counts = Counter(outcome for _, outcome in results)
    known = explained()
    unexplained = [mutant for mutant, outcome in results if outcome is Outcome.SURVIVED and mutant.id not in known]
    for operator, (killed, of) in by_operator(results).items():
        print(f"{operator:12} {killed:4} of {of:4} killed")
    for mutant in unexplained:
        print(f"unexplained: {described(mutant)}")
    share = counts[Outcome.KILLED] / max(len(tested(results)), 1)
    print(
        f"mutation: {counts[Outcome.KILLED]} of {len(tested(results))} killed ({share:.1%}); "
        f"{counts[Outcome.SURVIVED]} survived, {len(unexplained)} of them unexplained; besides, "
        f"{counts[Outcome.SAME_CODE]} gave the same code and {counts[Outcome.DOES_NOT_COMPILE]} did not compile; "
        f"{len(results)} of {generated} mutants tried"
    )
    return 0 if share >= LEAST_KILLED and not unexplained else 1


def by_operator(results: list[Result]) -> dict[str, tuple[int, int]]:
    of = Counter(mutant.operator for mutant, _ in tested(results))
    killed = Counter(mutant.operator for mutant, outcome in results if outcome is Outcome.KILLED)
    return {operator: (killed[operator], of[operator]) for operator in sorted(of)}


def explained() -> set[str]:
    return set(re.findall(r"^\| `([0-9a-f]{8})` \|", EXPLAINED.read_text(), re.MULTILINE))


def described(mutant: Mutant) -> str:
    return f"{mutant.id} {mutant.path}:{mutant.line} {mutant.operator}\n    - {mutant.before}\n    + {mutant.after}"


def _judged_aloud(free: "SimpleQueue[Tree]", mutant: Mutant) -> Result:
    tree = free.get()
    try:
        outcome = judged(tree, mutant)
    finally:
        free.put(tree)
    print(described(mutant) if outcome is Outcome.SURVIVED else f"{mutant.id} {outcome}", flush=True)
    return mutant, outcome


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devnet.proofs.mutation", description="Break the contracts.")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="how many mutants must be killed or survive")
    parser.add_argument("--all", action="store_true", help="every mutant: several hours")
    parser.add_argument("--seed", type=int, default=SEED, help="where the sample begins")
    parser.add_argument("--only", default="", help="a part of the paths of the sources to break")
    parser.add_argument("--mutant", nargs="+", metavar="ID", help="only these: for a survivor that a new test may kill")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
