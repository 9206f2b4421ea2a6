"""From a queued intent to one that an account may sign: it would succeed, its gas is paid for, and by whom it is sent.

One process at a time admits (the lock of jobs), so that no two intents see the same money. All intents of a task that
are not mined go through one account: its nonces keep them in the order in which they were simulated.
"""

import logging
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.boundary import transaction
from app.chain.rpc import AsyncChain
from app.database import Address, Hash32, TaskId
from app.faults import reach
from app.relayer import actions, outbox, queries
from app.relayer.fees import current_fees
from app.relayer.gas import books
from app.relayer.gas.books import Books
from app.relayer.gas.rules import PASSING, Denial, paid_by
from app.relayer.models import Intent
from app.relayer.rules import Failure, Fees
from app.relayer.sender import Sender
from app.relayer.simulate import Outcome, Passed, Refused, Unanswered, simulate_all

log = logging.getLogger(__name__)

BATCH = 200
HELD_SECONDS = 30.0
"""How long an intent is left alone for which the day has no gas left."""


async def admit(senders: Sequence[Sender]) -> int:
    """Admits a batch; how many were looked at. Raises ChainUnavailable: a later sweep mends it."""
    first = senders[0]
    async with transaction(first.sessions) as session:
        intents = await queries.intents_to_simulate(session, [sender.address for sender in senders], BATCH)
    if not intents:
        return 0
    outcomes = await simulate_all(first.chain, first.address, intents)
    contracts = await contracts_among(first.chain, {Address(intent.account) for intent in intents})
    fees = await current_fees(first.chain, first.chain_id)
    reach("relayer.simulated_before_commit")
    async with transaction(first.sessions) as session:
        locked = await queries.locked_intents(session, [intent.id for intent in intents])
        given = zip(intents, outcomes, strict=True)
        fresh = [(locked[intent.id], outcome) for intent, outcome in given if locked[intent.id].tx_hash is None]
        passed = [(intent, each.gas_limit) for intent, each in fresh if isinstance(each, Passed)]
        for intent, outcome in fresh:
            await refuse(session, intent, outcome)
        await admit_passed(session, senders, passed, contracts, fees)
    return len(intents)


async def contracts_among(chain: AsyncChain, accounts: set[Address]) -> frozenset[str]:
    """Those that have code. One that nobody can tell of counts as such: its quota is the smaller one."""
    asked = sorted(accounts)
    codes = await chain.batch([("eth_getCode", account, "latest") for account in asked])
    return frozenset(
        account for account, code in zip(asked, codes, strict=True) if isinstance(code, Exception) or len(code) > 2
    )


async def refuse(session: AsyncSession, intent: Intent, outcome: Outcome) -> None:
    """What a simulation that did not pass means."""
    match outcome:
        case Passed():
            return
        case Refused() if intent.task_id is not None and await queries.is_in_flight(
            session, TaskId(Hash32(intent.task_id))
        ):
            # What it builds upon may only be on its way, or on its way back after a reorg.
            await actions.wait(session, intent)
        case Refused(error):
            log.info("intent refused verb=%s intent=%s error=%s", intent.verb, intent.id, error["text"])
            await actions.fail(session, intent, Failure.SIMULATION_REVERTED, error)
        case Unanswered(message):
            log.warning("simulation unanswered verb=%s intent=%s: %s", intent.verb, intent.id, message)
            await actions.postpone(session, intent, message)


async def admit_passed(
    session: AsyncSession,
    senders: Sequence[Sender],
    passed: Sequence[tuple[Intent, int]],
    contracts: frozenset[str],
    fees: Fees,
) -> None:
    """Books the gas of each and gives it an account, or says why its gas is not paid."""
    if not passed:
        return
    intents = [intent for intent, _gas in passed]
    await books.release_all(session, [intent.id for intent in intents])  # what a former admission booked
    purses = await Books.open(session, senders[0].gas, intents)
    of_task = await queries.senders_of(session, {each.task_id for each in intents if each.task_id is not None})
    choice = Choice(of_task, await queries.loads(session, [sender.address for sender in senders]))
    charges, admitted = [], []
    for intent, gas in passed:
        wei = gas * fees.max_fee
        payer = paid_by(wei, purses.purse(intent, is_contract=intent.account in contracts))
        if isinstance(payer, Denial):
            await deny(session, intent, payer, wei)
            continue
        purses.take(intent, payer, wei)
        charges.append((intent, payer, wei))
        admitted.append((intent.id, gas, choice.of(intent)))
    await books.charge(session, charges)
    await outbox.pass_simulation(session, admitted)


class Choice:
    """Which account sends what: itself where the call is to it (an anchor of the trail), the one that holds the task's
    other transactions, else the one with the least to do."""

    def __init__(self, of_task: dict[str, Address], loads: dict[Address, int]) -> None:
        self._of_task, self._loads = of_task, loads

    def of(self, intent: Intent) -> Address:
        """And remembers it."""
        own = Address(intent.to_address)
        held = own if intent.task_id is None else self._of_task.get(intent.task_id)
        idlest = min(self._loads, key=lambda each: self._loads[each])
        chosen = held if held is not None and held in self._loads else idlest
        self._loads[chosen] += 1
        if intent.task_id is not None:
            self._of_task[intent.task_id] = chosen
        return chosen


async def deny(session: AsyncSession, intent: Intent, denial: Denial, wei: int) -> None:
    """Waits where waiting helps; fails in words otherwise."""
    if denial in PASSING:
        log.warning("intent held intent=%s account=%s: %s", intent.id, intent.account, denial)
        await actions.put_back(session, intent, HELD_SECONDS if denial is Denial.DAY_SPENT else 1.0)
        return
    log.info("intent denied gas intent=%s account=%s wei=%d", intent.id, intent.account, wei)
    said = {"text": f"nobody pays for its gas (up to {wei} wei): redeem an invite, fund a task, or send it yourself"}
    await actions.fail(session, intent, Failure.GAS_CREDIT_SPENT, said)
