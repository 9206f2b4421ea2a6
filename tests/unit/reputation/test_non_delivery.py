"""Leaving a task after agreeing, and letting its deadline pass, weigh what the price weighs, without any stars."""

from dataclasses import replace

import pytest

from app.escrow.rules import Refund, State
from app.reputation.scoring import NEWEST, Audit, EndedTask, Rating, evidence_of, jobs_of

NOW = 1_800_000_000
PAID = EndedTask("0x01", 7, "0xa", 750_000, State.RELEASED, None, 750_000, None, None, 1, None, NOW - 100)


@pytest.mark.parametrize("price", [1, 750_000, 3_000_000, 40_000_000])
@pytest.mark.parametrize("reason", [Refund.CANCELLED_BY_AGENT, Refund.RECLAIMED])
def test_non_delivery_weighs_as_much_as_the_price_of_rated_work(reason: Refund, price: int) -> None:
    rated = replace(PAID, value=price)
    gone = replace(rated, task_id="0x02", state=State.REFUNDED, refund_reason=reason, paid=0, stars=None)
    jobs = jobs_of([rated, gone], NOW)
    assert [(job.rating, job.value) for job in jobs] == [(Rating.BAD, price)] * 2
    assert jobs[1].audit is Audit.FAILED
    evidence, _ = evidence_of(jobs)
    of_rated, of_gone = evidence.weights(NEWEST)
    assert of_rated == of_gone > 0
