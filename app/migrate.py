"""`python -m app.migrate`: brings the database named by DATABASE_URL to the newest revision."""

import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config


def migrate(database_url: str, revision: str = "head") -> None:
    """Upgrades to `revision`. Raises what the database raises; a failed revision leaves nothing behind."""
    command.upgrade(alembic_config(database_url), revision)


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration without a file: script folder and URL."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["database_url"] = database_url
    return config


if __name__ == "__main__":
    if "DATABASE_URL" not in os.environ:
        sys.exit("DATABASE_URL is not set: name the database to migrate, as postgresql://user:password@host:port/name")
    migrate(os.environ["DATABASE_URL"])
