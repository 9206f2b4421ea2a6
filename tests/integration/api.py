"""The API on real services, in the test's own loop, and wallets that sign in to it."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from eth_account import Account
from eth_account.messages import SignableMessage, encode_defunct, encode_typed_data
from psycopg.rows import tuple_row

from app.boundary import WorkerRuntime
from app.config import Settings
from app.database import make_engine, make_sessions
from app.main import create_app
from devnet.keys import DevelopmentKey, write_token_keys
from tests.conftest import ROOT

ORIGIN = "http://127.0.0.1:8000"


def settings_for(database_url: str, redis_url: str, rpc_url: str, deployment_file: Path, content_dir: Path) -> Settings:
    """Settings as a development deployment has them."""
    return Settings(
        environment="development",
        database_url=database_url,
        redis_url=redis_url,
        rpc_urls=rpc_url,
        deployment_file=deployment_file,
        content_dir=content_dir,
        token_keys_file=write_token_keys(content_dir.parent / "keys"),
        public_url=ORIGIN,
        requests_per_second=100_000,
        anonymous_requests_per_second=100_000,
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """The same settings for a process of its own."""
    return {
        "ENVIRONMENT": settings.environment,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "RPC_URLS": ",".join(settings.rpc_urls),
        "DEPLOYMENT_FILE": str(settings.deployment_file),
        "CONTENT_DIR": str(settings.content_dir),
        "PUBLIC_URL": settings.public_url,
    }


async def exit_code_of(program: str, env: dict[str, str]) -> int:
    """What a job that a worker would run ends with, in a process that may kill itself."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=env, cwd=ROOT)
    return await asyncio.wait_for(process.wait(), 60)


@asynccontextmanager
async def running_api(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The application with its lifespan; an error that escapes it fails the test."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield client


async def until(holds: Callable[[], object], seconds: float = 10.0) -> None:
    """Fails where it does not come about."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "it did not come about"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[WorkerRuntime]:
    """What jobs share in a worker, in the test's own loop."""
    engine = make_engine(settings.sqlalchemy_url, pool_size=4)
    yield WorkerRuntime(settings, engine, make_sessions(engine))
    await engine.dispose()


@dataclass(frozen=True)
class Wallet:
    """A key that signs in and signs typed data."""

    key: DevelopmentKey
    client: httpx.AsyncClient

    @property
    def address(self) -> str:
        return self.key.address

    def sign_text(self, text: str) -> str:
        return self.sign(encode_defunct(text=text))

    def sign_typed(self, typed_data: dict[str, Any]) -> str:
        return self.sign(encode_typed_data(full_message=typed_data))

    def sign(self, message: SignableMessage) -> str:
        return "0x" + bytes(Account.sign_message(message, self.key.private_key).signature).hex()

    async def challenge(self) -> dict[str, Any]:
        answer = await self.client.post("/v1/auth/nonce", json={"address": self.address})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def answer_to(self, challenge: dict[str, Any], **other: object) -> dict[str, Any]:
        """The body that opens a session; `other` replaces values of what is signed."""
        text = sign_in_text(challenge, self.address, **other)
        return {"message": text, "signature": self.sign_text(text), "client_token": challenge["client_token"]}

    async def sign_in(self) -> dict[str, str]:
        """The headers of a signed-in request."""
        return {"Authorization": f"Bearer {(await self.open_session())['token']}"}

    async def open_session(self) -> dict[str, Any]:
        """What signing in answers."""
        proof = self.answer_to(await self.challenge())
        answer = await self.client.post("/v1/auth/sessions", json=proof)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def sign_in_text(challenge: dict[str, Any], address: str, **other: object) -> str:
    """The EIP-4361 message of a challenge; `other` replaces values of it."""
    said = challenge | other
    return "\n".join(
        (
            f"{said['domain']} wants you to sign in with your Ethereum account:",
            address,
            "",
            said["statement"],
            "",
            f"URI: {said['uri']}",
            f"Version: {said['version']}",
            f"Chain ID: {said['chain_id']}",
            f"Nonce: {said['nonce']}",
            f"Issued At: {said['issued_at']}",
            f"Expiration Time: {said['expires_at']}",
        )
    )


def mirror_clock(database_url: str, *, block: int, timestamp: int, finalized: int) -> None:
    """Moves the mirror's cursor as the indexer would."""
    statement = """
        INSERT INTO chain.cursors
            (chain_id, block_number, block_hash, block_timestamp, finalized_number, head_number, updated_at)
        VALUES (31337, %(block)s, decode(repeat('ab', 32), 'hex'), %(timestamp)s, %(finalized)s, %(block)s, now())
        ON CONFLICT (chain_id) DO UPDATE SET block_number = %(block)s, head_number = %(block)s,
            block_timestamp = %(timestamp)s, finalized_number = %(finalized)s, updated_at = now()
    """
    execute(database_url, statement, {"block": block, "timestamp": timestamp, "finalized": finalized})


def mirror_agent(database_url: str, agent_id: int, owner: str, *, wallet: str | None = None, block: int = 1) -> None:
    """Writes a registered agent as the indexer would."""
    statement = """
        INSERT INTO chain.agents (agent_id, owner, uri, wallet, metadata, registered_block, last_block)
        VALUES (%(id)s, %(owner)s, 'https://agents.example/card', %(wallet)s, '{}', %(block)s, %(block)s)
    """
    packed = None if wallet is None else bytes.fromhex(wallet[2:])
    execute(
        database_url, statement, {"id": agent_id, "owner": bytes.fromhex(owner[2:]), "wallet": packed, "block": block}
    )


def execute(database_url: str, statement: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Runs one statement as the database's owner and gives its rows."""
    with psycopg.connect(database_url, autocommit=True, row_factory=tuple_row) as connection:
        done = connection.execute(statement, values)
        return done.fetchall() if done.description is not None else []
