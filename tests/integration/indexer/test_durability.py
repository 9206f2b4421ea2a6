"""The machine fails beneath the mirror: no loss, nothing twice, and words that say what is wrong."""

import os
import select
import socket
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from devnet.postgres import give_to_nobody
from devnet.processes import Service
from tests.conftest import Postgres
from tests.integration.indexer.simulator.proxy import Faults, proxy
from tests.integration.indexer.world import Mirror, World, audited, wait_until

Start = Callable[[Service], Service]
SMALL_MEBIBYTES, LEFT_BYTES = 96, 32 * 1024
MANY_TASKS = 200


def same_as_anew(world: World, mirror: Mirror, start: Start, empty: str) -> None:
    """What is mirrored is what another process mirrors from zero, and each event was announced once."""
    fresh = mirror.on(empty)
    start(fresh.indexer("fresh"))
    fresh.catch_up(world.chain)
    assert mirror.dump() == fresh.dump()
    assert audited(world, mirror) == []
    told = "SELECT count(*), count(DISTINCT (payload->>'block', payload->>'log_index')) FROM market.announcements"
    ((count, different),) = mirror.rows(f"{told} WHERE payload->>'log_index' IS NOT NULL")
    assert count == different == mirror.rows("SELECT count(*) FROM chain.logs")[0][0]


class Cutter(socketserver.ThreadingTCPServer):
    """Passes bytes between clients and PostgreSQL, until a client says COMMIT and `act` says what happens then."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Passer)
        self.port = port
        self.cut: str | None = None
        self.kill: Callable[[], None] = lambda: None
        self.cuts = 0


class Passer(socketserver.BaseRequestHandler):
    server: Cutter
    request: socket.socket

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.port)) as behind, suppress(ConnectionError):
            while True:
                ready, _, _ = select.select([self.request, behind], [], [], 30)
                for one in ready:
                    data = one.recv(65_536)
                    if not data:
                        return
                    if one is self.request and b"COMMIT" in data and self.server.cut:
                        self.commit(data, behind)
                        return
                    (behind if one is self.request else self.request).sendall(data)

    def commit(self, data: bytes, behind: socket.socket) -> None:
        """The word of the client is the last one here: it never hears whether it was done."""
        cut, self.server.cut = self.server.cut, None
        if cut != "before":
            behind.sendall(data)
        if cut == "killed":
            self.server.kill()
        if cut == "after":
            behind.recv(65_536)
        self.server.cuts += 1


@pytest.fixture
def cutter(postgres: Postgres) -> Iterator[Cutter]:
    with Cutter(postgres.port) as server:
        server.kill = postgres.service.kill
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("cut", ["before", "killed", "after"])
def test_a_commit_of_which_nothing_is_heard(
    world: World, mirror: Mirror, start: Start, postgres: Postgres, migrated_template: str, cutter: Cutter, cut: str
) -> None:
    """Before the server had it, while the server dies of it, and after it was done."""
    through = mirror.database_url.replace(f":{postgres.port}/", f":{cutter.server_address[1]}/")
    assert through != mirror.database_url
    indexer = start(mirror.on(through).indexer())
    mirror.catch_up(world.chain)
    for n in range(1, 4):
        cutter.cut = cut
        world.fund(world.terms())
        wait_until(lambda: cutter.cuts == n, "a commit was cut off")  # noqa: B023 - called at once
        if cut == "killed":
            postgres.service.start()
        mirror.catch_up(world.chain)
    assert indexer.running()
    same_as_anew(world, mirror, start, postgres.create_database(migrated_template))


@pytest.fixture
def small_folder(tmp_path: Path, postgres: Postgres) -> Iterator[Path]:
    """A file system of its own, of a few dozen megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_MEBIBYTES}m,mode=0700", "guildhall-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a folder of limited size, and not everywhere")
    if postgres.cluster.identity == "nobody":
        for parent in (*reversed(folder.parents), folder):
            if parent.is_relative_to(tmp_path.parents[2]):
                parent.chmod(parent.stat().st_mode | 0o011)
        give_to_nobody(folder)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def cramped(mirror: Mirror, postgres: Postgres, migrated_template: str, small_folder: Path) -> Iterator[Mirror]:
    """A mirror whose tables lie in the small folder."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{small_folder}'".encode())
        connection.execute(f'CREATE DATABASE cramped TEMPLATE "{migrated_template}" TABLESPACE small'.encode())
    yield mirror.on(postgres.url("cramped"))
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE cramped WITH (FORCE)")
        connection.execute("DROP TABLESPACE small")


def fill(ballast: Path) -> None:
    """Leaves next to nothing free beside the file."""
    free = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - LEFT_BYTES)


def test_a_full_disk(
    world: World, cramped: Mirror, start: Start, postgres: Postgres, migrated_template: str, small_folder: Path
) -> None:
    world.fund(world.terms())
    indexer = start(cramped.indexer())
    cramped.catch_up(world.chain)
    fill(small_folder / "ballast")
    log = indexer.command.log
    assert log is not None
    for _ in range(MANY_TASKS):
        world.fund(world.terms())
        if "DiskFull" in log.read_text():
            break
    wait_until(lambda: "DiskFull" in log.read_text(), "the full disk is named")
    assert "No space left on device" in log.read_text()
    assert indexer.running()
    assert not cramped.caught_up(world.chain)
    assert audited(world, cramped) == []
    (small_folder / "ballast").unlink()
    cramped.catch_up(world.chain)
    same_as_anew(world, cramped, start, postgres.create_database(migrated_template))
    indexer.stop()


def test_a_slow_network(world: World, mirror: Mirror, start: Start, postgres: Postgres, migrated_template: str) -> None:
    faults = Faults(always="slow")
    with proxy(mirror.rpc_url, faults) as slow:
        indexer = start(mirror.on(mirror.database_url).indexer(RPC_URLS=slow, RPC_TIMEOUT_SECONDS="1"))
        for _ in range(3):
            world.fund(world.terms())
            world.reorg(1)
        world.fund(world.terms())
        mirror.catch_up(world.chain)
        assert faults.counts["slow"] > 5
        same_as_anew(world, mirror, start, postgres.create_database(migrated_template))
        indexer.stop()
