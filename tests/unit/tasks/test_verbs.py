"""Who may do which verb when: for each verb the party, the state, and both sides of every limit."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.errors import (
    AmountAboveRemaining,
    GuildhallError,
    NotParty,
    WindowNotOpen,
    WindowOver,
    WrongTaskState,
)
from app.escrow.rules import State
from app.tasks import rules
from tests.unit.tasks.facts import (
    AGENT,
    ARBITER,
    AWARDED,
    BUYER,
    DIRECT,
    DISPUTED,
    NOBODY,
    NOW,
    OPEN,
    STRANGER,
    SUBMITTED,
    Intent,
    Standing,
)

DRAFT = replace(OPEN, escrow=None)
VETOED = AWARDED.with_task(veto_seconds=20)
BUYER_AWARDS = OPEN.with_task(awarder=NOBODY)

Verb = Callable[[Standing, str], object]


def release(amount: int) -> Verb:
    return lambda standing, account: rules.may_release(standing, account, amount)


def reclaim(standing: Standing, account: str) -> None:
    rules.may_reclaim(standing)


def part(standing: Standing, account: str) -> object:
    return rules.may_part(standing, account, "settle")


ALLOWED: list[tuple[Verb, Standing, str]] = [
    (rules.may_fund, DRAFT, BUYER),
    (rules.may_fund, replace(DRAFT, fund_intent=Intent("failed")), BUYER),
    (rules.may_fund, DRAFT.at(NOW + 100), BUYER),
    (rules.may_veto, VETOED.at(NOW + 10), BUYER),
    (rules.may_submit, AWARDED, AGENT),
    (rules.may_submit, DIRECT, AGENT),
    (rules.may_submit, SUBMITTED, AGENT),
    (rules.may_submit, AWARDED.at(NOW + 1000), AGENT),
    (rules.may_submit, VETOED.at(NOW + 11), AGENT),
    (rules.may_submit, VETOED.with_escrow(state=State.SUBMITTED), AGENT),
    (rules.may_submit, VETOED.with_task(awarder=BUYER), AGENT),
    (release(100), AWARDED, BUYER),
    (release(1), SUBMITTED, BUYER),
    (release(1), DIRECT, BUYER),
    (rules.may_claim, SUBMITTED.at(NOW + 51), AGENT),
    (rules.may_cancel, AWARDED, AGENT),
    (rules.may_cancel, DISPUTED, AGENT),
    (rules.may_cancel, DIRECT, AGENT),
    (rules.may_cancel, DIRECT, BUYER),
    (rules.may_cancel, BUYER_AWARDS, BUYER),
    (reclaim, OPEN.at(NOW + 101), STRANGER),
    (reclaim, AWARDED.at(NOW + 1001), STRANGER),
    (reclaim, DIRECT.at(NOW + 1001), STRANGER),
    (part, AWARDED, BUYER),
    (part, DISPUTED, AGENT),
    (part, DIRECT, AGENT),
]

REFUSED: list[tuple[Verb, Standing, str, type[GuildhallError]]] = [
    (rules.may_fund, DRAFT, AGENT, NotParty),
    (rules.may_fund, replace(DRAFT, fund_intent=Intent("queued")), BUYER, WrongTaskState),
    (rules.may_fund, OPEN, BUYER, WrongTaskState),
    (rules.may_fund, DRAFT.at(NOW + 101), BUYER, WindowOver),
    (rules.may_veto, VETOED, AGENT, NotParty),
    (rules.may_veto, VETOED.at(NOW + 11), BUYER, WindowOver),
    (rules.may_veto, AWARDED, BUYER, WindowOver),
    (rules.may_veto, VETOED.with_task(awarder=NOBODY), BUYER, WindowOver),
    (rules.may_veto, OPEN, BUYER, WrongTaskState),
    (rules.may_submit, AWARDED, BUYER, NotParty),
    (rules.may_submit, OPEN, AGENT, NotParty),
    (rules.may_submit, DISPUTED, AGENT, WrongTaskState),
    (rules.may_submit, AWARDED.at(NOW + 1001), AGENT, WindowOver),
    (rules.may_submit, VETOED.at(NOW + 10), AGENT, WindowNotOpen),
    (release(0), SUBMITTED, BUYER, AmountAboveRemaining),
    (release(101), SUBMITTED, BUYER, AmountAboveRemaining),
    (release(1), SUBMITTED, AGENT, NotParty),
    (release(1), DISPUTED, BUYER, WrongTaskState),
    (release(1), OPEN, BUYER, WrongTaskState),
    (release(1), DRAFT, BUYER, WrongTaskState),
    (rules.may_claim, SUBMITTED.at(NOW + 50), AGENT, WindowNotOpen),
    (rules.may_claim, SUBMITTED.at(NOW + 51), BUYER, NotParty),
    (rules.may_claim, AWARDED, AGENT, WrongTaskState),
    (rules.may_cancel, OPEN, BUYER, NotParty),
    (rules.may_cancel, AWARDED.with_task(awarder=NOBODY), BUYER, WrongTaskState),
    (rules.may_cancel, SUBMITTED.with_escrow(state=State.RELEASED), AGENT, WrongTaskState),
    (rules.may_cancel, AWARDED, ARBITER, NotParty),
    (reclaim, OPEN.at(NOW + 100), BUYER, WindowNotOpen),
    (reclaim, AWARDED.at(NOW + 1000), BUYER, WindowNotOpen),
    (reclaim, SUBMITTED.at(NOW + 5000), BUYER, WrongTaskState),
    (part, OPEN, BUYER, WrongTaskState),
    (part, AWARDED, ARBITER, NotParty),
]


@pytest.mark.parametrize(("verb", "standing", "account"), ALLOWED)
def test_allows(verb: Verb, standing: Standing, account: str) -> None:
    verb(standing, account)


@pytest.mark.parametrize(("verb", "standing", "account", "fault"), REFUSED)
def test_refuses(verb: Verb, standing: Standing, account: str, fault: type[GuildhallError]) -> None:
    with pytest.raises(fault):
        verb(standing, account)


def test_a_refusal_names_the_rule() -> None:
    with pytest.raises(NotParty) as refused:
        rules.may_claim(SUBMITTED, STRANGER)
    assert refused.value.facts == {"required": "agent", "verb": "claim", "account": STRANGER}
