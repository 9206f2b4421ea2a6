"""The figures of a play, for people to read."""

from simulation.figures import Figures
from simulation.people import UNIT, WHOLE_BPS

GOAL_BPS = 9_000


def usdc(amount: int) -> str:
    return f"{amount // UNIT:,}.{abs(amount) % UNIT * 100 // UNIT:02d}"


def percent(bps: int) -> str:
    return f"{bps // 100}.{bps % 100:02d}%"


def lines_of(figures: Figures) -> list[str]:
    """All of it, a line each."""
    return [
        *on_tasks(figures),
        *on_money(figures),
        *on_ways(figures),
        *on_disputes(figures),
        *on_load(figures),
        *(f"not ended: {each}" for each in figures.failures),
    ]


def on_tasks(figures: Figures) -> list[str]:
    ends = ", ".join(f"{count} {state}" for state, count in figures.ends.items())
    waves = ", ".join(f"{each.paid_ends}/{each.awarded} ({each.to_bad})" for each in figures.by_wave)
    missed = "" if figures.ended_bps >= GOAL_BPS else "  MISSED"
    return [
        f"tasks: {figures.posted} posted, {figures.awarded} awarded; {ends}; {figures.declined} hires declined, "
        f"{figures.given_up} in vain and done otherwise",
        f"ended by release, claim or settle: {figures.paid_ends} of {figures.awarded} awarded, "
        f"{percent(figures.ended_bps)} (goal {percent(GOAL_BPS)}){missed}",
        f"  the same by wave (of bad agents): {waves}",
    ]


def on_money(figures: Figures) -> list[str]:
    welfare = figures.welfare
    waves = ", ".join(f"{each.welfare.of_plan_bps // 100}%" for each in figures.by_wave)
    return [
        f"paid to agents: {usdc(figures.to_agents)} USDC, fees {usdc(figures.fees)}; to bad agents "
        f"{usdc(figures.to_bad_agents)} ({percent(figures.to_bad_bps)})",
        f"welfare: realised {usdc(welfare.realised)}, expected of those chosen {usdc(welfare.expected)}, "
        f"of an omniscient planner {usdc(welfare.planned)}: {percent(welfare.of_plan_bps)} of the plan",
        f"  the same by wave: {waves}",
        f"books: {'they balance' if figures.books_balance else 'THEY DO NOT BALANCE'}",
    ]


def on_ways(figures: Figures) -> list[str]:
    found = ["way                      posted awarded to bad  mean price  price/cost  to award p50, p95"]
    for name, way in figures.ways.items():
        mean = usdc(way.paid // way.awarded) if way.awarded else "-"
        ratio = percent(way.paid_good * WHOLE_BPS // way.cost) if way.cost else "-"
        waited = f"{way.award_ms_p50 / 1000:.1f} s, {way.award_ms_p95 / 1000:.1f} s"
        found.append(f"{name:24} {way.posted:6} {way.awarded:7} {way.to_bad:6} {mean:>11} {ratio:>11}  {waited}")
    checked = f"{figures.awards_by_rule} of {figures.awards_checked}"
    return [*found, f"awards of the auctioneer whose winner and price the published rule yields: {checked}"]


def on_disputes(figures: Figures) -> list[str]:
    scores = figures.scores
    return [
        f"disputes: {figures.disputes}, {figures.disputes_false} of them false; rulings right: {figures.rulings_right} "
        f"of {figures.rulings}; ratings: {figures.ratings}",
        f"scores: median of {scores.good} good agents {scores.good_median}, highest of {scores.bad} bad "
        f"{scores.bad_highest}; bad above the good median: {scores.bad_above}",
    ]


def on_load(figures: Figures) -> list[str]:
    refusals = ", ".join(f"{name} {count}" for name, count in figures.refusals.items()) or "none"
    return [
        f"calls: {figures.calls}, answered {figures.calls_answered}, rightly {figures.calls_right}; "
        f"routes {figures.routes}, searches {figures.searches}",
        f"API: {figures.api_calls:,} requests, {figures.api_calls_a_second}/s while trading, "
        f"p50 {figures.api_ms_p50} ms, p95 {figures.api_ms_p95} ms",
        f"time: {figures.seconds} s, of which {figures.trading_seconds} trading; the clock moved {figures.jumps} times",
        f"refusals: {refusals}",
    ]
