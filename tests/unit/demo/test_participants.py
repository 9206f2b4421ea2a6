"""A participant knows a URL and a key file: no address of a database, a broker or a node."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from demo.cast import AGENTS, ARBITERS, BUYERS, EVERYBODY, Part, Program, stories_of
from demo.lines import Reader
from demo.participants import participant_environment, start
from demo.scene import Scene
from demo.stories import STORIES
from devnet.processes import Processes

SECRETS = {
    "DATABASE_URL": "postgresql://secret-database",
    "REDIS_URL": "redis://secret-broker",
    "RPC_URLS": "http://secret-node",
    "RELAYER_KEY_FILE": "/secret-key",
}


def test_environment_is_made_from_scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    assert set(participant_environment("run")) == {"PATH", "HOME", "LANG", "PYTHONUNBUFFERED", "GUILDHALL_RUN_ID"}


@pytest.mark.parametrize("part", [AGENTS[0], ARBITERS[0], BUYERS[0]], ids=lambda part: part.role)
def test_process_holds_no_address_but_the_apis(part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read from /proc while it runs: its real environment, arguments and inherited files."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with Processes() as processes:
        player = start(processes, part, "http://127.0.0.1:1", tmp_path, "run")
        proc = Path(f"/proc/{player.service.pid}")
        wait_until_it_runs(proc, part)
        told = (proc / "environ").read_bytes() + (proc / "cmdline").read_bytes()
        inherited = open_files(proc)
    assert b"secret" not in told
    assert b"postgres" not in told
    assert b"8545" not in told
    assert not any(name.startswith("socket:") for name in inherited)


def open_files(proc: Path) -> set[str]:
    """What a process holds open; a file that it closes while we look is held no more."""
    found = set()
    for file in (proc / "fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(file.readlink()))
    return found


def wait_until_it_runs(proc: Path, part: Part) -> None:
    """Between fork and exec the process still shows its supervisor, and in the midst of exec nothing at all."""
    stop_at = time.monotonic() + 10
    while f"demo.{part.role}".encode() not in (shown := (proc / "cmdline").read_bytes()):
        assert time.monotonic() < stop_at, shown
        time.sleep(0.01)


def test_participants_import_only_the_client() -> None:
    """Neither the application nor anything that could reach a database or a node is even loaded."""
    modules = "import demo.agent, demo.buyer, demo.arbiter, sys; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", modules], capture_output=True, text=True, check=True, timeout=60)
    roots = {name.partition(".")[0] for name in done.stdout.split()}
    assert not roots & {"app", "indexer", "devnet", "audit", "web3", "psycopg", "asyncpg", "sqlalchemy", "celery"}


def test_program_has_the_people_and_tasks_it_promises() -> None:
    whole = Program()
    assert len(AGENTS) == 6
    assert len(whole.buyers) + 1 == 3
    assert len(whole.stories) + len(stories_of(*filter(None, [whole.reorg_buyer]))) >= 12
    assert set(stories_of(*EVERYBODY)) == set(STORIES)


def test_a_smaller_program_keeps_whole_stories() -> None:
    small = Program().only({"hire", "silent"})
    assert small.stories == ["hire", "silent"]
    assert small.late_stories == ["silent"]
    assert small.reorg_buyer is None


def test_reader_waits_for_a_whole_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    reader = Reader("Ada", log)
    assert reader.new_lines() == []
    log.write_text('a warning\n{"event": "registered", "agent_id": 1}\n{"event": "bi')
    assert reader.new_lines() == [{"who": "Ada", "event": "registered", "agent_id": 1}]
    with log.open("a") as file:
        file.write('d", "task": "0x1", "min_price": 5}\n')
    assert [line["event"] for line in reader.new_lines()] == ["bid"]


def test_scene_follows_a_task() -> None:
    scene = Scene()
    scene.take({"who": "Ana", "event": "posted", "story": "hire", "task": "0x1", "title": "t", "budget": 5})
    scene.take({"who": "Ana", "event": "state", "task": "0x1", "state": "released", "paid": 5, "fees": 1})
    scene.take({"who": "Ana", "event": "story failed", "story": "hire", "reason": "the work is wrong"})
    assert (scene.tasks["0x1"].state, scene.tasks["0x1"].paid) == ("released", 5)
    assert scene.first_failure() == "story hire: the work is wrong"
    assert scene.has_reached("hire")


def test_money_that_a_reorg_took_back_is_not_shown_as_held() -> None:
    scene = Scene()
    scene.take({"who": "Eve", "event": "posted", "story": "lost", "task": "0x1", "title": "t", "budget": 5})
    scene.take({"who": "Eve", "event": "state", "task": "0x1", "state": "awarded", "remaining": 5})
    scene.take({"who": "Eve", "event": "state", "task": "0x1", "state": "funding_failed", "reason": "no money"})
    assert (scene.tasks["0x1"].remaining, scene.tasks["0x1"].reason) == (0, "no money")
