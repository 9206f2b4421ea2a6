"""`scripts/audit`, as it is called."""

import asyncio
import json

import pytest

from app.trail.__main__ import main
from tests.integration.trail.world import ACCOUNT, Trail


async def audit(trail: Trail, *arguments: str, rpc_url: str = "") -> int:
    """The exit code."""
    urls = ("--rpc-urls", rpc_url) if arguments[0] == "verify" else ()
    return await asyncio.to_thread(main, ["--database-url", trail.database_url, *arguments, *urls])


async def test_verify_tells_what_it_found(trail: Trail, rpc_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    await trail.write(3)
    await trail.anchor_for_good()
    assert await audit(trail, "verify", rpc_url=rpc_url) == 0
    said = capsys.readouterr().out
    assert "links       1..3" in said
    assert "1 on the chain, 0 waiting" in said
    assert said.endswith("whole\n")


async def test_verify_fails_on_a_break(trail: Trail, rpc_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    await trail.write(3)
    trail.tamper("UPDATE market.trail_entries SET status = 200 WHERE position = 2")
    assert await audit(trail, "verify", rpc_url=rpc_url) == 1
    assert capsys.readouterr().out.endswith("broken: link 2 is not what was linked\n")


async def test_verify_cannot_tell_without_the_chain(trail: Trail, capsys: pytest.CaptureFixture[str]) -> None:
    await trail.write(1)
    await trail.anchor_for_good()
    assert await audit(trail, "verify", rpc_url="http://127.0.0.1:9") == 2
    assert capsys.readouterr().err.startswith("cannot tell: ")


async def test_export_writes_the_links_of_a_time(trail: Trail, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    await trail.write(4)
    for position, day in enumerate(("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"), 1):
        when = {"day": day, "position": position}
        trail.tamper("UPDATE market.trail_entries SET at = %(day)s::timestamptz WHERE position = %(position)s", when)
    assert await audit(trail, "export", "--from", "2026-01-02", "--to", "2026-01-04T00:00:00+00:00") == 0
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [(line["position"], line["path"]) for line in lines] == [
        (2, "/v1/tasks/1/release"),
        (3, "/v1/tasks/2/release"),
    ]


async def test_erase_takes_the_origins_of_an_account(trail: Trail, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    await trail.write(2)
    assert await audit(trail, "erase", "--account", ACCOUNT.lower()) == 0
    assert await audit(trail, "export") == 0
    told, *lines = capfdbinary.readouterr().out.splitlines()
    assert told == b"erased the origins of 2 calls"
    assert [json.loads(line)["origin"] for line in lines] == [None, None]


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify"],
        ["--database-url", "x", "erase", "--account", "0x12"],
        ["--database-url", "x", "export", "--to", "now"],
    ],
)
def test_refuses_what_it_cannot_do(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(SystemExit):
        main(arguments)
