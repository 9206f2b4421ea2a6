"""The mirror's tables are what the models say, and each role may do only its part."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import create_engine, inspect

from app.agents import mirror_models as agents
from app.chain import models as chain
from app.channels import mirror_models as channels
from app.database import Base
from app.escrow import models as escrow
from app.reputation import mirror_models as reputation

MIRRORED = (
    *(chain.Cursor, chain.Block, chain.Log, chain.QuarantinedLog),
    *(escrow.EscrowEvent, escrow.Escrow, escrow.Owed),
    *(agents.ChainAgent, agents.AgentEvent),
    *(reputation.Feedback, reputation.FeedbackEvent),
    *(channels.Channel, channels.ChannelEvent),
)


@pytest.mark.parametrize("model", MIRRORED)
def test_model_has_the_columns_of_its_table(database_url: str, model: type[Base]) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    found = inspect(engine).get_columns(model.__table__.name, schema="chain")  # type: ignore[attr-defined]  # Table
    engine.dispose()
    assert {(column["name"], column["nullable"]) for column in found} == {
        (column.name, bool(column.nullable)) for column in model.__table__.columns
    }


@pytest.fixture
def as_app(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, options="-c role=guildhall_app") as connection:
        yield connection


def test_app_reads_the_mirror(as_app: psycopg.Connection) -> None:
    assert as_app.execute("SELECT count(*) FROM chain.escrows").fetchone() == (0,)


def test_app_may_not_write_the_mirror(as_app: psycopg.Connection) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        as_app.execute("DELETE FROM chain.escrows")


def test_indexer_may_not_read_the_market(database_url: str) -> None:
    with (
        psycopg.connect(database_url, options="-c role=guildhall_indexer") as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT 1 FROM market.reaction_cursors")
