"""What a play comes to. Pure; amounts are base units, shares basis points, times milliseconds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from simulation.journal import PAID_ENDS, Journal, Record
from simulation.people import WHOLE_BPS, AgentNature, Population, Way
from simulation.planner import best_of_wave, expected_welfare
from simulation.play import Play

ENOUGH_JOBS = 3
"""From so many counted jobs on a score is taken to say something."""


@dataclass(frozen=True)
class WayFigures:
    """One way to find an agent. `paid` is the sum of prices, `cost` what good winners had to spend for theirs, which
    were paid `paid_good`."""

    posted: int
    awarded: int
    to_bad: int
    paid: int
    paid_good: int
    cost: int
    award_ms_p50: int
    award_ms_p95: int


@dataclass(frozen=True)
class Welfare:
    """Value less cost: what came of it, what could be expected of those who were chosen, and of the best choice."""

    realised: int
    expected: int
    planned: int

    @property
    def of_plan_bps(self) -> int:
        return share(self.expected, self.planned)


@dataclass(frozen=True)
class Wave:
    """How many of a wave's awarded tasks ended by release, claim or settlement, how many went to bad agents."""

    awarded: int
    paid_ends: int
    to_bad: int
    welfare: Welfare


@dataclass(frozen=True)
class Scores:
    """Millionths, of agents with enough jobs; how many bad ones stand above the median of the good."""

    good: int
    good_median: int
    bad: int
    bad_highest: int
    bad_above: int


@dataclass(frozen=True)
class Figures:
    """Everything that is printed."""

    posted: int
    declined: int
    given_up: int
    awarded: int
    ends: dict[str, int]
    paid_ends: int
    ended_bps: int
    to_agents: int
    to_bad_agents: int
    to_bad_bps: int
    fees: int
    welfare: Welfare
    by_wave: list[Wave]
    ways: dict[str, WayFigures]
    awards_checked: int
    awards_by_rule: int
    disputes: int
    disputes_false: int
    rulings: int
    rulings_right: int
    ratings: int
    calls: int
    calls_answered: int
    calls_right: int
    routes: int
    searches: int
    scores: Scores
    books_balance: bool
    jumps: int
    failures: list[str]
    refusals: dict[str, int]
    seconds: int
    trading_seconds: int
    api_calls: int
    api_calls_a_second: int
    api_ms_p50: int
    api_ms_p95: int


def figures_of(play: Play) -> Figures:
    """All of a play's."""
    journal = play.journal
    records = [record for record in journal.records.values() if not record.declined and not record.given_up]
    awarded = [record for record in records if record.is_awarded]
    ends = Counter(state_of(record) for record in records)
    paid_ends = sum(state_of(record) in PAID_ENDS for record in awarded)
    to_agents = sum(received(record) for record in awarded)
    to_bad = sum(received(record) for record in awarded if is_bad(journal, record))
    auctioned = [record for record in awarded if record.plan.way.is_auction]
    disputed = [record for record in awarded if record.disputed_falsely is not None]
    ruled = [record for record in awarded if record.ruled_rightly is not None]
    by_wave = [wave_of(play, number) for number in range(len(play.population.waves))]
    return Figures(
        posted=len(records),
        declined=sum(record.declined for record in journal.records.values()),
        given_up=sum(record.given_up for record in journal.records.values()),
        awarded=len(awarded),
        ends=dict(sorted(ends.items())),
        paid_ends=paid_ends,
        ended_bps=share(paid_ends, len(awarded)),
        to_agents=to_agents,
        to_bad_agents=to_bad,
        to_bad_bps=share(to_bad, to_agents),
        fees=sum(record.task.escrow.fees for record in awarded if record.task and record.task.escrow),
        welfare=Welfare(*(sum(column) for column in zip(*(parts(each.welfare) for each in by_wave), strict=True))),
        by_wave=by_wave,
        ways={way: way_of(journal, [each for each in records if each.plan.way is way]) for way in Way},
        awards_checked=len(auctioned),
        awards_by_rule=sum(record.award_checked is True for record in auctioned),
        disputes=len(disputed),
        disputes_false=sum(record.disputed_falsely is True for record in disputed),
        rulings=len(ruled),
        rulings_right=sum(record.ruled_rightly is True for record in ruled),
        ratings=sum(record.stars is not None for record in records),
        calls=len(journal.calls),
        calls_answered=sum(each.answered for each in journal.calls),
        calls_right=sum(each.right for each in journal.calls),
        routes=journal.routed,
        searches=journal.searched,
        scores=scores_of(play.population, play.scores),
        books_balance=play.audit.equal and play.audit.chain.unexplained == 0,
        jumps=journal.jumps,
        failures=journal.failures,
        refusals=dict(journal.refusals.most_common()),
        seconds=round(play.seconds),
        trading_seconds=round(play.trading_seconds),
        api_calls=len(play.meter.seconds),
        api_calls_a_second=round(play.trading_calls / max(1.0, play.trading_seconds)),
        api_ms_p50=round(play.meter.at(50) * 1000),
        api_ms_p95=round(play.meter.at(95) * 1000),
    )


def state_of(record: Record) -> str:
    return "unread" if record.task is None else record.task.state


def received(record: Record) -> int:
    """What reached the agent, without the fee."""
    escrow = None if record.task is None else record.task.escrow
    return 0 if escrow is None else escrow.paid - escrow.fees


def price_of(record: Record) -> int:
    """What was agreed: of a hire, the whole of what was paid in."""
    if record.task is None or record.task.escrow is None:
        return 0
    price = record.task.escrow.price
    return record.task.terms.budget if price is None else price


def is_bad(journal: Journal, record: Record) -> bool:
    worker = journal.worker_of(record)
    return worker is not None and worker.is_bad


def share(part: int, whole: int) -> int:
    """In basis points, rounded down; 0 of nothing."""
    return part * WHOLE_BPS // whole if whole else 0


def parts(welfare: Welfare) -> tuple[int, int, int]:
    return welfare.realised, welfare.expected, welfare.planned


def wave_of(play: Play, number: int) -> Wave:
    awarded = [record for record in play.journal.of_wave(number) if record.is_awarded]
    paid_ends = sum(state_of(record) in PAID_ENDS for record in awarded)
    to_bad = sum(is_bad(play.journal, record) for record in awarded)
    return Wave(len(awarded), paid_ends, to_bad, welfare_of(play, number))


def welfare_of(play: Play, wave: int) -> Welfare:
    """Who was chosen without delivering has cost and brought nothing."""
    realised = expected = 0
    for record in play.journal.of_wave(wave):
        worker = play.journal.worker_of(record)
        if worker is None or not record.is_awarded:
            continue
        expected += expected_welfare(record.plan, worker)
        if record.right_bps is not None:
            realised += record.plan.value * record.right_bps // WHOLE_BPS - worker.cost_of(record.plan.trade)
    return Welfare(realised, expected, best_of_wave(play.population.waves[wave], play.population.agents))


def way_of(journal: Journal, records: Sequence[Record]) -> WayFigures:
    awarded = [record for record in records if record.is_awarded]
    good = [(record, journal.worker_of(record)) for record in awarded if not is_bad(journal, record)]
    waits = sorted(
        round((record.awarded_at - record.funded_at) * 1000)
        for record in awarded
        if record.awarded_at is not None and record.funded_at is not None
    )
    return WayFigures(
        posted=len(records),
        awarded=len(awarded),
        to_bad=len(awarded) - len(good),
        paid=sum(price_of(record) for record in awarded),
        paid_good=sum(price_of(record) for record, _ in good),
        cost=sum(worker.cost_of(record.plan.trade) for record, worker in good if worker is not None),
        award_ms_p50=round(median(waits)) if waits else 0,
        award_ms_p95=waits[len(waits) * 95 // 100] if waits else 0,
    )


def scores_of(population: Population, scores: dict[int, tuple[int, int]]) -> Scores:
    def of(agents: Sequence[AgentNature]) -> list[int]:
        return [scores[each.number][0] for each in agents if scores[each.number][1] >= ENOUGH_JOBS]

    good = of([agent for agent in population.agents if not agent.is_bad])
    bad = of([agent for agent in population.agents if agent.is_bad])
    middle = int(median(good)) if good else 0
    return Scores(len(good), middle, len(bad), max(bad, default=0), sum(score > middle for score in bad) if good else 0)
