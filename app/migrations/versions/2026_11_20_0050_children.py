"""What a task's children took of its budget, and a way to find them."""

from alembic import op

revision = "0050"
down_revision = "0040"
branch_labels = None
depends_on = None

DELEGATED = "ALTER TABLE chain.escrows ADD COLUMN delegated numeric(78,0) NOT NULL DEFAULT 0"
PARENT_INDEX = r"""
CREATE INDEX escrows_parent_idx ON chain.escrows (parent)
WHERE parent <> '\x0000000000000000000000000000000000000000000000000000000000000000'::bytea
"""


def upgrade() -> None:
    op.execute(DELEGATED)
    op.execute(PARENT_INDEX)


def downgrade() -> None:
    op.execute("DROP INDEX chain.escrows_parent_idx")
    op.execute("ALTER TABLE chain.escrows DROP COLUMN delegated")
