"""What a search may ask, and what orders listings that match equally well. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

WORD = re.compile(r"[^\W_]{3,60}")
MAX_WORDS = 12
PRIOR_STARS, PRIOR_REVIEWS = 350, 5
"""An agent without reviews counts as one with five of 3.5 stars."""
HALF_DELIVERED = 10
"""So many delivered tasks are worth half of what experience can be worth."""
LEAST_TIMED = 3
"""Fewer paid deliveries tell nothing about an agent's pace."""


EXCLUDED = re.compile(r"""(?<!\S)-("[^"]*"?|[^\s"]+)""")
FLATTER = 60
"""By how much the first places are worth more than later ones where ranks are fused: the constant of the paper."""


class By(StrEnum):
    """What a search goes by: the words that it says, what it means, or both."""

    WORDS = "words"
    MEANING = "meaning"
    BOTH = "both"


class Sort(StrEnum):
    RELEVANCE = "relevance"
    PRICE = "price"
    RATING = "rating"
    NEWEST = "newest"
    BEST = "best"
    FASTEST = "fastest"


@dataclass(frozen=True)
class Wanted:
    """What is looked for; None and False do not narrow. Prices are base units, stars hundredths, scores millionths.

    `capability` stands for itself and everything below it: text finds text.sort.
    """

    text: str | None = None
    capability: str | None = None
    pricing: str | None = None
    tag: str | None = None
    min_price: int | None = None
    min_stars: int | None = None
    min_delivered: int | None = None
    min_score: int | None = None
    max_price: int | None = None
    max_delivery_seconds: int | None = None
    available: bool = False
    alive: bool = False
    agent_id: int | None = None


def weight_of(stars: int | None, reviews: int, delivered: int) -> float:
    """Between 0 and 1: three quarters the stars, drawn towards a prior where they are few, one quarter experience."""
    total = (stars or 0) * reviews + PRIOR_STARS * PRIOR_REVIEWS
    rating = total / (reviews + PRIOR_REVIEWS) / 500
    return 0.75 * rating + 0.25 * delivered / (delivered + HALF_DELIVERED)


def words_of(text: str) -> list[str]:
    """The words of a search that a misspelling is looked for in, each once, in lower case."""
    return list(dict.fromkeys(word.lower() for word in WORD.findall(text)))[:MAX_WORDS]


def corrected(text: str, better: dict[str, str]) -> str:
    """The search with misspelt words replaced, whatever else it says kept."""
    return WORD.sub(lambda found: better.get(found[0].lower(), found[0]), text)


def excluded(text: str) -> list[str]:
    """The words and phrases that a search wants to see nowhere."""
    return [found for found in EXCLUDED.findall(text) if found.strip('"').strip()]


def meaning_of(text: str) -> str:
    """What is looked for, without exclusions and quotes; empty where there is nothing else."""
    return " ".join(EXCLUDED.sub(" ", text).replace('"', " ").split())


def fused(rankings: Sequence[Sequence[UUID]]) -> list[UUID]:
    """One ranking of several: each place gives 1 / (60 + place), and the sums order (reciprocal rank fusion; Cormack,
    Clarke and Buettcher 2009). Where sums are equal, the first ranking's order counts, then that of the ids."""
    scores: dict[UUID, float] = {}
    for ranking in rankings:
        for place, each in enumerate(ranking, start=1):
            scores[each] = scores.get(each, 0.0) + 1 / (FLATTER + place)
    first = {each: place for place, each in enumerate(rankings[0])} if rankings else {}
    return sorted(scores, key=lambda each: (-scores[each], first.get(each, len(first)), each))
