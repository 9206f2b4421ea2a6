"""How price, tiers and pricing go together, and what changed between two versions."""

from dataclasses import replace
from typing import Any

import pytest

from app.errors import OfferRefused
from app.listings.rules import Offer, Pricing, Tier, changes, settled

OFFER = Offer("text.sort", "Sorting", price=5)
TIERS = (Tier(1, 10), Tier(100, 8))


def after(said: dict[str, Any], before: Offer = OFFER) -> Offer:
    return settled(replace(before, **said), frozenset(said))


@pytest.mark.parametrize(
    ("said", "pricing", "price", "tiers"),
    [
        ({}, Pricing.PER_TASK, 5, ()),
        ({"price": 7}, Pricing.PER_TASK, 7, ()),
        ({"price": None}, Pricing.NEGOTIATED, None, ()),
        ({"pricing": Pricing.PER_CALL}, Pricing.PER_CALL, 5, ()),
        ({"pricing": Pricing.NEGOTIATED}, Pricing.NEGOTIATED, None, ()),
        ({"tiers": TIERS}, Pricing.TIERED, None, TIERS),
        ({"tiers": TIERS, "pricing": Pricing.TIERED}, Pricing.TIERED, None, TIERS),
        ({"title": "Other"}, Pricing.PER_TASK, 5, ()),
    ],
)
def test_pricing_follows_from_what_was_said(
    said: dict[str, Any], pricing: Pricing, price: int | None, tiers: tuple[Tier, ...]
) -> None:
    offer = after(said)
    assert (offer.pricing, offer.price, tuple(offer.tiers)) == (pricing, price, tiers)


def test_from_tiers_or_from_nothing_to_a_price() -> None:
    for before in (after({"tiers": TIERS}), after({"price": None})):
        offer = after({"price": 9}, before)
        assert (offer.pricing, offer.price, tuple(offer.tiers)) == (Pricing.PER_TASK, 9, ())
        assert after({"title": "Other"}, before).pricing is before.pricing


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"pricing": Pricing.PER_UNIT, "price": None}, "price"),
        ({"pricing": Pricing.NEGOTIATED, "price": 3}, "price"),
        ({"pricing": Pricing.TIERED, "price": 3, "tiers": TIERS}, "price"),
        ({"pricing": Pricing.TIERED}, "tiers"),
        ({"pricing": Pricing.PER_CALL, "price": 3, "tiers": TIERS}, "tiers"),
        ({"tiers": (Tier(2, 10),)}, "tiers"),
        ({"tiers": (Tier(1, 10), Tier(1, 8))}, "tiers"),
        ({"tiers": (Tier(1, 10), Tier(9, 8), Tier(5, 7))}, "tiers"),
        ({"tiers": tuple(Tier(n, 1) for n in range(1, 12))}, "tiers"),
    ],
)
def test_refuses_what_does_not_go_together(said: dict[str, Any], field: str) -> None:
    with pytest.raises(OfferRefused) as refused:
        after(said)
    assert refused.value.facts["field"] == field


def test_tags_are_stored_as_they_are_searched() -> None:
    assert list(after({"tags": ("Fast", "fast", "Äpfel")}).tags) == ["fast", "äpfel"]


def test_changes_name_each_field_that_differs() -> None:
    assert changes({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "d": 4}) == {"b": (2, 5), "c": (3, None), "d": (None, 4)}
    assert changes(None, {"a": 1}) == {"a": (None, 1)}
