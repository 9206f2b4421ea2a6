"""Many paid calls while agents fail and the API is killed: every call is answered, and each answer is paid once."""

import asyncio
import contextlib
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast, overload
from uuid import UUID

import httpx
import pytest

from app.config import Settings
from devnet.keys import Role, participant_key, role_key, write_key_file
from devnet.processes import ProcessFailed, Service
from tests.integration.api import Wallet, execute, mirror_clock
from tests.integration.conftest import CHAIN_TIME
from tests.integration.routing.conftest import TABLES
from tests.integration.routing.paying import Payer
from tests.integration.routing.shop import Shop
from tests.unit.routing.agents import agents

POINTS = (
    "routing.begun_before_call",
    "routing.answered_before_stored",
    "routing.paid_before_commit",
    "routing.paid_before_told",
)
PRICES = (300, 400, 500)
FAILING = 0.2


@dataclass(frozen=True)
class Size:
    """How much is tried; the API is killed `kills` times at each point, and as often at any moment."""

    calls: int
    kills: int
    at_once: int
    seconds: float


SMALL, LARGE = Size(120, 1, 8, 240), Size(10_000, 12, 16, 3_000)


class Flaky(Sequence[tuple[float, int, bytes]]):
    """An agent's script: a fifth of its answers are failures, and no two are the same."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __len__(self) -> int:
        return 10**9

    @overload
    def __getitem__(self, index: int) -> tuple[float, int, bytes]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[float, int, bytes]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        failed = Random(f"{self.number} {index}").random() < FAILING
        return (0.005, 500 if failed else 200, b'{"agent":%d,"n":%d}' % (self.number, cast(int, index)))


@pytest.fixture
def also_set(tmp_path: Path) -> dict[str, str]:
    key = write_key_file(tmp_path, "sequencer", role_key(Role.SEQUENCER))
    return {"PRIVATE_ENDPOINTS": "true", "FAULT_DIR": str(tmp_path), "SEQUENCER_KEY_FILE": str(key)} | FAST


FAST = {"REQUESTS_PER_SECOND": "100000", "ANONYMOUS_REQUESTS_PER_SECOND": "100000"}


@dataclass
class Callers:
    """Calls under names of their own, each asked for until it is answered and paid."""

    payer: Payer
    headers: dict[str, str]
    ends: float
    answers: dict[str, Any] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    signing_in: asyncio.Lock = field(default_factory=asyncio.Lock)
    paying: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def one(self, name: str) -> None:
        """Raises TimeoutError where it is not answered in time."""
        body = {"call_id": name, "capability": "text.sort", "input": {}, "deadline_ms": 1_500, "try_ms": 300}
        body |= {"channel_id": self.payer.channel_id, "max_price": "1000"}
        while time.monotonic() < self.ends:
            with contextlib.suppress(httpx.TransportError):
                call = await self.ask("POST", "/v1/calls", body)
                if call is not None and call["state"] == "held":
                    async with self.paying[call["due"]["payee"]]:
                        call = await self.pay(name)
                if call is not None and call["state"] == "answered":
                    self.answers[name] = call["answer"]
                    self.more.set()
                    return
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{name}: {len(self.answers)} are answered; refused: {dict(self.refused)}")

    async def reach(self, number: int) -> None:
        """Until so many are answered, or their time is over."""
        while len(self.answers) < number and time.monotonic() < self.ends:
            self.more.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.more.wait(), 1)

    async def pay(self, name: str) -> dict[str, Any] | None:
        """One try: what is due may have changed since it was told."""
        call = await self.ask("GET", f"/v1/calls/{name}")
        if call is None or call["state"] != "held":
            return call
        due = call["due"]
        signature = self.payer.signer.sign_typed(due["typed_data"])
        return await self.ask(
            "POST", f"/v1/calls/{name}/pay", {"cumulative": due["cumulative"], "signature": signature}
        )

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """None for a refusal that passes: a call on its way, agents that failed, a voucher that was overtaken, a token
        that ended."""
        used = self.headers
        answer = await self.payer.shop.api.request(method, path, json=body, headers=used)
        if answer.status_code == 401:
            async with self.signing_in:
                if self.headers is used:
                    self.headers = await self.payer.shop.buyer.sign_in()
            return None
        if answer.status_code in (409, 503):
            self.refused[answer.json()["type"]] += 1
            return None
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.mark.parametrize("size", [SMALL, pytest.param(LARGE, marks=pytest.mark.deep)], ids=["small", "large"])
async def test_no_answer_is_lost_and_none_paid_twice(
    served: tuple[Service, str], settings: Settings, database_url: str, size: Size, tmp_path: Path
) -> None:
    service, url = served
    mirror_clock(database_url, block=100, timestamp=CHAIN_TIME, finalized=92)
    for table in TABLES:
        execute(database_url, f"DELETE FROM {table}")
    async with (
        agents(*(Flaky(number) for number in range(len(PRICES)))) as (offers, scripted),
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
    ):
        shop = Shop(client, Wallet(participant_key(0), client), Wallet(participant_key(9), client), database_url)
        for number, (offer, price) in enumerate(zip(offers, PRICES, strict=True)):
            shop.owner = Wallet(participant_key(number), client)
            await shop.list(offer.agent_id, offer.endpoint, price=str(price))
        payer = Payer(shop, settings)
        payer.mirror(deposited=10**9)
        callers = Callers(payer, await shop.buyer.sign_in(), time.monotonic() + size.seconds)
        names = [str(UUID(int=number + 1)) for number in range(size.calls)]
        killing = asyncio.create_task(kill(service, database_url, callers, size, tmp_path))
        try:
            await at_most(size.at_once, [callers.one(name) for name in names])
        finally:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        if not service.running():
            await asyncio.to_thread(service.start)
        assert killing.cancelled() or killing.exception() is None
        assert reached(tmp_path) == list(POINTS) * size.kills
        assert sum(each.calls for each in scripted) > size.calls * (1 + FAILING / 2)
        for name in names[:: max(1, size.calls // 500)]:
            read = await callers.ask("GET", f"/v1/calls/{name}") or await callers.ask("GET", f"/v1/calls/{name}")
            assert read is not None
            assert read["answer"] == callers.answers[name]
        require_equal_books(database_url, payer, callers)


async def kill(service: Service, database_url: str, callers: Callers, size: Size, folder: Path) -> None:
    """At each point, once the process has done its part of the calls, and at last at any moment."""
    points = list(POINTS) * size.kills
    after = size.calls // (len(points) + 2)
    env = cast(dict[str, str], service.command.env)
    for number, point in enumerate(points):
        env |= {"FAULT_AT": point, "FAULT_AFTER": str(after), "FAULT_DIR": str(fresh(folder / f"deaths-{number}"))}
        await asyncio.to_thread(service.kill)
        await back(service, database_url)
        await ended(service)
    env["FAULT_AT"] = ""
    await back(service, database_url)
    await callers.reach(size.calls - after // 2)
    await asyncio.to_thread(service.kill)
    await back(service, database_url)


def has_died(env: Mapping[str, str]) -> bool:
    """Whether the point was reached, at which it is meant to die."""
    return Path(env["FAULT_DIR"], env["FAULT_AT"]).is_file()


def fresh(folder: Path) -> Path:
    """Where a death leaves its mark."""
    folder.mkdir()
    return folder


def reached(folder: Path) -> list[str]:
    """The points at which it died, in their order."""
    deaths = sorted(folder.glob("deaths-*"), key=lambda each: int(each.name[7:]))
    return [mark.name for death in deaths for mark in death.iterdir()]


async def back(service: Service, database_url: str) -> None:
    """Starts it again; nobody has to wait for the deadline of a process that is gone for sure."""
    execute(database_url, "UPDATE market.calls SET deadline = clock_timestamp() WHERE state = 'running'")
    for _ in range(5):
        try:
            await asyncio.to_thread(service.start)
        except ProcessFailed:
            # It may have been asked, and died at its point, before it said that it is ready.
            if has_died(service.command.env):
                return
        else:
            return


async def ended(service: Service) -> None:
    """Until it reached its point; calls go on being sent to it meanwhile."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        await asyncio.to_thread(service.wait, 300)


async def at_most(number: int, work: list[Any]) -> None:
    """Runs all, so many at a time."""
    places = asyncio.Semaphore(number)

    async def placed(one: Any) -> None:
        async with places:
            await one

    async with asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(placed(one))


def require_equal_books(database_url: str, payer: Payer, callers: Callers) -> None:
    """Vouchers, books and calls say the same, and every voucher was one answer's price above the one before."""
    rows = execute(
        database_url, "SELECT payee, price, cumulative, answer FROM market.calls WHERE state = 'answered' ORDER BY 1, 3"
    )
    assert len(rows) == len(callers.answers)
    assert len({str(row[3]) for row in rows}) == len(rows)
    totals: dict[bytes, int] = {}
    for payee, price, cumulative, _ in rows:
        totals[payee] = totals.get(payee, 0) + int(price)
        assert totals[payee] == int(cumulative)
    vouchers = execute(database_url, "SELECT payee, cumulative FROM market.channel_vouchers")
    assert {payee: int(cumulative) for payee, cumulative in vouchers} == totals
    [(signed, reserved)] = execute(database_url, "SELECT signed, reserved FROM market.channel_books")
    assert (int(signed), int(reserved)) == (sum(totals.values()), 0)
