"""Every number that the score depends on. A change of any is a new version, with a name of its own."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Formula:
    """Chances are of one job; `cap` is in base units of the token.

    A job weighs min(1, value / cap): what is too small to be worth a lie says little, and a large job is one job still.
    `honest_prior` is by what a rater has behind him, twice as much from one to the next, the last for all above: who
    has little is cheap to make up. `proving` is how much trusted work makes half of that count by which an agent is
    above `unproven`. Until so much as `starts_anew` went well a good job counts as the first of a new name, if that is
    worth more.
    Each `use_` leaves a part out, so that what it is worth can be measured.
    """

    name: str
    cap: int = 3_000_000
    noise: float = 0.1
    recognised: float = 0.3
    lies: tuple[float, ...] = (0.97, 0.75, 0.5, 0.25)
    honest_prior: tuple[float, ...] = (6.0,)
    liar_prior: float = 1.0
    standing: tuple[float, float, float, float] = (0.75, 0.1, 0.1, 0.05)
    silenced: float = 0.5
    turned: float = 0.2
    quality: tuple[float, float] = (3.0, 3.0)
    newcomer: tuple[float, float] = (1.5, 6.0)
    proving: float = 0.0
    unproven: float = 1.0
    starts_anew: float = 0.0
    stepped: tuple[float, float] = (2.0, 2.0)
    grid: int = 24
    coarse: int = 12
    rounds: int = 60
    settled: float = 0.001
    step_per_job: float = 0.0006
    step_per_day: float = 0.0001
    use_value: bool = True
    use_raters: bool = True
    use_audits: bool = True
    use_silence: bool = True
    use_time: bool = True


SECOND = Formula(
    "guildhall-2",
    honest_prior=(1.5, 1.5, 2.0, 4.0, 6.0),
    newcomer=(3.0, 6.0),
    proving=2.5,
    unproven=0.1,
    coarse=8,
    step_per_job=0.0012,
)
NEWEST = replace(SECOND, name="guildhall-3", starts_anew=0.5, step_per_job=0.001)
FORMULAS = {formula.name: formula for formula in (Formula("guildhall-1"), SECOND, NEWEST)}
"""Every version that ever counted, so that old scores can be made again."""
