"""Calls that were routed to agents, with what came of them."""

from alembic import op

revision = "0290"
down_revision = "0280"
branch_labels = None
depends_on = None

CALLS = """
CREATE TABLE market.calls (
    account bytea NOT NULL,
    call_id uuid NOT NULL,
    asked jsonb NOT NULL,
    state text NOT NULL CONSTRAINT calls_state_check CHECK (state IN ('running', 'answered', 'failed')),
    agent_id bigint,
    answer jsonb,
    problem text,
    attempts jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    deadline timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT calls_pkey PRIMARY KEY (account, call_id),
    CONSTRAINT calls_ended_check CHECK ((state = 'running') = (ended_at IS NULL)),
    CONSTRAINT calls_answer_check CHECK ((state = 'answered') = (agent_id IS NOT NULL))
)
"""
INDEX = "CREATE INDEX calls_created_at_idx ON market.calls (account, created_at, call_id)"


def upgrade() -> None:
    for statement in (CALLS, INDEX):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE market.calls")
