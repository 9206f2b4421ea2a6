"""The mirror announces a batch by one COPY: a call for each event would cost more than all else it does."""

from alembic import op

revision = "0100"
down_revision = "0061"
branch_labels = None
depends_on = None

# Positions stay the sequencer's: insert-only, as through market.announce.
GRANT = "GRANT INSERT (topic, subject, payload) ON market.announcements TO guildhall_indexer"


def upgrade() -> None:
    op.execute(GRANT)


def downgrade() -> None:
    op.execute("REVOKE INSERT (topic, subject, payload) ON market.announcements FROM guildhall_indexer")
