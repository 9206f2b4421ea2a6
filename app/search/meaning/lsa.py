"""The embedder that is fitted on the catalogue itself: latent semantic analysis (Deerwester et al. 1990).

Texts become weights of terms (logarithm of the count times the term's rarity), and the directions in which those of the
whole catalogue differ most (truncated singular value decomposition) become the dimensions. It knows nothing but which
terms stand together in this catalogue: a word that no listing says has only its pieces. Pure; numpy alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from app.search.meaning.terms import terms_of

Floats = NDArray[np.float32]
DIMENSIONS = 128
MOST_TEXTS = 2_000
MOST_TERMS = 16_384
"""128 MiB while fitting, 8 MiB when stored; of a larger catalogue 2,000 texts are read, chosen by their digests."""
PIECE_WEIGHT = 0.3
"""This, the length of the pieces and the number of dimensions are those by which titles found the rest of their own
listings best; the searches of bench/paraphrases had no part in it."""
BLOCK = 2_048
SMALLEST = 1e-9


@dataclass(frozen=True)
class Lsa:
    """`rarity` of each term and its `directions` (terms by dimensions), both in the order of `terms`."""

    terms: tuple[str, ...]
    rarity: Floats
    directions: Floats

    @property
    def places(self) -> dict[str, int]:
        return {term: place for place, term in enumerate(self.terms)}


def fit(texts: Sequence[str], dimensions: int = DIMENSIONS) -> Lsa:
    """The model of these texts, whatever their order; directions beyond what they span are zero. Raises ValueError for
    texts without a single term."""
    chosen = sample(texts)
    counted = [terms_of(text) for text in chosen]
    terms, rarity = vocabulary([set(each) for each in counted])
    if not terms:
        raise ValueError("there is no term to fit on")
    places = {term: place for place, term in enumerate(terms)}
    weights = np.zeros((len(chosen), len(terms)), np.float32)
    for row, counts in zip(weights, counted, strict=True):
        weigh(row, counts, places, rarity)
    return Lsa(terms, rarity, main_directions(weights, dimensions))


def sample(texts: Sequence[str]) -> list[str]:
    """At most MOST_TEXTS different ones: the same for the same set of texts."""
    different = sorted(set(texts), key=lambda text: sha256(text.encode()).digest())
    return different[:MOST_TEXTS]


def vocabulary(texts: Sequence[set[str]]) -> tuple[tuple[str, ...], Floats]:
    """The terms of the most texts, in alphabetical order, and how rare each is. A piece that one text alone has says
    nothing that its word does not; a term of all texts tells none from another."""
    seen: dict[str, int] = {}
    for text in texts:
        for term in text:
            seen[term] = seen.get(term, 0) + 1
    useful = [term for term, times in seen.items() if times > 1 or not term.startswith("#")]
    terms = sorted(sorted(useful, key=lambda term: (-seen[term], term))[:MOST_TERMS])
    rarity = [math.log((1 + len(texts)) / (1 + seen[term])) * weight_of(term) for term in terms]
    return tuple(terms), np.array(rarity, np.float32)


def weight_of(term: str) -> float:
    """A word has many pieces, which together shall not outweigh it."""
    return PIECE_WEIGHT if term.startswith("#") else 1.0


def weigh(row: Floats, counts: dict[str, int], places: dict[str, int], rarity: Floats) -> None:
    """Writes the weights of one text, of length one, into its row."""
    for term in sorted(counts):
        place = places.get(term)
        if place is not None:
            row[place] = (1 + math.log(counts[term])) * rarity[place]
    length = float(np.linalg.norm(row))
    if length > SMALLEST:
        row /= length


def main_directions(weights: Floats, dimensions: int) -> Floats:
    """The right singular vectors of the largest singular values, by the eigenvectors of the texts' products: exact, and
    no larger than the number of texts. Each points to where its largest entry is positive, so that it has one sign."""
    count, terms = weights.shape
    products = np.zeros((count, count), np.float64)
    for start in range(0, terms, BLOCK):
        block = weights[:, start : start + BLOCK].astype(np.float64)
        products += block @ block.T
    values, vectors = np.linalg.eigh(products)
    largest = [place for place in range(count - 1, -1, -1) if values[place] > SMALLEST][:dimensions]
    found = np.zeros((terms, dimensions), np.float32)
    for start in range(0, terms, BLOCK):
        block = weights[:, start : start + BLOCK].astype(np.float64)
        found[start : start + BLOCK, : len(largest)] = (block.T @ vectors[:, largest]) / np.sqrt(values[largest])
    extremes = found[np.abs(found).argmax(axis=0), np.arange(dimensions)]
    return np.asarray(found * np.where(extremes < 0, -1.0, 1.0), np.float32)


def embed(model: Lsa, places: dict[str, int], texts: Sequence[str]) -> Floats:
    """A row of length one for each text; zeros for a text of which the model knows nothing."""
    found = np.zeros((len(texts), model.directions.shape[1]), np.float32)
    for row, text in zip(found, texts, strict=True):
        counts = {term: times for term, times in terms_of(text).items() if term in places}
        if not counts:
            continue
        known = sorted(counts)
        at = [places[term] for term in known]
        weights = np.array([1 + math.log(counts[term]) for term in known], np.float32) * model.rarity[at]
        row += weights @ model.directions[at]
        length = float(np.linalg.norm(row))
        row /= length if length > SMALLEST else 1.0
    return found
