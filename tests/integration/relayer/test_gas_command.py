"""`python -m app.relayer.gas`: invites, grants, what of the day is left."""

import asyncio
from pathlib import Path

import pytest

from app.boundary import transaction
from app.database import Address
from app.relayer.gas import books
from app.relayer.gas.__main__ import main
from devnet.keys import participant_key
from tests.integration.relayer.bench import Bench
from tests.integration.relayer.processes import worker_environment

HOLDER = Address(participant_key(20).address)


@pytest.fixture
def worker_env(
    database_url: str, redis_url: str, rpc_url: str, deployment_file: Path, tmp_path: Path
) -> dict[str, str]:
    return worker_environment(database_url, redis_url, rpc_url, deployment_file, tmp_path)


@pytest.fixture(autouse=True)
def _told(worker_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in worker_env.items():
        monkeypatch.setenv(name, value)


async def test_an_invite_is_printed_once_and_redeemed(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(main, ["invite", "1000"]) == 0
    code = capsys.readouterr().out.strip()
    async with transaction(bench.sender.sessions) as session:
        assert await books.redeem(session, code, HOLDER) == 1000


async def test_a_grant_is_given_once_for_its_key(bench: Bench) -> None:
    for _ in range(2):
        assert await asyncio.to_thread(main, ["grant", HOLDER, "77", "ticket-1"]) == 0
    async with transaction(bench.sender.sessions) as session:
        given = (await books.standings(session, [HOLDER]))[HOLDER].given
    assert given % 1000 == 77


async def test_says_what_of_the_day_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(main, ["status"]) == 0
    assert capsys.readouterr().out.startswith("spent=")


@pytest.mark.parametrize(
    "words", [[], ["invite"], ["invite", "0"], ["invite", "x"], ["grant", HOLDER.lower(), "1", "k"], ["give", "1"]]
)
def test_other_words_are_answered_with_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "usage:" in capsys.readouterr().err
