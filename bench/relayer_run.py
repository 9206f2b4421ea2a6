"""One run of bench.relayer, in a process of its own: `python -m bench.relayer_run DEPLOYMENT INTENTS KEYS`."""

import asyncio
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select

from app.boundary import transaction
from app.chain.contracts import register_for
from app.chain.deployment import Deployment, load
from app.chain.rpc import AsyncChain
from app.chain.typed_data import digest, register
from app.config import sqlalchemy_url
from app.database import Address, make_engine, make_sessions
from app.relayer.actions import enqueue
from app.relayer.jobs import one_round
from app.relayer.models import Intent
from app.relayer.sender import Sender
from app.signing.envelope import Unsigned
from app.signing.signer import LocalSigner

GWEI = 10**9
AT_ONCE = 16
BLOCK_GAS = 10**9
"""Anvil's own 30,000,000 would be the limit: 75 of these calls in a block."""
CARD = "https://agent.example/card.json"
LIMIT_SECONDS = 300.0


async def main(deployment: Deployment, intents: int, keys: int) -> dict[str, float]:
    """Rates a second, and the processor's time of this process for each intent."""
    engine = make_engine(sqlalchemy_url(os.environ["DATABASE_URL"]), pool_size=20)
    async with AsyncChain([os.environ["RPC_URLS"]]) as chain:
        signers = [LocalSigner(os.urandom(32)) for _ in range(2 * keys)]
        await chain.request("evm_setBlockGasLimit", hex(BLOCK_GAS))
        await chain.batch([("anvil_setBalance", signer.address, hex(10**24)) for signer in signers])
        raw = await raw_rate(chain, deployment, signers[:keys], intents)
        senders = [Sender(make_sessions(engine), chain, deployment.chain_id, signer) for signer in signers[keys:]]
        calls = [registration(deployment) for _ in range(intents)]
        accepted = intents / await timed(accept(senders[0], deployment, calls))
        before = processor()
        carried = intents / await timed(carry_all(senders, intents))
        spent = (processor() - before) / intents
    await engine.dispose()
    return {"raw": raw, "accepted": accepted, "carried": carried, "us_each": spent * 1e6}


async def raw_rate(chain: AsyncChain, deployment: Deployment, signers: Sequence[LocalSigner], count: int) -> float:
    """Signed before; from the first send until all are mined."""
    each = count // len(signers)
    sent: list[list[str]] = []
    for signer in signers:
        calls = [registration(deployment)[1] for _ in range(each)]
        plain = [
            Unsigned(deployment.chain_id, nonce, 100 * GWEI, 25 * GWEI, 400_000, deployment.identity, data)
            for nonce, data in enumerate(calls)
        ]
        sent.append(["0x" + signed.raw.hex() for signed in await signer.sign(plain)])

    async def send(raws: Sequence[str]) -> None:
        for raw in raws:
            await chain.request("eth_sendRawTransaction", raw)

    began = time.monotonic()
    await asyncio.gather(*(send(raws) for raws in sent))
    while sum([await chain.nonce(signer.address) for signer in signers]) < each * len(signers):
        require_time(began)
        await asyncio.sleep(0.01)
    return each * len(signers) / (time.monotonic() - began)


async def accept(sender: Sender, deployment: Deployment, calls: Sequence[tuple[Address, bytes]]) -> None:
    """Each in a transaction of its own, as a request would."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, owner: Address, data: bytes) -> None:
        async with turn, transaction(sender.sessions) as session:
            to = deployment.identity
            key = f"register:{number}"
            await enqueue(session, key=key, verb="register", task_id=None, account=owner, to=to, data=data)

    await asyncio.gather(*(one(number, *call) for number, call in enumerate(calls)))


async def carry_all(senders: Sequence[Sender], intents: int) -> None:
    """Rounds, as the worker does them, until all are mined."""
    began = time.monotonic()
    while await mined(senders[0]) < intents:
        require_time(began)
        if not await one_round(senders):
            await asyncio.sleep(0.01)


async def mined(sender: Sender) -> int:
    async with transaction(sender.sessions) as session:
        counted = select(func.count()).where(Intent.state.in_(("mined", "final")))
        return (await session.execute(counted)).scalar_one()


def registration(deployment: Deployment) -> tuple[Address, bytes]:
    """A new owner, and the call that he signed."""
    owner, deadline = LocalSigner(os.urandom(32)), 2**40 - 1
    typed = register(deployment, owner.address, CARD, 0, deadline)
    signature = owner.signature(bytes.fromhex(digest(typed)[2:]))
    in_contracts_form = signature[:64] + bytes([signature[64] + 27])
    return owner.address, register_for(owner.address, CARD, deadline, in_contracts_form)


async def timed(work: object) -> float:
    began = time.monotonic()
    await work  # type: ignore[misc]  # a coroutine
    return time.monotonic() - began


def processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def require_time(began: float) -> None:
    if time.monotonic() - began > LIMIT_SECONDS:
        raise TimeoutError("not all were mined in time")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    print(json.dumps(asyncio.run(main(load(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])))))
