"""Answers that were given to a request with an Idempotency-Key, kept for a day."""

from alembic import op

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None

ANSWERS = """
CREATE TABLE market.answers (
    account bytea NOT NULL CONSTRAINT answers_account_check CHECK (length(account) = 20),
    key text NOT NULL,
    request_digest bytea NOT NULL CONSTRAINT answers_request_digest_check CHECK (length(request_digest) = 32),
    status smallint,
    media_type text,
    body bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT answers_pkey PRIMARY KEY (account, key)
)
"""
ANSWERS_BY_AGE = "CREATE INDEX answers_created_at_idx ON market.answers (created_at)"


def upgrade() -> None:
    op.execute(ANSWERS)
    op.execute(ANSWERS_BY_AGE)


def downgrade() -> None:
    op.execute("DROP TABLE market.answers")
