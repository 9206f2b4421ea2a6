"""Calls for agents that ask for them instead of being asked."""

from alembic import op

revision = "0296"
down_revision = "0295"
branch_labels = None
depends_on = None

CALLS = """
CREATE TABLE market.pulled_calls (
    id uuid NOT NULL CONSTRAINT pulled_calls_pkey PRIMARY KEY,
    agent_id bigint NOT NULL,
    call_id text NOT NULL,
    input bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    taken_at timestamptz,
    ended_at timestamptz,
    answer jsonb,
    failure text
)
"""
WAITING = "CREATE INDEX pulled_calls_waiting_idx ON market.pulled_calls (agent_id, created_at) WHERE taken_at IS NULL"
OLD = "CREATE INDEX pulled_calls_expires_at_idx ON market.pulled_calls (expires_at)"
AGENTS = """
CREATE TABLE market.pulling_agents (
    agent_id bigint NOT NULL CONSTRAINT pulling_agents_pkey PRIMARY KEY,
    seen_at timestamptz NOT NULL
)
"""


def upgrade() -> None:
    for statement in (CALLS, WAITING, OLD, AGENTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE market.pulled_calls")
    op.execute("DROP TABLE market.pulling_agents")
