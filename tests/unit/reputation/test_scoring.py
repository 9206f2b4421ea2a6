"""The score: what liars can and cannot do to it, in markets small enough to see through."""

from dataclasses import replace

import numpy as np
import pytest

from app.reputation.scoring import NEWEST, Audit, Evidence, Formula, Rating, effects, newcomer, score
from app.reputation.scoring.evidence import CATEGORIES
from app.reputation.scoring.formula import SECOND
from app.reputation.scoring.likelihood import Standing, grid_of, likelihoods
from bench.scoring.attacks import ATTACKS, IDENTITIES, camouflage, slander, wash
from bench.scoring.moving import Step, crossed
from bench.scoring.world import World, world_of

Rows = list[tuple[int, int, int, Rating, Audit, float]]


def evidence(rows: Rows, agents: int = 1) -> Evidence:
    """(agent, rater, value, rating, audit, day) of each job."""
    column = [np.array([row[place] for row in rows], dtype=np.int64) for place in range(5)]
    days = np.array([row[5] for row in rows], dtype=np.float64)
    return Evidence(column[0], column[1], column[2], column[3], column[4], days, agents)


def jobs(good: int, bad: int, *, value: int = 10**7, audit: Audit = Audit.NONE) -> Rows:
    """One agent's jobs, each of a rater of his own, good and bad mixed evenly in time."""
    ratings = [Rating.GOOD] * good + [Rating.BAD] * bad
    order = np.random.default_rng(1).permutation(len(ratings))
    return [(0, number, value, ratings[place], audit, float(number)) for number, place in enumerate(order)]


def only(rows: Rows) -> float:
    return float(score(evidence(rows), NEWEST).score[0])


def test_each_row_of_the_table_is_a_distribution() -> None:
    table = np.exp(likelihoods(grid_of(9), 0.2, NEWEST))
    audits = np.arange(CATEGORIES) % len(Audit)
    unaudited = table[:, audits == Audit.NONE].sum(axis=1)
    audited = table[:, audits != Audit.NONE].sum(axis=1)
    assert np.allclose(unaudited, 1)
    assert np.allclose(audited, 1)
    assert table.shape[2] == len(Standing)


def test_a_newcomer_begins_low_and_good_work_lifts_it() -> None:
    start, _ = newcomer(NEWEST)
    assert start == pytest.approx(0.1)
    assert start < only(jobs(5, 0)) < only(jobs(20, 0)) < 1


def test_a_bad_start_is_worth_a_new_name_and_a_bad_record_less() -> None:
    start, _ = newcomer(NEWEST)
    assert only(jobs(0, 5)) == start
    assert only(jobs(0, 60, audit=Audit.FAILED)) < start


def known_buyers(*rows: tuple[int, Rating], formula: Formula = NEWEST) -> float:
    """The score of an agent with these jobs (day, rating), of buyers who are known for the truth."""
    known = [(1 + n % 10, n % 5, 10**7, Rating.GOOD, Audit.PASSED, float(n)) for n in range(100)]
    own = [(0, day % 5, 10**7, rating, Audit.NONE, float(day)) for day, rating in rows]
    return float(score(evidence([*known, *own], 11), formula).score[0])


def test_the_first_good_job_after_a_bad_start_is_worth_what_a_newcomers_is() -> None:
    start = [(day, Rating.BAD) for day in range(4)]
    good = [(day, Rating.GOOD) for day in range(5, 7)]
    assert known_buyers(*start, *good) == pytest.approx(known_buyers(*good), abs=0.01)
    assert known_buyers(*start, *good, formula=SECOND) < known_buyers(*good, formula=SECOND) - 0.02


def test_what_went_wrong_later_is_not_forgotten() -> None:
    good, bad = [(0, Rating.GOOD), (1, Rating.GOOD)], [(day, Rating.BAD) for day in range(2, 8)]
    assert known_buyers(*good, *bad, (9, Rating.GOOD)) < known_buyers(*good, (9, Rating.GOOD)) - 0.03


def test_a_name_is_proven_by_work_that_went_well() -> None:
    at_once = replace(NEWEST, proving=0.0)
    assert only(jobs(2, 0)) < 0.8 * score(evidence(jobs(2, 0)), at_once).score[0]


def test_strangers_lift_a_beginner_less_than_known_buyers() -> None:
    known = [(1 + n % 10, n % 5, 10**7, Rating.GOOD, Audit.PASSED, float(n)) for n in range(100)]
    praised = [(0, n, 10**7, Rating.GOOD, Audit.NONE, float(n)) for n in range(5)]
    strangers = [(agent, 5 + rater, *rest) for agent, rater, *rest in praised]
    by_known, by_strangers = (score(evidence([*known, *rows], 11), NEWEST).score[0] for rows in (praised, strangers))
    assert by_strangers < by_known - 0.03


def test_failing_an_audit_proves_nothing() -> None:
    found = evidence([(0, n, 10**7, Rating.GOOD, audit, 0.0) for n, audit in enumerate(Audit)])
    assert found.went_well(NEWEST).tolist() == [True, False, True]


def test_nothing_seen_is_a_newcomer() -> None:
    assert score(evidence([], agents=1), NEWEST).score[0] == pytest.approx(newcomer(NEWEST)[0])


def test_small_jobs_say_little() -> None:
    start, _ = newcomer(NEWEST)
    assert only(jobs(20, 0, value=10_000)) - start < 0.1 * (only(jobs(20, 0)) - start)


def test_a_large_job_is_one_job() -> None:
    assert only(jobs(5, 0, value=10**12)) == only(jobs(5, 0, value=NEWEST.cap))


def test_audits_outweigh_the_stars_of_strangers() -> None:
    praised = [(0, n, 10**7, Rating.GOOD, Audit.FAILED if n < 8 else Audit.NONE, float(n)) for n in range(30)]
    assert only(praised) < 0.4 < only(jobs(30, 0))


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = jobs(12, 8)
    assert only(rows) == pytest.approx(only(rows[::-1]), abs=1e-9)


def test_work_long_ago_says_less() -> None:
    rows = jobs(20, 0, audit=Audit.PASSED)
    recent = score(evidence(rows), NEWEST).score[0]
    later = score(evidence(rows), NEWEST, until=5_000.0)
    assert later.score[0] < recent
    assert later.deviation[0] > score(evidence(rows), NEWEST).deviation[0]


def ratio(world: World, attacked: World) -> float:
    found = score(attacked.jobs.evidence(), NEWEST).score
    return float(np.corrcoef(found, world.quality)[0, 1] / np.corrcoef(world.oracle(), world.quality)[0, 1])


@pytest.mark.parametrize(
    ("attack", "identities"),
    [
        (wash(0.3), "one a job"),
        (slander(0.3), "five jobs each"),
        (camouflage(shaded=False), "170 in all"),
    ],
    ids=["wash", "slander", "mix"],
)
def test_attacks_do_not_move_it_far(attack, identities: str) -> None:  # type: ignore[no-untyped-def]  # bench's own type
    random = np.random.default_rng(3)
    world = world_of(random)
    attacked = attack(random, world, IDENTITIES[identities], NEWEST.cap)
    assert len(attacked.jobs) > len(world.jobs) * 1.2
    assert ratio(world, attacked) > 0.95


def test_raters_taken_for_alike_are_fooled() -> None:
    random = np.random.default_rng(3)
    world = world_of(random)
    attacked = wash(0.3)(random, world, 1, NEWEST.cap)
    fooled = score(attacked.jobs.evidence(), replace(NEWEST, use_raters=False)).score
    best = np.corrcoef(world.oracle(), world.quality)[0, 1]
    assert np.corrcoef(fooled, world.quality)[0, 1] / best < 0.8


def test_who_lies_is_told_apart() -> None:
    random = np.random.default_rng(5)
    world = world_of(random)
    attacked = wash(0.3)(random, world, 0, NEWEST.cap)
    seen = score(attacked.jobs.evidence(), NEWEST).judged
    honest = attacked.jobs.honest == 1
    assert seen.kinds[honest, 0].mean() > 0.9
    assert seen.kinds[~honest, 0].mean() < 0.1
    assert seen.standings[world.worst, Standing.PROMOTED].mean() > 0.9


def test_a_change_is_seen_within_twenty_jobs() -> None:
    fallen = crossed(Step(0.9, 0.1), (1, 1))
    assert sum(each is not None for each in fallen) >= 18


def test_every_attack_that_is_asked_for_is_tried() -> None:
    floors = {attack.name: attack.floor for attack in ATTACKS}
    assert floors["none"] == 0.97
    assert [name for name, floor in floors.items() if floor is None] == ["bad-mouthing 100%"]


def test_an_explanation_adds_what_each_job_did() -> None:
    rows = jobs(6, 2)
    own = evidence(rows)
    seen = score(own, NEWEST)
    gained = effects(own, seen.judged.kinds, seen.judged.standings[0], seen.judged.silence, NEWEST, 7.0)
    assert len(gained) == 8
    for row, gain in zip(rows, gained, strict=True):
        assert (gain > 0) == (row[3] is Rating.GOOD)
