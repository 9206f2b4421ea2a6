"""The stationary target: r / r_oracle over all agents, for every attack and every variant of identities."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from app.reputation.scoring import NEWEST, Formula, score
from app.reputation.scoring.evidence import Floats
from bench.scoring.attacks import ATTACKS, IDENTITIES, Attack
from bench.scoring.controls import CONTROLS
from bench.scoring.world import JOBS, USDC, World, world_of

T_95 = {10: 1.833, 20: 1.729, 30: 1.699}
"""One-sided 95% quantiles of Student's t with one degree of freedom less than the runs."""


@dataclass(frozen=True)
class Case:
    """One market: the number of an attack, its identities, the attackers' honest jobs, the seed."""

    attack: int
    variant: str
    attackers_jobs: int
    seed: tuple[int, int]


@dataclass(frozen=True)
class Outcome:
    """`ratio` is r / r_oracle of the scorer, `r` and `rank` its correlations (Pearson, Spearman); `others` r / r_oracle
    of everything beside it."""

    case: Case
    ratio: float
    r: float
    rank: float
    others: dict[str, float]


def cases(seed: int, runs: int, attackers_jobs: int, attacks: Sequence[Attack] = ATTACKS) -> list[Case]:
    return [
        Case(ATTACKS.index(attack), variant, attackers_jobs, (seed, run))
        for attack in attacks
        for variant in (IDENTITIES if attack.variants else ["-"])
        for run in range(runs)
    ]


def played(case: Case, formula: Formula = NEWEST) -> tuple[World, World]:
    """The market before and after the attack. The same seed makes the same market for every attack."""
    attack = ATTACKS[case.attack]
    random = np.random.default_rng([*case.seed, case.attackers_jobs])
    before = world_of(random, case.attackers_jobs, tampered=attack.name != "none")
    return before, attack.make(random, before, IDENTITIES.get(case.variant, 1), formula.cap)


def tried(case: Case) -> Outcome:
    """Everything measured on one market."""
    before, after = played(case)
    evidence, quality = after.jobs.evidence(), before.quality
    best = correlation(before.oracle(), quality)
    found = score(evidence, NEWEST).score
    others = {name: correlation(control(evidence), quality) / best for name, control in CONTROLS.items()}
    r = correlation(found, quality)
    adds = ATTACKS[case.attack].variants
    others["told who lies"] = ratio_before(case.attackers_jobs, case.seed) if adds else r / best
    return Outcome(case, r / best, r, correlation(ranks(found), ranks(quality)), others)


@cache
def ratio_before(attackers_jobs: int, seed: tuple[int, int]) -> float:
    """r / r_oracle of the scorer in the market that all attacks with identities of their own add to."""
    before = world_of(np.random.default_rng([*seed, attackers_jobs]), attackers_jobs)
    found = score(before.jobs.evidence(), NEWEST).score
    return correlation(found, before.quality) / correlation(before.oracle(), before.quality)


def ratio_with(case: Case, formula: Formula) -> float:
    """r / r_oracle of another formula; the attack knows it."""
    before, after = played(case, formula)
    found = score(after.jobs.evidence(), formula).score
    return correlation(found, before.quality) / correlation(before.oracle(), before.quality)


def correlation(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def ranks(values: Floats) -> Floats:
    return np.argsort(np.argsort(values)).astype(np.float64)


def bound(values: Sequence[float]) -> float:
    """The one-sided 95% lower bound of the mean."""
    count = len(values)
    quantile = T_95.get(count, 1.96 if count > 30 else 2.2)
    return float(np.mean(values) - quantile * np.std(values, ddof=1) / count**0.5)


def by_variant(outcomes: Sequence[Outcome]) -> dict[tuple[int, str], list[Outcome]]:
    groups: dict[tuple[int, str], list[Outcome]] = defaultdict(list)
    for each in outcomes:
        groups[each.case.attack, each.case.variant].append(each)
    return groups


def report(seed: int, runs: int, attackers_jobs: int, processes: int) -> bool:
    """Prints the table for attackers with so many honest jobs; whether every bound holds, which are those of
    attackers with a full record."""
    print(f"\nAttackers with {attackers_jobs} honest jobs, {runs} seeds: r / r_oracle")
    names = [*CONTROLS, "told who lies"]
    heads = "".join(f"{name:>{len(name) + 2}}" for name in names)
    print(f"{'attack':23}{'identities':16}{'mean':>7}{'bound':>7}{'worst':>7}{'floor':>6}{'r':>7}{'rank':>6}{heads}")
    with ProcessPoolExecutor(processes) as pool:
        outcomes = list(pool.map(tried, cases(seed, runs, attackers_jobs), chunksize=4))
    held = True
    for (number, variant), group in by_variant(outcomes).items():
        attack, ratios = ATTACKS[number], [each.ratio for each in group]
        low, floor = bound(ratios), attack.floor if attackers_jobs == JOBS else None
        held &= floor is None or low >= floor
        others = "".join(f"{np.mean([each.others[name] for each in group]):>{len(name) + 2}.2f}" for name in names)
        mean_r, rank = np.mean([each.r for each in group]), np.mean([each.rank for each in group])
        print(
            f"{attack.name:23}{variant:16}{np.mean(ratios):7.3f}{low:7.3f}{min(ratios):7.3f}"
            f"{'' if floor is None else f'{floor:.2f}':>6}{mean_r:7.3f}{rank:6.2f}{others}"
            + ("" if floor is None or low >= floor else "  MISSED"),
            flush=True,
        )
    return held


ABLATIONS: dict[str, Callable[[Formula], Formula]] = {
    "all": lambda formula: formula,
    "every job weighs 1": lambda formula: replace(formula, use_value=False),
    "raters alike": lambda formula: replace(formula, use_raters=False),
    "without audits": lambda formula: replace(formula, use_audits=False),
    "silence says nothing": lambda formula: replace(formula, use_silence=False),
    "without time": lambda formula: replace(formula, use_time=False),
    "audits never recognised": lambda formula: replace(formula, recognised=0.0),
    "one kind of liar": lambda formula: replace(formula, lies=formula.lies[:1]),
    "newcomers as the mean": lambda formula: replace(formula, newcomer=formula.quality),
    "names proven at once": lambda formula: replace(formula, proving=0.0),
    "a bad start stays": lambda formula: replace(formula, starts_anew=0.0),
    "fresh raters alike": lambda formula: replace(formula, honest_prior=formula.honest_prior[-1:]),
}


CHEAP = USDC // 2
"""What a lie costs where its price does not count: a sixth. A cent each would make millions, too many to hold."""


def ablated(given: tuple[str, Case]) -> float:
    name, case = given
    formula = ABLATIONS[name](NEWEST)
    return ratio_with(case, formula if formula.use_value else replace(formula, cap=CHEAP))


def ablation(seed: int, runs: int, processes: int) -> None:
    """Prints what each part is worth: r / r_oracle without it, the worst variant of identities."""
    print(f"\nWithout a part, {runs} seeds: mean r / r_oracle, worst variant (attacks know what is missing)")
    print(f"{'attack':24}", *ABLATIONS, sep="  ")
    for attack in ATTACKS:
        cells = []
        for name in ABLATIONS:
            todo = cases(seed, runs, 100, [attack])
            with ProcessPoolExecutor(processes) as pool:
                found = list(pool.map(ablated, [(name, case) for case in todo], chunksize=2))
            groups: dict[str, list[float]] = defaultdict(list)
            for case, ratio in zip(todo, found, strict=True):
                groups[case.variant].append(ratio)
            cells.append(f"{min(float(np.mean(group)) for group in groups.values()):>{len(name)}.3f}")
        print(f"{attack.name:24}", *cells, sep="  ", flush=True)
