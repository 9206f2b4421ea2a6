"""What has no position yet costs little to store.

Readers only ask for positions, so indexes hold what has one; nobody asks for what is inside a payload, so it is kept as
the text that it came as. Together this halves what a backfilled event costs the database.
"""

from alembic import op

revision = "0120"
down_revision = "0110"
branch_labels = None
depends_on = None

CHANGES = (
    "ALTER TABLE market.announcements ALTER COLUMN payload TYPE json",
    "ALTER TABLE market.announcements DROP CONSTRAINT announcements_position_key",
    "CREATE UNIQUE INDEX announcements_position_key ON market.announcements (position) WHERE position IS NOT NULL",
    "DROP INDEX market.announcements_subject_idx",
    "CREATE INDEX announcements_subject_idx ON market.announcements (subject, position) WHERE position IS NOT NULL",
)
BACK = (
    "DROP INDEX market.announcements_subject_idx",
    "CREATE INDEX announcements_subject_idx ON market.announcements (subject, position)",
    "DROP INDEX market.announcements_position_key",
    "ALTER TABLE market.announcements ADD CONSTRAINT announcements_position_key UNIQUE (position)",
    "ALTER TABLE market.announcements ALTER COLUMN payload TYPE jsonb",
)


def upgrade() -> None:
    for statement in CHANGES:
        op.execute(statement)


def downgrade() -> None:
    for statement in BACK:
        op.execute(statement)
