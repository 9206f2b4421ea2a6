"""The embedder that is fitted on the catalogue: the same for the same texts, and knowing what stands together."""

from random import Random

import numpy as np
import pytest

from app.search.meaning import lsa
from app.search.meaning.fitted import FittedEmbedder, decoded, encoded, name_of
from app.search.meaning.lsa import MOST_TEXTS, Lsa, embed, fit, sample
from app.search.meaning.terms import pieces_of, terms_of, words_in

TEXTS = (
    "car motor repair workshop",
    "automobile motor repair garage",
    "automobile gearbox workshop",
    "cake oven bakery bread",
    "bread flour bakery pastry",
    "pastry oven sugar cake",
    "contract lawyer court",
    "lawyer court judgment",
    "judgment appeal contract",
)


def like(model: Lsa, one: str, other: str) -> float:
    first, second = embed(model, model.places, [one, other])
    return float(first @ second)


def test_the_order_of_the_texts_and_repeated_ones_change_no_byte() -> None:
    stored = encoded(fit(TEXTS))
    for seed in range(5):
        shuffled = [*TEXTS, *TEXTS[:3]]
        Random(seed).shuffle(shuffled)
        assert encoded(fit(shuffled)) == stored
    assert encoded(fit(TEXTS[:-1])) != stored


def test_each_direction_has_one_sign_and_length_one_and_none_is_beyond_what_the_texts_span() -> None:
    directions = fit(TEXTS).directions
    used = directions[:, np.abs(directions).sum(axis=0) > 0]
    assert 0 < used.shape[1] <= len(TEXTS)
    assert (used[np.abs(used).argmax(axis=0), np.arange(used.shape[1])] > 0).all()
    assert np.allclose(used.T @ used, np.eye(used.shape[1]), atol=1e-4)


def test_words_that_stand_in_the_same_company_are_alike() -> None:
    model = fit(TEXTS, dimensions=3)
    assert like(model, "car", "automobile gearbox") > 0.5 > like(model, "car", "pastry flour")


def test_forms_and_misspellings_are_near_their_word() -> None:
    model = fit(TEXTS)
    for typed in ("bakeries", "bakry", "BAKERY"):
        nearest = max(TEXTS, key=lambda text, typed=typed: like(model, typed, text))  # type: ignore[misc]
        assert "bakery" in nearest


def test_vectors_have_length_one_and_what_is_unknown_has_none() -> None:
    model = fit(TEXTS)
    found = embed(model, model.places, ["motor", "qqq xyz", "", "the of and"])
    assert np.allclose(np.linalg.norm(found, axis=1), [1, 0, 0, 0], atol=1e-5)


def test_texts_without_a_term_fit_nothing() -> None:
    for texts in ([], ["", "of the"]):
        with pytest.raises(ValueError, match="no term"):
            fit(texts)
    assert fit(["one lonely text"]).directions.shape[1] == lsa.DIMENSIONS


def test_a_large_catalogue_is_sampled_the_same_way_each_time() -> None:
    texts = [f"text {number}" for number in range(MOST_TEXTS + 500)]
    assert len(sample(texts)) == MOST_TEXTS
    assert sample(texts) == sample(texts[::-1])


async def test_what_is_stored_makes_the_same_vectors() -> None:
    model = fit(TEXTS)
    stored = encoded(model)
    read = FittedEmbedder.read(stored)
    assert (read.name, read.dimensions) == (name_of(stored), 128)
    assert np.array_equal(await read.embed(["motor court"]), embed(model, model.places, ["motor court"]))
    for broken in (stored[:-4], stored + b"\0\0\0\0"):
        with pytest.raises(ValueError, match="no model"):
            decoded(broken)


def test_terms_are_words_and_their_pieces() -> None:
    assert words_in("The Sorting_of 3 lists, a b") == ["sorting", "lists"]
    assert pieces_of("ab") == ["#<ab", "#ab>", "#<ab>"]
    assert terms_of("sort sort")["sort"] == 2
