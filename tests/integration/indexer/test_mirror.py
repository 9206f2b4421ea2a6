"""Every mirrored row says what the contract says."""

from collections.abc import Callable

from app.chain import contracts
from app.chain.typed_data import ZERO_HASH, task_id
from app.config import sqlalchemy_url
from app.database import Address, make_engine, make_sessions
from app.escrow import queries
from app.escrow.rules import Refund, State
from devnet.processes import Service
from tests.integration.indexer.world import AGENT, ARBITER, BUDGET, BUYER, OTHER, Mirror, World

Start = Callable[[Service], Service]


def test_mirrors_a_task_from_funding_to_rating(world: World, mirror: Mirror, start: Start) -> None:
    start(mirror.indexer())
    agent_id = world.register()
    terms = world.terms()
    world.fund(terms)
    world.award(terms, agent_id, price=8_000_000)
    world.act(AGENT, contracts.submit(terms, agent_id, ZERO_HASH, b""))
    world.act(BUYER, contracts.release(terms, 3_000_000, b""))
    mirror.catch_up(world.chain)
    (row,) = mirror.rows("SELECT state, remaining, since, agent_id, paid, fees, refunded FROM chain.escrows")
    state, remaining, since, *_ = world.task_of(terms)
    assert row == (state, remaining, since, agent_id, 3_000_000, 30_000, 2_000_000)

    world.act(BUYER, contracts.release(terms, 5_000_000, b""))
    world.rate(terms, agent_id)
    mirror.catch_up(world.chain)
    (row,) = mirror.rows("SELECT state, remaining, since, paid, fees, refunded, agent, payee FROM chain.escrows")
    agent = bytes.fromhex(AGENT.address[2:])
    assert row == (State.RELEASED, 0, 0, 8_000_000, 80_000, 2_000_000, agent, agent)
    task = bytes.fromhex(task_id(terms, world.deployment)[2:])
    assert mirror.rows(
        "SELECT agent_id, client, feedback_index, task_id, value, tag2, revoked FROM chain.feedback"
    ) == [(agent_id, bytes.fromhex(BUYER.address[2:]), 1, task, 5, "text.sort", False)]
    assert mirror.rows("SELECT count(*) FROM chain.quarantine") == [(0,)]


def test_mirrors_refund_ruling_and_what_is_owed(world: World, mirror: Mirror, start: Start) -> None:
    agent_id = world.register()
    cancelled, ruled = world.terms(agent=AGENT.address), world.terms(agent=AGENT.address)
    world.fund(cancelled)
    world.fund(ruled)
    world.act(BUYER, contracts.cancel(cancelled, b""))
    world.act(AGENT, contracts.submit(ruled, agent_id, ZERO_HASH, b""))
    world.act(BUYER, contracts.dispute(ruled, ZERO_HASH, b""))
    world.blacklist(AGENT.address)
    world.act(ARBITER, contracts.rule(ruled, 2_500, ZERO_HASH, b""))
    start(mirror.indexer())
    mirror.catch_up(world.chain)
    rows = mirror.rows(
        "SELECT state, remaining, agent_id, paid, fees, refunded, refund_reason, share_bps, by_default "
        "FROM chain.escrows ORDER BY funded_block"
    )
    assert rows == [
        (State.REFUNDED, 0, None, 0, 0, BUDGET, Refund.CANCELLED_BY_BUYER, None, None),
        (State.RULED, 0, agent_id, 2_500_000, 25_000, 7_500_000, None, 2_500, False),
    ]
    owed = world.view("TaskEscrow", world.deployment.escrow, "owed", AGENT.address)
    assert mirror.rows("SELECT amount FROM chain.owed") == [owed] == [(2_475_000,)]

    world.blacklist(AGENT.address, on=False)
    world.send(OTHER.address, world.deployment.escrow, contracts.withdraw(Address(AGENT.address)))
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT amount FROM chain.owed") == [(0,)]


def test_mirrors_an_agent_through_sale_and_metadata(world: World, mirror: Mirror, start: Start) -> None:
    start(mirror.indexer())
    agent_id = world.register(uri="https://näme.example/\0\x01")
    metadata = contracts.call_data("IdentityRegistry", "setMetadata", agent_id, "team", b"\xff\x00")
    world.send(AGENT.address, world.deployment.identity, metadata)
    sold = contracts.call_data("IdentityRegistry", "transferFrom", AGENT.address, OTHER.address, agent_id)
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT uri, wallet, metadata FROM chain.agents") == [
        ("https://näme.example/\ufffd\x01", bytes.fromhex(AGENT.address[2:]), {"team": "0xff00"})
    ]
    world.send(AGENT.address, world.deployment.identity, sold)
    mirror.catch_up(world.chain)
    assert mirror.rows("SELECT owner, wallet FROM chain.agents") == [(bytes.fromhex(OTHER.address[2:]), None)]


async def test_the_app_reads_what_was_mirrored(world: World, mirror: Mirror, start: Start) -> None:
    start(mirror.indexer())
    terms = world.terms(agent=AGENT.address)
    block = world.fund(terms)
    mirror.catch_up(world.chain)
    task = task_id(terms, world.deployment)
    engine = make_engine(sqlalchemy_url(mirror.database_url))
    async with make_sessions(engine)() as session:
        escrow = await queries.escrow_of(session, task)
        events = await queries.events_of(session, task)
    await engine.dispose()
    assert escrow is not None
    assert (escrow.buyer, escrow.agent, escrow.budget, escrow.remaining) == (
        BUYER.address,
        AGENT.address,
        BUDGET,
        BUDGET,
    )
    assert (escrow.escrow, escrow.salt, escrow.funded_block) == (world.deployment.escrow, terms.salt, block)
    assert [(event.name, event.args["terms"]["salt"]) for event in events] == [("TaskFunded", terms.salt)]


def test_announces_events_and_finality(world: World, mirror: Mirror, start: Start) -> None:
    terms = world.terms()
    block = world.fund(terms)
    world.mine(9)
    start(mirror.indexer())
    mirror.catch_up(world.chain)
    said = mirror.rows("SELECT topic, subject, payload FROM market.announcements ORDER BY id")
    funded = [(subject, payload) for topic, subject, payload in said if topic == "chain.TaskFunded"]
    assert [subject for subject, _ in funded] == [f"task:{task_id(terms, world.deployment)}"]
    assert funded[0][1]["block"] == block
    assert funded[0][1]["args"]["terms"]["budget"] == str(BUDGET)
    finalized = mirror.rows("SELECT finalized_number FROM chain.cursors")
    assert said[-1] == ("chain.finalized", "chain:31337", {"block": finalized[0][0]})
    assert finalized[0][0] >= block
