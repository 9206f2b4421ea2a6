"""Audits of finished work, and what each job said when scores were last made."""

from alembic import op

revision = "0280"
down_revision = "0270"
branch_labels = None
depends_on = None

AUDITS = """
CREATE TABLE market.audits (
    task_id bytea CONSTRAINT audits_pkey PRIMARY KEY,
    passed boolean NOT NULL,
    method text NOT NULL CONSTRAINT audits_method_check CHECK (method IN ('canary', 're-execution')),
    report bytea NOT NULL CONSTRAINT audits_report_check CHECK (length(report) = 32),
    auditor bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
JUDGED = """
CREATE TABLE market.judged_jobs (
    task_id bytea CONSTRAINT judged_jobs_pkey PRIMARY KEY,
    agent_id bigint NOT NULL,
    rater bytea NOT NULL,
    value numeric(78, 0) NOT NULL,
    rating smallint NOT NULL CONSTRAINT judged_jobs_rating_check CHECK (rating BETWEEN 0 AND 2),
    audit smallint NOT NULL CONSTRAINT judged_jobs_audit_check CHECK (audit BETWEEN 0 AND 2),
    ended_at bigint NOT NULL,
    kinds integer[] NOT NULL
)
"""
STANDINGS = """
CREATE TABLE market.judged_agents (
    agent_id bigint CONSTRAINT judged_agents_pkey PRIMARY KEY,
    score integer NOT NULL CONSTRAINT judged_agents_score_check CHECK (score BETWEEN 0 AND 1000000),
    deviation integer NOT NULL,
    standings integer[] NOT NULL,
    silence integer NOT NULL,
    jobs integer NOT NULL,
    formula text NOT NULL,
    until bigint NOT NULL
)
"""
INDEX = "CREATE INDEX judged_jobs_agent_id_idx ON market.judged_jobs (agent_id, ended_at)"


def upgrade() -> None:
    for statement in (AUDITS, JUDGED, STANDINGS, INDEX):
        op.execute(statement)


def downgrade() -> None:
    for table in ("judged_agents", "judged_jobs", "audits"):
        op.execute(f"DROP TABLE market.{table}")
