"""Reviews by both parties: those that are held sealed in a table of their own, and when each task's are shown."""

from alembic import op

revision = "0330"
down_revision = "0320"
branch_labels = None
depends_on = None

# No foreign key to tasks: whoever seals holds the task's row, and the sweep would wait for it with the window in hand.
WINDOWS = """
CREATE TABLE market.review_windows (
    task_id bytea CONSTRAINT review_windows_pkey PRIMARY KEY,
    agent_id bigint NOT NULL,
    buyer bytea NOT NULL,
    opened_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT review_windows_order_check CHECK (opened_at < closes_at AND opened_at <= closed_at)
)
"""
OPEN_WINDOWS = "CREATE INDEX review_windows_open_idx ON market.review_windows (closes_at) WHERE closed_at IS NULL"
SEALED = """
CREATE TABLE market.sealed_reviews (
    task_id bytea NOT NULL CONSTRAINT sealed_reviews_task_id_fkey REFERENCES market.review_windows ON DELETE CASCADE,
    side text NOT NULL CONSTRAINT sealed_reviews_side_check CHECK (side IN ('buyer', 'agent')),
    author bytea NOT NULL,
    stars smallint NOT NULL CONSTRAINT sealed_reviews_stars_check CHECK (stars BETWEEN 1 AND 5),
    comment text NOT NULL,
    comment_digest bytea NOT NULL CONSTRAINT sealed_reviews_comment_digest_check CHECK (length(comment_digest) = 32),
    signature bytea NOT NULL,
    to_address bytea,
    calldata bytea,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT sealed_reviews_pkey PRIMARY KEY (task_id, side),
    CONSTRAINT sealed_reviews_call_check
        CHECK ((side = 'buyer') = (calldata IS NOT NULL) AND (calldata IS NULL) = (to_address IS NULL))
)
"""
# A rating may reach the registry past this service, of a task that it never saw and without its words.
PUBLISHED = (
    "ALTER TABLE market.reviews DROP CONSTRAINT reviews_task_id_fkey",
    "ALTER TABLE market.reviews ADD COLUMN side text NOT NULL DEFAULT 'buyer'"
    " CONSTRAINT reviews_side_check CHECK (side IN ('buyer', 'agent'))",
    "ALTER TABLE market.reviews ALTER COLUMN side DROP DEFAULT",
    "ALTER TABLE market.reviews DROP CONSTRAINT reviews_pkey",
    "ALTER TABLE market.reviews ADD CONSTRAINT reviews_pkey PRIMARY KEY (task_id, side)",
    "ALTER TABLE market.reviews ADD COLUMN author bytea",
    "UPDATE market.reviews SET author = client",
    "ALTER TABLE market.reviews ALTER COLUMN author SET NOT NULL",
    "ALTER TABLE market.reviews ADD COLUMN signature bytea",
    "ALTER TABLE market.reviews ALTER COLUMN comment DROP NOT NULL",
    "ALTER TABLE market.reviews ALTER COLUMN intent_id DROP NOT NULL",
    "DROP INDEX market.reviews_agent_idx",
    "CREATE INDEX reviews_agent_idx ON market.reviews (agent_id, created_at DESC, task_id DESC) WHERE side = 'buyer'",
    "CREATE INDEX reviews_client_idx ON market.reviews (client, created_at DESC, task_id DESC) WHERE side = 'agent'",
)
BACK = (
    "DELETE FROM market.reviews WHERE side = 'agent' OR intent_id IS NULL OR comment IS NULL",
    "DROP INDEX market.reviews_client_idx",
    "DROP INDEX market.reviews_agent_idx",
    "CREATE INDEX reviews_agent_idx ON market.reviews (agent_id, created_at DESC)",
    "ALTER TABLE market.reviews ALTER COLUMN intent_id SET NOT NULL",
    "ALTER TABLE market.reviews ALTER COLUMN comment SET NOT NULL",
    "ALTER TABLE market.reviews DROP COLUMN signature",
    "ALTER TABLE market.reviews DROP COLUMN author",
    "ALTER TABLE market.reviews DROP CONSTRAINT reviews_pkey",
    "ALTER TABLE market.reviews DROP COLUMN side",
    "ALTER TABLE market.reviews ADD CONSTRAINT reviews_pkey PRIMARY KEY (task_id)",
    "ALTER TABLE market.reviews ADD CONSTRAINT reviews_task_id_fkey"
    " FOREIGN KEY (task_id) REFERENCES market.tasks ON DELETE CASCADE",
    "DROP TABLE market.sealed_reviews",
    "DROP TABLE market.review_windows",
)


def upgrade() -> None:
    for statement in (WINDOWS, OPEN_WINDOWS, SEALED, *PUBLISHED):
        op.execute(statement)


def downgrade() -> None:
    for statement in BACK:
        op.execute(statement)
