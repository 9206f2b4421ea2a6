"""Runs the revisions over psycopg, one transaction each, waiting at most five seconds for a lock."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text

LOCK_TIMEOUT = "5s"


def run() -> None:
    url = context.config.attributes["database_url"].replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        context.configure(
            connection=connection, version_table="alembic_version", transaction_per_migration=True, target_metadata=None
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
