"""Answers to reviews, and the reviews that stand as one view, which profiles count."""

from alembic import op

revision = "0340"
down_revision = "0330"
branch_labels = None
depends_on = None

REPLIES = """
CREATE TABLE market.review_replies (
    task_id bytea NOT NULL,
    side text NOT NULL,
    author bytea NOT NULL,
    reply text NOT NULL,
    reply_digest bytea NOT NULL CONSTRAINT review_replies_digest_check CHECK (length(reply_digest) = 32),
    signature bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT review_replies_pkey PRIMARY KEY (task_id, side),
    CONSTRAINT review_replies_review_fkey FOREIGN KEY (task_id, side) REFERENCES market.reviews ON DELETE CASCADE
)
"""
# Where the registry has a buyer's stars they are what counts; what he revoked there does not stand.
# A function's text, unlike a view, depends on no table: the mirror's are made anew and swapped (indexer.refold).
STANDING = """
CREATE FUNCTION market.reviews_that_stand()
RETURNS TABLE (task_id bytea, side text, agent_id bigint, client bytea, stars smallint)
LANGUAGE sql STABLE AS $$
SELECT review.task_id, review.side, review.agent_id, review.client,
    coalesce(rated.value::smallint, review.stars) AS stars
FROM market.reviews AS review
LEFT JOIN chain.feedback AS rated ON review.side = 'buyer' AND rated.task_id = review.task_id
    AND rated.tag1 = 'guildhall' AND rated.value_decimals = 0 AND rated.value BETWEEN 1 AND 5
WHERE rated.revoked IS NOT TRUE
$$
"""
VIEW = "CREATE VIEW market.standing_reviews AS SELECT * FROM market.reviews_that_stand()"
GRANT = "GRANT SELECT ON market.standing_reviews TO guildhall_app"


def upgrade() -> None:
    for statement in (REPLIES, STANDING, VIEW, GRANT):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP VIEW market.standing_reviews")
    op.execute("DROP FUNCTION market.reviews_that_stand()")
    op.execute("DROP TABLE market.review_replies")
