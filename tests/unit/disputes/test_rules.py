"""Disputing, ruling and agreeing: the party, the state, both sides of every limit, and which offers match."""

from dataclasses import dataclass, replace

import pytest

from app.disputes import rules
from app.disputes.rules import Accord
from app.errors import (
    AmountAboveRemaining,
    GuildhallError,
    NotParty,
    ShareAboveWhole,
    WindowNotOpen,
    WindowOver,
    WrongTaskState,
)
from tests.unit.tasks.facts import AGENT, ARBITER, AWARDED, BUYER, DISPUTED, NOW, STRANGER, SUBMITTED, Standing


@dataclass(frozen=True)
class Offer:
    verb: str = "settle"
    account: str = AGENT
    remaining: int = 100
    to_agent: int | None = 40
    deadline: int = NOW + 1


def test_buyer_and_agent_dispute_until_the_reviews_last_second() -> None:
    assert rules.may_dispute(SUBMITTED.at(NOW + 50), BUYER) == "buyer"
    assert rules.may_dispute(SUBMITTED, AGENT) == "agent"


@pytest.mark.parametrize(
    ("standing", "account", "fault"),
    [
        (SUBMITTED.at(NOW + 51), BUYER, WindowOver),
        (SUBMITTED, ARBITER, NotParty),
        (SUBMITTED, STRANGER, NotParty),
        (AWARDED, BUYER, WrongTaskState),
        (DISPUTED, BUYER, WrongTaskState),
    ],
)
def test_refuses_a_dispute(standing: Standing, account: str, fault: type[GuildhallError]) -> None:
    with pytest.raises(fault):
        rules.may_dispute(standing, account)


def test_the_arbiter_rules_until_his_last_second() -> None:
    assert rules.may_rule(DISPUTED.at(NOW + 20), ARBITER, 10_000).remaining == 100


@pytest.mark.parametrize(
    ("standing", "account", "share", "fault"),
    [
        (DISPUTED.at(NOW + 21), ARBITER, 1, WindowOver),
        (DISPUTED, BUYER, 1, NotParty),
        (DISPUTED, ARBITER, 10_001, ShareAboveWhole),
        (SUBMITTED, ARBITER, 1, WrongTaskState),
    ],
)
def test_refuses_a_ruling(standing: Standing, account: str, share: int, fault: type[GuildhallError]) -> None:
    with pytest.raises(fault):
        rules.may_rule(standing, account, share)


def test_the_default_applies_strictly_after_the_arbiters_window() -> None:
    rules.may_rule_by_default(DISPUTED.at(NOW + 21))
    with pytest.raises(WindowNotOpen):
        rules.may_rule_by_default(DISPUTED.at(NOW + 20))
    with pytest.raises(WrongTaskState):
        rules.may_rule_by_default(SUBMITTED.at(NOW + 21))


def test_an_accord_names_the_pot() -> None:
    assert rules.accord(SUBMITTED, BUYER, 40) == Accord("settle", 100, 40)
    assert rules.accord(SUBMITTED, AGENT, None) == Accord("cancel_together", 100, None)
    with pytest.raises(AmountAboveRemaining):
        rules.accord(SUBMITTED, BUYER, 101)
    with pytest.raises(NotParty):
        rules.accord(SUBMITTED, ARBITER, 1)


@pytest.mark.parametrize(
    ("offer", "matches"),
    [
        (Offer(), True),
        (replace(Offer(), account=BUYER), False),
        (replace(Offer(), to_agent=41), False),
        (replace(Offer(), remaining=99), False),
        (replace(Offer(), deadline=NOW), False),
        (replace(Offer(), verb="cancel_together", to_agent=None), False),
    ],
)
def test_only_the_others_equal_offer_in_time_matches(offer: Offer, matches: bool) -> None:
    found = rules.matching_offer([offer], Accord("settle", 100, 40), BUYER, NOW)
    assert (found is offer) == matches


def test_evidence_is_shown_by_the_arguing_parties_while_it_matters() -> None:
    assert rules.may_show_evidence(SUBMITTED, AGENT) == "agent"
    assert rules.may_show_evidence(DISPUTED, BUYER) == "buyer"
    with pytest.raises(NotParty):
        rules.may_show_evidence(DISPUTED, ARBITER)
    with pytest.raises(WrongTaskState):
        rules.may_show_evidence(AWARDED, BUYER)
