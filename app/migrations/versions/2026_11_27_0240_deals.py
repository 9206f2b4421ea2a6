"""One row for each task that ended for good: what prices and statistics are reckoned from."""

from alembic import op

revision = "0240"
down_revision = "0230"
branch_labels = None
depends_on = None

DEALS = """
CREATE TABLE market.deals (
    task_id bytea CONSTRAINT deals_pkey PRIMARY KEY,
    capability text NOT NULL,
    content_bytes bigint NOT NULL,
    agent_id bigint,
    budget numeric(78, 0) NOT NULL,
    price numeric(78, 0),
    paid numeric(78, 0) NOT NULL,
    fees numeric(78, 0) NOT NULL,
    outcome text NOT NULL
        CONSTRAINT deals_outcome_check CHECK (outcome IN ('paid', 'abandoned', 'unawarded', 'parted')),
    funded_at bigint NOT NULL,
    awarded_at bigint,
    ended_at bigint NOT NULL
)
"""
INDEXES = (
    "CREATE INDEX deals_capability_idx ON market.deals (capability text_pattern_ops, ended_at)",
    "CREATE INDEX deals_ended_at_idx ON market.deals (ended_at)",
)


def upgrade() -> None:
    for statement in (DEALS, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE market.deals")
